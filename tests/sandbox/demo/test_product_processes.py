"""The harness that starts the product's processes."""

from pathlib import Path

import pytest

from sandbox.demo.product_processes import Process, ProcessError, environment


def test_the_callers_settings_do_not_reach_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_SESSION_STRING", "a real account")
    monkeypatch.setenv("DATABASE_URL", "postgresql://real")
    monkeypatch.setenv("MODE", "drafts")
    found = environment({"TELEGRAM_API_ID": "1"})
    assert {name for name in found if name.startswith(("TELEGRAM_", "DATABASE_"))} == {"TELEGRAM_API_ID"}
    # Choices that cannot reach a real person stay.
    assert found["MODE"] == "drafts"


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
