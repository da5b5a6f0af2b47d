"""The worker's health over HTTP, by a real client over a socket."""

import asyncio
import contextlib

import httpx2
import pytest

from shared.errors import ConfigError
from worker.monitoring import http_probe
from worker.monitoring.heartbeat import Report


async def get(report: Report, path: str, method: str = "GET") -> httpx2.Response:
    async def ask() -> Report:
        return report

    async with http_probe.served("127.0.0.1", 0, ask) as port, httpx2.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}")


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report("connected", 0, 0, 0), 200),
        (Report("connected", 0, 0, 0, "OPENAI_API_KEY: the key is refused"), 503),
        (Report("reconnecting", 0, 0, 0), 503),
        (Report("standby"), 503),
    ],
)
async def test_ready_is_who_answers_leads(report: Report, code: int) -> None:
    answer = await get(report, "/readyz")
    assert answer.status_code == code
    assert answer.json()["trouble"] == report.trouble
    assert answer.json()["state"] == report.state
    assert (await get(report, "/healthz")).status_code == 200


async def test_what_it_does_not_know() -> None:
    assert (await get(Report("standby"), "/metrics")).status_code == 404
    assert (await get(Report("standby"), "/healthz", "POST")).status_code == 405
    head = await get(Report("standby"), "/healthz?x=1", "HEAD")
    assert (head.status_code, head.content) == (200, b"")


async def test_garbage_ends_quietly() -> None:
    async def ask() -> Report:
        return Report("connected")

    async with http_probe.served("127.0.0.1", 0, ask) as port:
        for garbage in (b"\r\n\r\n", b"GET\r\n\r\n", b"x" * 20_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(garbage)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = await reader.read()
            assert answer == b""
            writer.close()
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200


async def test_no_port_and_a_taken_one() -> None:
    async def ask() -> Report:
        return Report("standby")

    async with http_probe.served("127.0.0.1", None, ask) as port:
        assert port == 0
    async with http_probe.served("127.0.0.1", 0, ask) as port:
        with pytest.raises(ConfigError, match="HEALTH_PORT"):
            async with http_probe.served("127.0.0.1", port, ask):
                pass
