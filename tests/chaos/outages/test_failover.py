"""A standby takes over under a flow of forms: no process ends, and everything proceeds by itself."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.outages.flow import Flow
from tests.chaos.outages.products import SETTINGS
from tests.chaos.outages.streaming_standby import StreamingPair, binaries
from tests.support.running_product import running_product

ROUNDS = 3
FORMS_PER_SECOND = 20
BEFORE_SECONDS, WITHOUT_PRIMARY_SECONDS, AFTER_SECONDS = 3, 2, 3

pytestmark = [
    pytest.mark.skipif("CHAOS" not in os.environ, reason="make chaos"),
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL's package is not installed"),
]


@pytest.fixture(params=["sync", "async"])
def pair(request: pytest.FixtureRequest) -> Iterator[StreamingPair]:
    """A pair of servers with this kind of replication."""
    servers = StreamingPair(synchronous=request.param == "sync")
    try:
        yield servers
    finally:
        servers.close()


@pytest.mark.timeout(900)
def test_a_standby_takes_over(pair: StreamingPair, tmp_path: Path) -> None:
    """With synchronous replication nothing is lost; with asynchronous replication the last rows may be."""
    with running_product(tmp_path, pair.url, **SETTINGS) as product:
        processes = [product.api_process.pid, product.worker.pid]
        for number in range(ROUNDS):
            flow = Flow(product, rounds=1)
            flow.converse(5)
            _submit_for(flow, BEFORE_SECONDS)
            pair.kill_primary()
            # Only a standby that is not promoted yet answers.
            _submit_for(flow, WITHOUT_PRIMARY_SECONDS)
            pair.promote()
            _submit_for(flow, AFTER_SECONDS)
            flow.settle()
            found = flow.count()
            print(
                f"round {number + 1}, {pair.kind}: {found.leads} leads, {found.messages} messages,"
                f" answers {dict(found.answers)}, lost {len(found.lost)}, twice {len(found.twice)}"
            )
            assert not flow.unhelpful
            assert not found.twice
            if pair.kind == "sync":
                assert found.clean, found
            assert [product.api_process.pid, product.worker.pid] == processes
            assert (product.api_process.exit_code, product.worker.exit_code) == (None, None)
            if number + 1 < ROUNDS:
                pair.add_standby()


def _submit_for(flow: Flow, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        flow.add_person()
        flow.answer_one()
        time.sleep(max(0.0, 1 / FORMS_PER_SECOND - (time.monotonic() - began)))
