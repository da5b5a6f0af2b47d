"""The visitors of the demo's website: people of the fake Telegram, and what they have sent."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.fake_telegram.state.mailbox import Chat
from sandbox.fake_telegram.state.people import Account, Person, PersonFields
from sandbox.fake_telegram.state.world import World
from sandbox.moved_clock import unix_time

# The oldest visitors are forgotten: the page counts only so many.
KEPT = 200
_FIRST_ID = 6_200_000_000
_NAMES = {
    "ru": (
        ("Анна", "Смирнова"),
        ("Игорь", "Лебедев"),
        ("Мария", "Котова"),
        ("Павел", "Зимин"),
        ("Ольга", "Белова"),
    ),
    "en": (("Kate", "Miller"), ("John", "Harris"), ("Emma", "Stone"), ("Paul", "Reed"), ("Alice", "Brown")),
}


@dataclass
class Form:
    """One submission of a form; `lead` is None if the api refused it."""

    kind: str
    at: float
    request: str
    status: int
    lead: int | None = None
    answer: str = ""


@dataclass
class Record:
    """What the product has stored of a visitor, and what Telegram had just before it was asked.

    A message is stored before it is sent. So the product must know every message that Telegram has.
    """

    leads: dict[int, dict[str, Any]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    sent_before: int = 0
    written_before: int = 0


@dataclass
class Visitor:
    """A person who uses the website; `person_id` is theirs in the fake Telegram."""

    person_id: int
    forms: list[Form] = field(default_factory=list)
    record: Record = field(default_factory=Record)
    last_words_at: float = 0.0

    @property
    def lead_ids(self) -> list[int]:
        """The visitor's leads, oldest first, each once."""
        return list(dict.fromkeys(form.lead for form in self.forms if form.lead is not None))


class Visitors:
    """Creates visitors and finds them; they end with the process, as the people of the sandbox do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[int, Visitor] = {}
        self._turn = 0

    def __iter__(self) -> Iterator[Visitor]:
        return iter(list(self._known.values()))

    def get(self, person_id: int) -> Visitor | None:
        """Return a visitor, or None."""
        return self._known.get(person_id)

    def add(self, language: str) -> Visitor:
        """Add a person with a phone number and a username of their own, and make them a visitor."""
        names = _NAMES[language]
        name, last_name = names[self._turn % len(names)]
        self._turn += 1
        person = self._add_person(name, last_name)
        visitor = self._known[person.id] = Visitor(person.id)
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return visitor

    def person(self, visitor: Visitor) -> Person:
        """Return the visitor as a person of the fake Telegram."""
        return self._world.people[visitor.person_id]

    def chats(self, visitor: Visitor) -> list[tuple[Account, Chat]]:
        """Return the visitor's chats that have messages, with our account of each."""
        return [
            (self._world.accounts[account_id], mailbox.chats[visitor.person_id])
            for account_id, mailbox in self._world.mailboxes.items()
            if visitor.person_id in mailbox.chats and mailbox.chats[visitor.person_id].messages
        ]

    def _add_person(self, name: str, last_name: str) -> Person:
        while True:
            # Random, because the database may know the people of an earlier start.
            number = secrets.randbelow(10**7)
            fields = PersonFields(
                name=name, last_name=last_name, username=f"visitor_{number:07d}", phone=f"7916{number:07d}"
            )
            try:
                return self._world.people.add(fields, _FIRST_ID + number)
            except ValueError:
                continue


def now() -> float:
    """Return the time in Unix seconds."""
    return unix_time()
