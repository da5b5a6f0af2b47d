"""The harness that starts the product's processes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.demo.product_processes import Process, ProcessError, environment
from sandbox.moved_clock import VARIABLE, move_on


def test_the_callers_settings_do_not_reach_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_SESSION_STRING", "a real account")
    monkeypatch.setenv("DATABASE_URL", "postgresql://real")
    monkeypatch.setenv("MODE", "drafts")
    found = environment({"TELEGRAM_API_ID": "1"})
    assert {name for name in found if name.startswith(("TELEGRAM_", "DATABASE_"))} == {"TELEGRAM_API_ID"}
    # Choices that cannot reach a real person stay.
    assert found["MODE"] == "drafts"


def test_the_products_clock_is_moved_with_the_sandboxs(tmp_path: Path) -> None:
    clock = tmp_path / "clock"

    def products_clock(**settings: str) -> float:
        words = [sys.executable, "-c", "from shared.clock import utc_now; print(utc_now().timestamp())"]
        shown = subprocess.run(words, env=environment(settings), capture_output=True, check=True).stdout
        return float(shown) - time.time()

    assert products_clock(**{VARIABLE: str(clock)}) == pytest.approx(0, abs=60)
    assert [move_on(clock, seconds) for seconds in (86_400, 0, -5, 3600)] == [86_400] * 3 + [90_000]
    assert products_clock(**{VARIABLE: str(clock)}) == pytest.approx(90_000, abs=60)
    assert products_clock() == pytest.approx(0, abs=60)


async def test_a_process_shows_only_its_own_output(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text("ready, said an earlier process\n")
    process = await Process.start("api", tmp_path, {}, "-c", "print('начал'); input()")
    try:
        with pytest.raises(ProcessError, match="api: ended before printing 'ready'; its log ends:\nначал"):
            await process.wait_for_output("ready")
        assert process.has_ended
    finally:
        await process.stop()


async def test_a_process_that_ignores_a_stop_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here'); time.sleep(600)"
    process = await Process.start("stubborn", tmp_path, {}, "-c", stubborn)
    await process.wait_for_output("here")
    await process.stop(seconds=0.1)
    assert process.has_ended
