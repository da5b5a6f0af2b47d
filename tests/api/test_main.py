"""`python -m api`: errors of one line, and a clean stop."""

import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.support.api_process import environment, run, run_new_python, serving
from tests.support.waiting import patience_seconds, until


def _lines_but_warnings(text: str) -> int:
    """Return the number of lines without the one that says that the database is not migrated."""
    return sum(" WARNING " not in line for line in text.splitlines())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"API_PORT": "eighty"}, "API_PORT: "),
        (
            {"DATABASE_URL": "sqlite:////no/such/folder/leads.db"},
            "DATABASE_URL: unable to open database file",
        ),
        ({"API_HOST": "no.such.host.invalid"}, "API_HOST: cannot listen on no.such.host.invalid"),
    ],
)
def test_a_wrong_setting_is_an_error_of_one_line(
    tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    ended = run(tmp_path, **settings)
    assert ended.returncode == 2, ended.stderr
    assert message in ended.stderr
    assert _lines_but_warnings(ended.stderr) == 1, ended.stderr


def test_a_port_in_use_is_an_error_of_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run(tmp_path, "--port", port)
    assert (ended.returncode, _lines_but_warnings(ended.stderr)) == (2, 1)
    assert f"API_PORT: cannot listen on 127.0.0.1:{port}: Address already in use" in ended.stderr


def test_a_missing_postgresql_database_is_an_error_of_one_line(tmp_path: Path, postgres_server: str) -> None:
    ended = run(tmp_path, DATABASE_URL=postgres_server.replace("/postgres?", "/nowhere?"))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert 'database "nowhere" does not exist' in ended.stderr


def test_help_lists_the_settings(tmp_path: Path) -> None:
    ended = run_new_python(tmp_path, "--help")
    assert ended.returncode == 0
    for name in ("API_HOST", "API_PORT", "API_TOKEN", "TILDA_TOKEN", "PHONE_REGION", "DATABASE_URL"):
        assert name in ended.stdout


def test_another_asgi_server_gets_the_same_error_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uvicorn", "api.main:app"]
    settings = environment(tmp_path, PHONE_REGION="ZZ")
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
        check=False,
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "PHONE_REGION" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_is_clean(tmp_path: Path, sqlite_url: str, number: signal.Signals) -> None:
    stopped = threading.Event()
    stored: list[int] = []

    numbers = itertools.count()

    def load(address: str) -> None:
        with httpx2.Client(base_url=address, timeout=patience_seconds()) as client:
            while not stopped.is_set():
                try:
                    answer = client.post(
                        "/leads?token=hidden-1",
                        json={
                            "name": "Анна",
                            "phone": "+79991234567",
                            "username": "@anna_secret",
                            "number": next(numbers),
                        },
                        headers={"X-Request-ID": "visit-1", "Authorization": "Bearer hidden-2"},
                    )
                except httpx2.TransportError:
                    return
                assert answer.status_code == 201
                stored.append(answer.json()["id"])

    with (
        serving(tmp_path, DATABASE_URL=sqlite_url) as (process, address, lines),
        ThreadPoolExecutor(4) as pool,
    ):
        workers = [pool.submit(load, address) for _ in range(4)]
        until(lambda: len(stored) >= 20, "20 leads are stored")
        process.send_signal(number)
        started = time.monotonic()
        try:
            assert process.wait(patience_seconds(15)) == 0
        finally:
            stopped.set()
        assert time.monotonic() - started < patience_seconds(10)
        for worker in workers:
            worker.result()
    assert len(set(stored)) == len(stored) >= 20
    log = "".join(lines)
    assert "Traceback" not in log
    assert "api.schemas.responses [visit-1] lead 1 from api stored" in log
    for secret in ("hidden-1", "hidden-2", "anna_secret"):
        assert secret not in log
    assert "Анна" not in log
    assert "9991234567" not in log


def test_a_public_address_without_tokens_is_warned_about(tmp_path: Path, sqlite_url: str) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", DATABASE_URL=sqlite_url, API_TOKEN="x" * 8) as (_, _, lines):
        pass
    assert [line for line in lines if "open to others without TILDA_TOKEN" in line]
    with serving(tmp_path, DATABASE_URL=sqlite_url) as (process, _, lines):
        pass
    assert process.returncode == 0
    assert not [line for line in lines if "WARNING" in line]


def test_it_starts_while_the_database_is_down(tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL="postgresql://u:secret@127.0.0.1:1/d") as (_, address, lines):
        assert httpx2.get(f"{address}/healthz", timeout=patience_seconds()).status_code == 200
        assert httpx2.get(f"{address}/readyz", timeout=patience_seconds()).status_code == 503
        answer = httpx2.post(f"{address}/leads", json={"name": "Анна", "phone": "+79991234567"})
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "secret" not in "".join(lines)
    assert "Traceback" not in "".join(lines)


def test_it_serves_postgresql(tmp_path: Path, postgres: object, request: pytest.FixtureRequest) -> None:
    url = str(request.getfixturevalue("postgres").create())
    with serving(tmp_path, DATABASE_URL=url) as (_, address, _):
        assert httpx2.get(f"{address}/readyz", timeout=patience_seconds()).json()["status"] == "ready"
        answer = httpx2.post(f"{address}/leads", json={"name": "Анна", "phone": "+79991234567"})
        assert answer.status_code == 201
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT name FROM leads").fetchall() == [("Анна",)]
