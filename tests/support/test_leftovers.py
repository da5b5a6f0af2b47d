"""The check for leftovers finds a process that a test left, and spares those of longer-scoped fixtures."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.leftovers import LeftoverWatch

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(scope="module")
def watch() -> LeftoverWatch:
    watch = LeftoverWatch()
    watch.install()
    return watch


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes to end after the test."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_left_process_is_killed_and_named(
    watch: LeftoverWatch, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    before = watch.begin()
    sleepers.append(subprocess.Popen(SLEEP))
    (line,) = watch.end(before)
    assert f"process {sleepers[0].pid} still runs" in line
    assert "time.sleep(600)" in line
    assert sleepers[0].wait() < 0


def test_a_process_of_a_longer_scope_is_spared(
    watch: LeftoverWatch, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    before = watch.begin()
    with watch.long_scope():
        sleepers.append(subprocess.Popen(SLEEP))
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert watch.end(before) == []
    assert sleepers[0].poll() is None
