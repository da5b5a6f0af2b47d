"""Queue, outbox and inbox keep their guarantees under random operations in any order."""

import os

from hypothesis import HealthCheck, Phase, example, given, settings

from tests.property.conftest import DatabasePair
from tests.property.known_histories import (
    EARLIER_IS_OPEN,
    GREETING_UNCONFIRMED,
    RECLAIMED_IN_PROGRESS,
    STOPS_LATE,
    TAKEN_OVER,
)
from tests.property.operations import History, Step, histories
from tests.property.quiescence import run_to_quiescence

STEPS = 50
# For a longer run than the suite's: MODEL_TIMES=20 pytest tests/property --timeout 0
TIMES = int(os.environ.get("MODEL_TIMES", "1"))
USUAL = settings(
    deadline=None,
    derandomize=TIMES == 1,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


async def _run_history(databases: DatabasePair, steps: list[Step]) -> None:
    history = History(*databases)
    await history.run(steps)
    await run_to_quiescence(history.system)


@given(steps=histories(STEPS))
@example(steps=GREETING_UNCONFIRMED)
@example(steps=EARLIER_IS_OPEN)
@example(steps=STOPS_LATE)
@example(steps=RECLAIMED_IN_PROGRESS)
@example(steps=TAKEN_OVER)
@settings(USUAL, max_examples=30 * TIMES)
async def test_on_sqlite(sqlite: DatabasePair, steps: list[Step]) -> None:
    await _run_history(sqlite, steps)


@given(steps=histories(STEPS))
@settings(USUAL, max_examples=8 * TIMES)
async def test_on_postgresql(postgresql: DatabasePair, steps: list[Step]) -> None:
    await _run_history(postgresql, steps)
