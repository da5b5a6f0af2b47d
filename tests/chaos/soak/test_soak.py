"""A short soak in the suite; `make soak` runs a long one."""

from pathlib import Path

import pytest

from tests.chaos.soak.soak import Soak
from tests.support.running_product import RunningProduct


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_nothing_said_twice(database_url: str, tmp_path: Path) -> None:
    house = RunningProduct(tmp_path, database_url)
    try:
        tally = Soak(house, seed=20261122, say=print).run(kills=8)
    finally:
        house.close()
    assert tally.clean, (tally.lost, tally.duplicated, tally.disordered, tally.stuck)
    assert tally.leads > 8
