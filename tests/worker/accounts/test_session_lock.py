"""Session lock: one process per session; a second one waits until the first has ended."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import ConfigError
from tests.conftest import ROOT
from tests.support.waiting import in_time, patience
from worker.accounts.session_lock import session_lock

HOLDER = """
import asyncio, sys
from pathlib import Path
from worker.accounts.session_lock import session_lock
async def hold():
    async with session_lock(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


async def hold_briefly(session_file: Path, order: list[str], name: str) -> None:
    async with session_lock(session_file, check_seconds=0.01):
        order.append(name)
        await asyncio.sleep(0)


def start_holder(session_file: Path) -> subprocess.Popen[str]:
    """Start another process that holds the lock."""
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
        # The second tries to get the lock several times, and must fail each time.
        await asyncio.wait({second}, timeout=0.1)
        order.append("first")
    await in_time(second)
    assert order == ["first", "second"]


async def test_another_session_has_its_own_lock(tmp_path: Path) -> None:
    async with (
        session_lock(tmp_path / "a.session"),
        patience(),
        session_lock(tmp_path / "b.session"),
    ):
        pass


async def test_an_exception_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        async with session_lock(tmp_path / "x.session"):
            raise RuntimeError
    async with patience(), session_lock(tmp_path / "x.session"):
        pass


async def test_a_cancelled_waiter_does_not_hold_the_lock(tmp_path: Path) -> None:
    session_file = tmp_path / "x.session"
    order: list[str] = []
    async with session_lock(session_file):
        waiting = asyncio.create_task(hold_briefly(session_file, order, "waiting"))
        await asyncio.wait({waiting}, timeout=0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with patience(), session_lock(session_file):
        pass
    assert order == []


async def test_a_killed_process_releases_the_lock(tmp_path: Path) -> None:
    session_file = tmp_path / "x.session"
    order: list[str] = []
    holder = await asyncio.to_thread(start_holder, session_file)
    with holder:
        second = asyncio.create_task(hold_briefly(session_file, order, "second"))
        await asyncio.wait({second}, timeout=0.1)
        assert order == []
        holder.kill()
    await in_time(second)
    assert order == ["second"]


async def test_the_error_names_the_setting_of_a_read_only_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TELEGRAM_SESSION_DIR"):
        async with session_lock(tmp_path / "missing" / "x.session"):
            pass
