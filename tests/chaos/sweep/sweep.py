"""Runs rounds of the sweep, and makes its table."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.fake_telegram.server import Telegram
from tests.chaos.sweep.failures import Failure, sample
from tests.chaos.sweep.leads import EVERY_LEAD
from tests.chaos.sweep.rig import START, Rig, rig
from tests.chaos.sweep.round import Result, Round
from tests.chaos.sweep.session_round import SessionRound

# The methods that the worker calls for leads and their messages: the leads for which it calls them, and a
# lead for which it does not.
LEADS_OF: dict[str, tuple[tuple[str, ...], str | None]] = {
    "contacts.ResolveUsername": (("username",), "reply"),
    "contacts.ResolvePhone": (("phone",), "reply"),
    "contacts.ImportContacts": (("phone",), "reply"),
    "contacts.DeleteContacts": (("phone",), "reply"),
    "users.GetUsers": (("known",), "reply"),
    "users.GetRequirementsToContact": (("username",), "reply"),
    "messages.SendMessage": (("username", "reply"), None),
    "messages.ReadHistory": (("reply",), "username"),
    "messages.SetTyping": (("reply",), "username"),
    "messages.GetDialogs": (("reply",), "username"),
    "messages.GetHistory": (("reply",), "username"),
    "messages.GetMessages": (("voice",), "username"),
    "messages.GetUnreadReactions": (("reaction",), "username"),
    "messages.ReadReactions": (("reaction",), "username"),
    "upload.GetFile": (("voice",), "username"),
}
LEAD_METHODS = tuple(LEADS_OF)
# Those of a start, and of the recovery of missed updates.
SESSION_METHODS = ("help.GetConfig", "users.GetFullUser", "updates.GetState", "updates.GetDifference")
# Sessions that run their rounds at the same time.
AT_ONCE = 20
# How long a call may take. Answers that never come are waited for in real time.
CALL_SECONDS, LOST_CALL_SECONDS = 10.0, 0.25

Case = tuple[str, Failure]


@dataclass
class Row:
    """One line of the table: all rounds of one method."""

    method: str
    rounds: int = 0
    most_calls: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count a round."""
        self.rounds += 1
        self.most_calls = max(self.most_calls, result.most_a_minute)
        self.broken += [f"{result.method} × {result.failure}: {what}" for what in result.broken]

    def join(self, other: "Row") -> None:
        """Count the rounds of another row."""
        self.rounds += other.rounds
        self.most_calls = max(self.most_calls, other.most_calls)
        self.seconds += other.seconds
        self.broken += other.broken


async def sweep_leads(
    folder: Path,
    database_url: str,
    cases: Iterable[Case],
    report: Callable[[str], None],
    *,
    every_lead: bool = True,
) -> list[Row]:
    """Run a round of a lead method for each case.

    `every_lead`: the first error of each class is tried with every lead and the owner's notices, and only the
    others with the leads of the method.
    """
    rows: dict[str, Row] = {}
    start = START
    by_wait = sorted(cases, key=lambda case: case[1].loses_answers)
    for loses_answers, some in itertools.groupby(by_wait, key=lambda case: case[1].loses_answers):
        call_seconds = LOST_CALL_SECONDS if loses_answers else CALL_SECONDS
        # The session file belongs to one server.
        sessions = folder / f"sessions-{call_seconds:g}"
        sessions.mkdir()
        async with rig(sessions, database_url, call_seconds, start=start) as running:
            for method, failure in some:
                began, row = time.monotonic(), rows.setdefault(method, Row(method))
                one = _round(running, method, failure, every_lead=every_lead)
                _add(row, await one.run(), report)
                row.seconds += time.monotonic() - began
            # The database knows what has happened: time does not run back.
            start = running.time()
    return [*rows.values()]


def _round(running: Rig, method: str, failure: Failure, *, every_lead: bool) -> Round:
    concerned, witness = LEADS_OF[method]
    if every_lead and failure.action == "error" and failure in sample(method):
        return Round(running, method, failure, EVERY_LEAD, witness=witness, with_notices=True)
    leads = concerned if witness is None else (*concerned, witness)
    return Round(running, method, failure, leads, witness=witness)


async def sweep_sessions(folder: Path, cases: Sequence[Case], report: Callable[[str], None]) -> list[Row]:
    """Run a round of a session method for each case, many at once."""
    rows: dict[str, Row] = {}
    numbers = itertools.count()
    server = Telegram()
    await server.up()
    try:
        for start in range(0, len(cases), AT_ONCE):
            began, some = time.monotonic(), cases[start : start + AT_ONCE]
            rounds = [SessionRound(server, folder, next(numbers), *case) for case in some]
            for result in await asyncio.gather(*(one.run() for one in rounds)):
                row = rows.setdefault(result.method, Row(result.method))
                _add(row, result, report)
                row.seconds += (time.monotonic() - began) / len(some)
    finally:
        await server.stop()
    return [*rows.values()]


def _add(row: Row, result: Result, report: Callable[[str], None]) -> None:
    row.add(result)
    for what in result.broken:
        report(f"{result.method} × {result.failure}: {what}")


def table(rows: Sequence[Row]) -> str:
    """Return the table as text."""
    head = f"{'method':32} {'errors':>7} {'broken':>7} {'most calls a minute':>20} {'seconds':>8}"
    total = Row("total")
    for row in rows:
        total.join(row)
    lines = [
        f"{row.method:32} {row.rounds:7} {len(row.broken):7} {row.most_calls:20} {row.seconds:8.0f}"
        for row in (*rows, total)
    ]
    return "\n".join([head, *lines])
