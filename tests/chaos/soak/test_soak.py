"""A short soak in the suite; `make soak` runs a long one."""

from pathlib import Path

import pytest

from tests.chaos.soak.soak import Soak
from tests.support.running_product import running_product
from tests.support.waiting import patience_seconds


@pytest.mark.timeout(patience_seconds(240))
def test_nothing_is_lost_and_nothing_sent_twice(database_url: str, tmp_path: Path) -> None:
    with running_product(tmp_path, database_url) as product:
        tally = Soak(product, seed=20261122, report=print).run(kills=8)
    assert tally.clean, (tally.lost, tally.duplicated, tally.disordered, tally.stuck)
    assert tally.leads > 8
