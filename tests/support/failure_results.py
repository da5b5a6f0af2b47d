"""What each reported failure of a model server leads to, measured in conversations, and the page about it.

`python -m tests.support.failure_results` rewrites the page.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.faults import RawAnswer
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from shared.database.engine import Database
from shared.database.models import OwnerNotice
from tests.conftest import ROOT, migrate
from tests.support.fakes import World
from tests.support.model_failures import CASES, Case
from tests.support.model_journey import Journey, journey
from worker.assistant.failures.error_classes import FailureKind
from worker.dialogue import templates
from worker.notifications.notifier import OwnerNotifier

PAGE = ROOT / "docs" / "operate" / "model-failures.md"
HANDOVER = templates.handoff_notice("ru")
LINK = "https://calendly.com/gordovcode/30min"
YES = "Да, давайте созвонимся"
_HEAD = """\
# Failures of the model, and what they lead to

Each row is a failure that was reported for a provider, played by the sandbox's server. One person has just
written "Да, давайте созвонимся". `python -m tests.support.failure_results` rewrites this page; a test
compares it.

- *person*: what the person gets. Without `OWNER_CHAT`, "that a colleague will answer" becomes "that the
  conversation is kept for the colleagues".
- *owner*: the notice in `OWNER_CHAT`, with the provider's own sentence. An outage is reported after ten
  minutes.
- *calls*: calls for this person, in the first minute or until a colleague takes over. `≤ 7`: after pauses
  that grow.

| provider | status | class | person | owner | calls |
|---|---|---|---|---|---|
"""
_ANSWER = "the answer, once the failure is over"
_COLLEAGUE = "that a colleague will answer"
# Pauses of 1 to 2, 2 to 4, 4 to 8 … seconds leave room for so many calls in a minute.
_GROWING = 7


@dataclass(frozen=True)
class Outcome:
    """What was measured: what the person got, what the owner read, the calls."""

    person: str
    owner: str
    calls: int


async def measure(talk: Journey, case: Case) -> Outcome:
    """Let one person meet the failure, which lasts eleven minutes or until a colleague takes over."""
    async with talk.database.writing() as session:
        # The same trouble is told once a day: an earlier case must not silence this one.
        await session.exec(delete(OwnerNotice))
    await _notices(talk)
    talk.server.faults.add(RawAnswer(status=case.status, headers=case.headers, body=case.body, times=None))
    lead = await talk.writes(YES)
    began = talk.now
    await talk.run(11 * 60)
    received = talk.world.received(lead)
    within = timedelta(minutes=1) if not received else timedelta(minutes=11)
    calls = sum(number for moment, number in talk.calls if moment - began <= within)
    owner = await _notices(talk)
    if not received:
        talk.server.faults.clear()
        await talk.run(4_000)
        received = talk.world.received(lead)
    return Outcome(_person(received), owner, calls)


def _person(received: list[str]) -> str:
    if received == [HANDOVER]:
        return _COLLEAGUE
    return _ANSWER if len(received) == 1 and LINK in received[0] else f"NOTHING RIGHT: {received}"


async def _notices(talk: Journey) -> str:
    """Return what the owner reads now and two minutes later, without the number of the lead.

    The number's digits decide where a long text is cut: its last word is left out.
    """
    world = World()
    notifier = OwnerNotifier(
        talk.database,
        talk.account_id,
        world,
        talk.clock,
        "me",
        "en",
        60,
        ZoneInfo("Europe/Moscow"),
        lambda: talk.client.pause_reason,
        lambda: True,
    )
    for _ in range(2):
        await notifier.run_once()
        talk.clock.now += timedelta(minutes=1, seconds=1)
    lines = " ".join(str(call[1]) for call in world.asked if call[0] == "note")
    return re.sub(r"\S*…", "…", re.sub(r"Lead \d+, Анна: ", "", lines))


def row(case: Case, outcome: Outcome) -> str:
    """Return a row of the table."""
    grows = case.kind in {FailureKind.OUTAGE, FailureKind.RATE} and outcome.calls <= _GROWING
    calls = f"≤ {_GROWING}" if grows else str(outcome.calls)
    cells = [case.provider, str(case.status), str(case.kind), outcome.person, outcome.owner or "–", calls]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def rows_on_page() -> Sequence[str]:
    """Return the rows of the page, in the order of the table of failures."""
    return PAGE.read_text(encoding="utf-8").removeprefix(_HEAD).splitlines(keepends=True)


@asynccontextmanager
async def _served() -> AsyncIterator[tuple[str, OpenAIState]]:
    state = OpenAIState()
    http = HttpServer(create_openai_app(state), "127.0.0.1", 0)
    await http.start()
    try:
        yield f"http://127.0.0.1:{http.port}/v1", state
    finally:
        await http.stop()


async def _write(url: str) -> None:
    database = Database(url)
    rows = []
    async with _served() as served:
        for case in CASES:
            async with journey(database, *served) as talk:
                rows.append(row(case, await measure(talk, case)))
    await database.close()
    PAGE.write_text(_HEAD + "".join(rows), encoding="utf-8")


def main() -> None:
    """Rewrite the page."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'leads.db'}"
        migrate(url)
        asyncio.run(_write(url))


if __name__ == "__main__":
    main()
