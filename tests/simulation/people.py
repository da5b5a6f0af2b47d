"""The leads of a month: visitors in bursts, lists that are imported, and what each person is like."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.fake_telegram.state.people import PersonFields, Privacy

# What of the leads comes from lists, and how many lists there are.
LISTED_SHARE = 0.4
LISTS = 2
# How often a person answers the first message.
ANSWERS = 0.3


@dataclass(frozen=True)
class Arrival:
    """Somebody's form, and who they are in Telegram; nobody has `person` None."""

    at: datetime
    source: str
    username: str | None
    phone: str | None
    person: PersonFields | None
    answers: bool


def arrivals(chance: random.Random, start: datetime, days: int, leads: int) -> Sequence[Arrival]:
    """Everybody who comes, the first first: bursts of visitors at all hours, and a few lists."""
    listed = int(leads * LISTED_SHARE)
    found: list[Arrival] = []
    numbers = itertools.count()
    for number in range(LISTS):
        at = start + timedelta(days=days * (0.1 + 0.4 * number), hours=10)
        found += [_somebody(chance, at, "import", next(numbers)) for _ in range(listed // LISTS)]
    while len(found) < leads:
        # A campaign's burst: most come within half an hour.
        at = start + timedelta(days=chance.uniform(0, days * 0.9))
        for _ in range(min(chance.choice((1, 1, 2, 4, 9, 20)), leads - len(found))):
            later = timedelta(minutes=chance.expovariate(1 / 10))
            found.append(_somebody(chance, at + later, "tilda", next(numbers)))
    return sorted(found, key=lambda one: one.at)


def _somebody(chance: random.Random, at: datetime, source: str, number: int) -> Arrival:
    username, phone = f"month_{number}_x", f"7916{number:07d}"
    given = chance.choices(("username", "phone", "both"), (55, 25, 20))[0]
    kind = chance.choices(
        ("open", "nobody", "hidden", "import_only", "premium", "blocked"), (84, 4, 4, 3, 3, 2)
    )[0]
    privacy = Privacy(
        phone_hidden=kind == "hidden",
        import_only=kind == "import_only",
        premium_only=kind == "premium",
        strangers_blocked=kind == "blocked",
    )
    person = PersonFields(name="Анна", username=username, phone=phone, privacy=privacy)
    return Arrival(
        at,
        source,
        username if given != "phone" else None,
        f"+{phone}" if given != "username" else None,
        None if kind == "nobody" else person,
        chance.random() < ANSWERS,
    )
