"""The seams: every place where a worker can die between two facts, and what it leaves behind there."""

from dataclasses import dataclass
from typing import Literal

from tests.chaos.crashes.blocks import AtCommit, Block, InCall, InModel
from tests.chaos.crashes.phases import ANSWER, APOLOGY, GREETING, LINK, LOST, WON, Phase


@dataclass(frozen=True)
class Left:
    """What is there when the worker dies, and what may be done over.

    `queued`: the phase's message is stored; `told`: Telegram has it; `heard`: the state of the person's
    words, None = not stored; `asked`: most answers the model may give, 1 = never asked again; `sends`:
    calls of sendMessage in the end, all under one random_id.
    """

    status: str
    heard: Literal["received", "handled"] | None = None
    queued: bool = False
    told: bool = False
    asked: int = 1
    sends: int = 1


@dataclass(frozen=True)
class Seam:
    """Where the worker dies, in which phase of which journey."""

    name: str
    journey: tuple[Phase, ...]
    phase: Phase
    block: Block
    left: Left
    by_phone: bool = False


SENDING = InCall("messages.SendMessage")
SENT = InCall("messages.SendMessage", "delay_after")
READING = InCall("messages.ReadHistory")
TYPING = InCall("messages.SetTyping")
FINDING = InCall("contacts.ResolveUsername")
IMPORTED = InCall("contacts.ImportContacts", "delay_after")
THINKING = InModel()
CLAIMED = (
    "SELECT 1 FROM leads, telegram_accounts WHERE leads.id = :lead AND leased_by IS NOT NULL"
    " AND (next_lookup_at IS NULL OR next_lookup_at < leads.created_at)"
)
NOT_PACED = "SELECT 1 FROM messages WHERE lead_id = :lead AND state = 'queued' AND released_at IS NULL"


def _greeting(name: str, block: Block, left: Left, *, by_phone: bool = False) -> Seam:
    return Seam(f"greeting: {name}", WON, GREETING, block, left, by_phone)


def _reply(journey: tuple[Phase, ...], phase: Phase, name: str, block: Block, left: Left) -> Seam:
    return Seam(f"{phase.kind}: {name}", journey, phase, block, left)


GREETING_SEAMS = (
    _greeting("claimed, nothing called", AtCommit(None, "telegram_accounts", CLAIMED), Left("pending")),
    _greeting("looking up by username", FINDING, Left("pending")),
    _greeting("looking up by phone", IMPORTED, Left("pending"), by_phone=True),
    _greeting("found, not committed", AtCommit(FINDING, "lead_events"), Left("pending")),
    _greeting("being written", THINKING, Left("resolved", asked=2)),
    _greeting("written, not committed", AtCommit(THINKING, "messages"), Left("resolved", asked=2)),
    _greeting(
        "committed, no slot yet",
        AtCommit(THINKING, "telegram_accounts", NOT_PACED),
        Left("resolved", queued=True),
    ),
    _greeting("slot taken, not sent", READING, Left("resolved", queued=True)),
    _greeting("on its way", SENDING, Left("resolved", queued=True, sends=2)),
    _greeting("there, not confirmed", SENT, Left("resolved", queued=True, told=True, sends=2)),
    _greeting(
        "confirmed, not recorded", AtCommit(SENT, "leads"), Left("resolved", queued=True, told=True, sends=2)
    ),
)


def _reply_seams(journey: tuple[Phase, ...], phase: Phase, before: str, recording: AtCommit) -> list[Seam]:
    """From a person's words to the record of our answer; the lead is as `before` throughout."""
    queued = Left(before, "handled", queued=True)
    told = Left(before, "handled", queued=True, told=True, sends=2)
    thinking = Left(before, "received", asked=2)
    return [
        _reply(journey, phase, "words there, not stored", AtCommit(None, "leads"), Left(before)),
        _reply(journey, phase, "words stored, no verdict", THINKING, thinking),
        _reply(journey, phase, "verdict, not committed", AtCommit(THINKING, "messages"), thinking),
        _reply(journey, phase, "committed, not sent", TYPING, queued),
        _reply(journey, phase, "on its way", SENDING, Left(before, "handled", queued=True, sends=2)),
        _reply(journey, phase, "there, not confirmed", SENT, told),
        _reply(journey, phase, "confirmed, not recorded", recording, told),
    ]


ANSWER_SEAMS = _reply_seams(WON, ANSWER, "contacted", AtCommit(SENT, "leads"))
APOLOGY_SEAMS = _reply_seams(LOST, APOLOGY, "contacted", AtCommit(SENT, "messages"))
LINK_SEAMS = _reply_seams(WON, LINK, "engaged", AtCommit(SENT, "lead_events"))

SEAMS = (*GREETING_SEAMS, *ANSWER_SEAMS, *APOLOGY_SEAMS[-2:], *LINK_SEAMS[2:])
# An answer, an apology and a link go the same way: all of it is tried with the answer, and with the others
# what differs, the status that is recorded. The crowds are at every seam.
SINGLES = (*GREETING_SEAMS, *ANSWER_SEAMS, APOLOGY_SEAMS[-1], LINK_SEAMS[-1])
