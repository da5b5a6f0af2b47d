"""Queue, outbox and inbox hold what they promise, whatever happens in whatever order."""

import os

from hypothesis import HealthCheck, Phase, example, given, settings

from tests.property.conftest import Ground
from tests.property.known_histories import (
    CLAIMED_AT_WORK,
    EARLIER_IS_OPEN,
    GREETED_UNHEARD,
    STOPS_LATE,
    TAKEN_OVER,
)
from tests.property.operations import Step, Story, stories
from tests.property.quiescence import come_to_rest

STEPS = 50
# For a longer look than the suite's: MODEL_TIMES=20 pytest tests/property --timeout 0
TIMES = int(os.environ.get("MODEL_TIMES", "1"))
USUAL = settings(
    deadline=None,
    derandomize=TIMES == 1,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


async def _tell(ground: Ground, steps: list[Step]) -> None:
    story = Story(*ground)
    await story.tell(steps)
    await come_to_rest(story.stage)


@given(steps=stories(STEPS))
@example(steps=GREETED_UNHEARD)
@example(steps=EARLIER_IS_OPEN)
@example(steps=STOPS_LATE)
@example(steps=CLAIMED_AT_WORK)
@example(steps=TAKEN_OVER)
@settings(USUAL, max_examples=30 * TIMES)
async def test_on_sqlite(sqlite: Ground, steps: list[Step]) -> None:
    await _tell(sqlite, steps)


@given(steps=stories(STEPS))
@settings(USUAL, max_examples=8 * TIMES)
async def test_on_postgresql(postgresql: Ground, steps: list[Step]) -> None:
    await _tell(postgresql, steps)
