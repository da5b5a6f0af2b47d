"""The leads of a month: visitors in bursts, imported lists, and each person's Telegram account."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.fake_telegram.state.people import PersonFields, Privacy

# The share of leads from imported lists, and the number of lists.
LISTED_SHARE = 0.4
LISTS = 2
# The share of people who answer the first message.
ANSWERING_SHARE = 0.3


@dataclass(frozen=True)
class SimulatedLead:
    """A submitted form and the person behind it; `person` is None if they are not in Telegram."""

    at: datetime
    source: str
    username: str | None
    phone: str | None
    person: PersonFields | None
    answers: bool


def generate_leads(chance: random.Random, start: datetime, days: int, leads: int) -> Sequence[SimulatedLead]:
    """Generate the leads in order of arrival: bursts of visitors at all hours, and a few lists."""
    listed = int(leads * LISTED_SHARE)
    found: list[SimulatedLead] = []
    numbers = itertools.count()
    for number in range(LISTS):
        at = start + timedelta(days=days * (0.1 + 0.4 * number), hours=10)
        found += [_random_lead(chance, at, "import", next(numbers)) for _ in range(listed // LISTS)]
    while len(found) < leads:
        # A burst after an advertisement: most come within half an hour.
        at = start + timedelta(days=chance.uniform(0, days * 0.9))
        for _ in range(min(chance.choice((1, 1, 2, 4, 9, 20)), leads - len(found))):
            later = timedelta(minutes=chance.expovariate(1 / 10))
            found.append(_random_lead(chance, at + later, "tilda", next(numbers)))
    return sorted(found, key=lambda one: one.at)


def _random_lead(chance: random.Random, at: datetime, source: str, number: int) -> SimulatedLead:
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
    return SimulatedLead(
        at,
        source,
        username if given != "phone" else None,
        f"+{phone}" if given != "username" else None,
        None if kind == "nobody" else person,
        chance.random() < ANSWERING_SHARE,
    )
