"""The sandbox as a process and over restarts."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyrogram import Client

from sandbox.__main__ import main
from sandbox.app import running
from sandbox.sessions import Address
from tests.sandbox.fake_telegram.clients import session_client
from tests.support.waiting import patience_seconds, until_async

ROOT = Path(__file__).parents[3]


async def test_a_restart_keeps_keys_and_sessions(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with running(state_dir=state) as first:
        [anna] = [one for one in first.telegram.world.people if one.username == "anna_smirnova"]
        async with session_client(first.telegram, tmp_path) as worker:
            known = await worker.client.resolve_peer("anna_smirnova")
            sent = await worker.send(first.telegram, anna, "раз", 1)
        pem = first.telegram.key.spki_pem
    async with running(state_dir=state) as second:
        assert second.telegram.key.spki_pem == pem
        session = tmp_path / "worker.session"
        before = session.stat().st_ino
        async with session_client(second.telegram, tmp_path) as worker:
            assert session.stat().st_ino == before
            assert await worker.peer(second.telegram, anna) == known
            again = await worker.send(second.telegram, anna, "два", 2)
            assert again.id > sent.id
            second.telegram.world.write(anna, second.account, "Привет")
            await until_async(lambda: "Привет" in worker.texts)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox", "--json", "--session", str(tmp_path / "deep" / "worker")]
    environment = os.environ | {"SANDBOX_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


async def test_the_process_writes_a_session_and_exits_cleanly(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert process.stdout is not None
    facts: dict[str, Any] = json.loads(process.stdout.readline())
    assert facts["telegram_key_file"] == str(tmp_path / "state" / "telegram.pem")
    client = Client("worker", workdir=str(Path(facts["session"]).parent))
    await client.start()
    assert client.me.id == facts["account"]
    await client.stop()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=patience_seconds()) == 0


async def test_a_session_can_contain_another_address(tmp_path: Path) -> None:
    async with running(host="0.0.0.0") as sandbox:
        here = sandbox.session(tmp_path / "here")
        there = sandbox.session(tmp_path / "there.session", Address("sandbox", 4430))
        assert await stored_address(here) == ("127.0.0.1", sandbox.telegram.port)
        assert await stored_address(there) == ("sandbox", 4430)
        assert sandbox.http_url.startswith("http://127.0.0.1:")


async def stored_address(session: Path) -> tuple[str, int]:
    client = Client(session.stem, workdir=str(session.parent))
    await client.storage.open()
    address = await client.storage.server_address(), await client.storage.port()
    await client.storage.close()
    return address


def test_a_port_in_use_is_a_one_line_error(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--http-port", str(port)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_help_lists_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--session-address" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--http-port", "many"], ["--session-address", "nowhere"]])
def test_wrong_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err
