"""The crash points: every place where a worker can die between two facts, and the state it leaves there."""

from dataclasses import dataclass
from typing import Literal

from tests.chaos.crashes.blocks import AtCommit, Block, InCall, InModel
from tests.chaos.crashes.phases import ANSWER, APOLOGY, GREETING, LINK, LOST, WON, Phase


@dataclass(frozen=True)
class ExpectedState:
    """The state when the worker dies, and what may be repeated afterwards.

    `queued`: the phase's message is stored. `delivered`: Telegram has it. `inbound`: the state of the
    prospect's message, None if it is not stored. `max_answers`: how many answers the model may give; 1 means
    that it is not called again. `sends`: calls of sendMessage in the end, all under one random_id.
    """

    status: str
    inbound: Literal["received", "handled"] | None = None
    queued: bool = False
    delivered: bool = False
    max_answers: int = 1
    sends: int = 1


@dataclass(frozen=True)
class CrashPoint:
    """Where the worker dies: at which block, in which phase of which journey."""

    name: str
    journey: tuple[Phase, ...]
    phase: Phase
    block: Block
    expected: ExpectedState
    by_phone: bool = False


SENDING = InCall("messages.SendMessage")
SENT = InCall("messages.SendMessage", "delay_after")
TYPING = InCall("messages.SetTyping")
FINDING = InCall("contacts.ResolveUsername")
IMPORTED = InCall("contacts.ImportContacts", "delay_after")
THINKING = InModel()
CLAIMED = (
    "SELECT 1 FROM leads, telegram_accounts WHERE leads.id = :lead AND leased_by IS NOT NULL"
    " AND (next_lookup_at IS NULL OR next_lookup_at < leads.created_at)"
)
NOT_PACED = "SELECT 1 FROM messages WHERE lead_id = :lead AND state = 'queued' AND released_at IS NULL"


def _greeting(name: str, block: Block, expected: ExpectedState, *, by_phone: bool = False) -> CrashPoint:
    return CrashPoint(f"greeting: {name}", WON, GREETING, block, expected, by_phone)


def _reply(
    journey: tuple[Phase, ...], phase: Phase, name: str, block: Block, expected: ExpectedState
) -> CrashPoint:
    return CrashPoint(f"{phase.kind}: {name}", journey, phase, block, expected)


GREETING_POINTS = (
    _greeting(
        "claimed, nothing called", AtCommit(None, "telegram_accounts", CLAIMED), ExpectedState("pending")
    ),
    _greeting("looking up by username", FINDING, ExpectedState("pending")),
    _greeting("looking up by phone", IMPORTED, ExpectedState("pending"), by_phone=True),
    _greeting("found, not committed", AtCommit(FINDING, "lead_events"), ExpectedState("pending")),
    _greeting("being written", THINKING, ExpectedState("resolved", max_answers=2)),
    _greeting(
        "written, not committed", AtCommit(THINKING, "messages"), ExpectedState("resolved", max_answers=2)
    ),
    _greeting(
        "committed, no slot yet",
        AtCommit(THINKING, "telegram_accounts", NOT_PACED),
        ExpectedState("resolved", queued=True),
    ),
    _greeting("slot taken, not sent", TYPING, ExpectedState("resolved", queued=True)),
    _greeting("on its way", SENDING, ExpectedState("resolved", queued=True, sends=2)),
    _greeting("there, not confirmed", SENT, ExpectedState("resolved", queued=True, delivered=True, sends=2)),
    _greeting(
        "confirmed, not recorded",
        AtCommit(SENT, "leads"),
        ExpectedState("resolved", queued=True, delivered=True, sends=2),
    ),
)


def _reply_points(
    journey: tuple[Phase, ...], phase: Phase, before: str, recording: AtCommit
) -> list[CrashPoint]:
    """From a prospect's message to the record of the answer; the lead has the status `before` throughout."""
    queued = ExpectedState(before, "handled", queued=True)
    delivered = ExpectedState(before, "handled", queued=True, delivered=True, sends=2)
    thinking = ExpectedState(before, "received", max_answers=2)
    return [
        _reply(journey, phase, "words there, not stored", AtCommit(None, "leads"), ExpectedState(before)),
        _reply(journey, phase, "words stored, no verdict", THINKING, thinking),
        _reply(journey, phase, "verdict, not committed", AtCommit(THINKING, "messages"), thinking),
        _reply(journey, phase, "committed, not sent", TYPING, queued),
        _reply(journey, phase, "on its way", SENDING, ExpectedState(before, "handled", queued=True, sends=2)),
        _reply(journey, phase, "there, not confirmed", SENT, delivered),
        _reply(journey, phase, "confirmed, not recorded", recording, delivered),
    ]


ANSWER_POINTS = _reply_points(WON, ANSWER, "contacted", AtCommit(SENT, "leads"))
APOLOGY_POINTS = _reply_points(LOST, APOLOGY, "contacted", AtCommit(SENT, "messages"))
LINK_POINTS = _reply_points(WON, LINK, "engaged", AtCommit(SENT, "lead_events"))

CRASH_POINTS = (*GREETING_POINTS, *ANSWER_POINTS, *APOLOGY_POINTS[-2:], *LINK_POINTS[2:])
# An answer, an apology and a link take the same path. Every point is tested with the answer; the others only
# at the record, which sets a different status. The tests of many leads use every point.
SINGLE_LEAD_POINTS = (*GREETING_POINTS, *ANSWER_POINTS, APOLOGY_POINTS[-1], LINK_POINTS[-1])
