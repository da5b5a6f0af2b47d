"""One session, one process: who comes second waits, whatever becomes of the first."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import ConfigError
from tests.support.worker_command import ROOT
from worker.accounts.session_lock import session_lock

DEADLINE = 30
HOLDER = """
import asyncio, sys
from pathlib import Path
from worker.accounts.session_lock import sole_use
async def hold():
    async with sole_use(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


async def hold_briefly(session_file: Path, order: list[str], name: str) -> None:
    async with session_lock(session_file, check_seconds=0.01):
        order.append(name)
        await asyncio.sleep(0)


def start_holder(session_file: Path) -> subprocess.Popen[str]:
    """Another process that holds the session."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(session_file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


async def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    session_file = tmp_path / "x.session"
    order: list[str] = []
    async with session_lock(session_file):
        second = asyncio.create_task(hold_briefly(session_file, order, "second"))
        # Some looks at the lock, none of which may succeed.
        await asyncio.wait({second}, timeout=0.1)
        order.append("first")
    await asyncio.wait_for(second, DEADLINE)
    assert order == ["first", "second"]


async def test_other_sessions_do_not_wait(tmp_path: Path) -> None:
    async with (
        session_lock(tmp_path / "a.session"),
        asyncio.timeout(DEADLINE),
        session_lock(tmp_path / "b.session"),
    ):
        pass


async def test_a_failure_releases_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        async with session_lock(tmp_path / "x.session"):
            raise RuntimeError
    async with asyncio.timeout(DEADLINE), session_lock(tmp_path / "x.session"):
        pass


async def test_who_gives_up_waiting_holds_nothing(tmp_path: Path) -> None:
    session_file = tmp_path / "x.session"
    order: list[str] = []
    async with session_lock(session_file):
        waiting = asyncio.create_task(hold_briefly(session_file, order, "waiting"))
        await asyncio.wait({waiting}, timeout=0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(DEADLINE), session_lock(session_file):
        pass
    assert order == []


async def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    session_file = tmp_path / "x.session"
    order: list[str] = []
    holder = await asyncio.to_thread(start_holder, session_file)
    with holder:
        second = asyncio.create_task(hold_briefly(session_file, order, "second"))
        await asyncio.wait({second}, timeout=0.1)
        assert order == []
        holder.kill()
    await asyncio.wait_for(second, DEADLINE)
    assert order == ["second"]


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TELEGRAM_SESSION_DIR"):
        async with session_lock(tmp_path / "missing" / "x.session"):
            pass
