"""Pure: what the page counts: forms, greeted people, what waits, what was said twice, what is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from sandbox.demo_page.visitors import Record
from sandbox.fake_telegram.state.mailbox import Chat, Message

# With everything running, what is not done after this time is lost.
GRACE_SECONDS: Final = 60.0
# In these the product has decided not to write, and says why.
_NOT_WRITTEN_TO: Final = frozenset({"unreachable", "failed", "handed_off", "rejected"})
_PENDING: Final = frozenset({"pending", "resolved"})


@dataclass(frozen=True)
class Counts:
    """The figures of one visitor, or of all."""

    forms: int = 0
    greeted: int = 0
    refused: int = 0
    waiting: int = 0
    twice: int = 0
    lost: int = 0

    def __add__(self, other: Self) -> "Counts":
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def count(
    chats: Sequence[Chat], record: Record, forms: int, refused: int, lead_ids: Iterable[int], quiet_for: float
) -> Counts:
    """Count for one visitor.

    `quiet_for`: seconds since the visitor last did something, or since the last trouble; 0 during one.
    """
    if record.gone:
        # An operator has erased the person: there is nothing to compare with.
        return Counts(forms, refused=refused)
    known = [record.leads[lead_id] for lead_id in lead_ids if lead_id in record.leads]
    unknown = len(set(lead_ids)) - len(known)
    late = unknown + _unwritten(known) + _unheard(record, known)
    is_lost = quiet_for > GRACE_SECONDS
    return Counts(
        forms,
        greeted=int(any(_sent(chat) for chat in chats)),
        refused=refused,
        waiting=0 if is_lost else late,
        twice=_said_twice(chats, record, known, is_complete=not unknown),
        lost=late if is_lost else 0,
    )


def _unwritten(leads: Sequence[dict[str, Any]]) -> int:
    """Count the leads that are still to be written to."""
    if any(lead["status"] not in _PENDING | _NOT_WRITTEN_TO for lead in leads):
        # A second request of a person joins the conversation that has begun.
        return 0
    return sum(lead["status"] in _PENDING and lead["duplicate_of"] is None for lead in leads)


def _unheard(record: Record, leads: Sequence[dict[str, Any]]) -> int:
    """Count the person's messages that the product has not stored, or not dealt with."""
    heard = [one for one in _messages(leads) if one["direction"] == "in" and one["kind"] == "reply"]
    is_with_human = any(lead["status"] == "handed_off" for lead in leads)
    unanswered = 0 if is_with_human else sum(one["state"] == "received" for one in heard)
    return max(0, record.written_before - len(heard)) + unanswered


def _said_twice(
    chats: Sequence[Chat], record: Record, leads: Sequence[dict[str, Any]], *, is_complete: bool
) -> int:
    """Count messages that Telegram has and the product does not know, second greetings, and repetitions."""
    ours = [one for one in _messages(leads) if one["direction"] == "out"]
    unknown = max(0, record.sent_before - len(ours)) if is_complete else 0
    return unknown + _greeted_again(leads) + sum(_repeated(chat.messages) for chat in chats)


def _greeted_again(leads: Sequence[dict[str, Any]]) -> int:
    """Count the greetings that followed another one before the person had written."""
    was_greeted = False
    again = 0
    for message in sorted(_messages(leads), key=lambda one: int(one["id"])):
        if message["direction"] == "in":
            was_greeted = False
        elif message["kind"] == "greeting" and message["state"] == "sent":
            again += was_greeted
            was_greeted = True
    return again


def _repeated(messages: Sequence[Message]) -> int:
    """Count the texts that were sent again before the person has written."""
    said: set[str] = set()
    repeated = 0
    for message in messages:
        if not message.out:
            said.clear()
        elif message.random_id is not None:
            repeated += message.text in said
            said.add(message.text)
    return repeated


def sent_count(chats: Iterable[Chat]) -> int:
    """Return how many messages of the worker Telegram has."""
    return sum(len(_sent(chat)) for chat in chats)


def written_count(chats: Iterable[Chat]) -> int:
    """Return how many messages of the person Telegram has."""
    return sum(not message.out for chat in chats for message in chat.messages)


def _sent(chat: Chat) -> list[Message]:
    return [message for message in chat.messages if message.out and message.random_id is not None]


def _messages(leads: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for lead in leads for message in lead["messages"]]
