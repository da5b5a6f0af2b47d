"""Runs rounds of the sweep, and makes its table."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.fake_telegram.server import Telegram
from tests.chaos.sweep.failures import Failure, sample
from tests.chaos.sweep.leads import EVERY_LEAD
from tests.chaos.sweep.rig import START, Rig, rig
from tests.chaos.sweep.round import Result, Round
from tests.chaos.sweep.session_round import SessionRound
from tests.support.waiting import patience_seconds
from worker.telegram.errors.classes import ErrorClass

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
# Errors of one class that take turns, and how many of each lead there are then: each makes calls.
MOST_TURNS, COPIES = 30, 3
# How long a call may take. Answers that never come are waited for in real time.
CALL_SECONDS, LOST_CALL_SECONDS = patience_seconds(10), 0.25

Case = tuple[str, Failure]


@dataclass
class Row:
    """One line of the table: all rounds of one method."""

    method: str
    errors: int = 0
    most_calls: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count a round."""
        self.errors += max(len(result.met), 1)
        self.most_calls = max(self.most_calls, result.most_a_minute)
        self.broken += [f"{_title(result)}: {what}" for what in result.broken]

    def join(self, other: "Row") -> None:
        """Count the rounds of another row."""
        self.errors += other.errors
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
    """Run all cases of lead methods.

    The first error of each class has a round of its own; the others of its class take turns in few rounds.
    `every_lead`: a round of its own has every lead, and the owner's notices are checked.
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
            for (method, _), group in groupby_class(some):
                row = rows.setdefault(method, Row(method))
                waiting = deque(group)
                while waiting:
                    began = time.monotonic()
                    one = _next_round(running, method, waiting, every_lead=every_lead)
                    result = await one.run()
                    _add(row, result, report)
                    # There were fewer calls than errors. Without any call, the round is broken.
                    if result.met:
                        waiting.extendleft(
                            reversed([left for left in one.failures if left not in result.met])
                        )
                    row.seconds += time.monotonic() - began
            # The database knows what has happened: time does not run back.
            start = running.time()
    return [*rows.values()]


def groupby_class(cases: Iterable[Case]) -> Iterator[tuple[tuple[str, object], list[Failure]]]:
    """Yield the failures of each method and class."""
    classes: dict[tuple[str, object], list[Failure]] = {}
    for method, failure in cases:
        classes.setdefault((method, _class(method, failure)), []).append(failure)
    yield from classes.items()


def _class(method: str, failure: Failure) -> object:
    """Return what failures have in common that take turns; some have a round, and a class, of their own."""
    is_alone = failure.action != "error" or failure.ends_session or failure.kind is ErrorClass.WAIT
    if is_alone or failure in sample(method):
        return failure
    return failure.code, failure.kind, failure.may_give_up


def _next_round(running: Rig, method: str, waiting: deque[Failure], *, every_lead: bool) -> Round:
    concerned, witness = LEADS_OF[method]
    failure, has_turns = waiting[0], len(waiting) > 1
    if every_lead and failure.action == "error" and failure in sample(method):
        waiting.popleft()
        return Round(running, method, failure, EVERY_LEAD, witness=witness, with_notices=True)
    turns = [waiting.popleft() for _ in range(min(len(waiting), MOST_TURNS))]
    leads = concerned * (COPIES if has_turns else 1)
    return Round(
        running,
        method,
        turns[-1],
        leads if witness is None else (*leads, witness),
        others=turns[:-1],
        witness=witness,
    )


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
        report(f"{_title(result)}: {what}")


def _title(result: Result) -> str:
    return f"{result.method} × {' | '.join(map(str, result.met or [result.failure]))}"


def table(rows: Sequence[Row]) -> str:
    """Return the table as text."""
    head = f"{'method':32} {'errors':>7} {'broken':>7} {'most calls a minute':>20} {'seconds':>8}"
    total = Row("total")
    for row in rows:
        total.join(row)
    lines = [
        f"{row.method:32} {row.errors:7} {len(row.broken):7} {row.most_calls:20} {row.seconds:8.0f}"
        for row in (*rows, total)
    ]
    return "\n".join([head, *lines])
