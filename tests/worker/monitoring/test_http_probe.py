"""Tests the worker's health probes with a real HTTP client over a socket."""

import asyncio
import contextlib

import httpx2
import pytest

from shared.errors import ConfigError
from worker.monitoring import http_probe
from worker.monitoring.health_report import Report


async def get(report: Report, path: str, method: str = "GET") -> httpx2.Response:
    async def load_report() -> Report:
        return report

    async with http_probe.serve("127.0.0.1", 0, load_report) as port, httpx2.AsyncClient() as client:
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
async def test_only_a_worker_that_answers_leads_is_ready(report: Report, code: int) -> None:
    answer = await get(report, "/readyz")
    assert answer.status_code == code
    assert answer.json()["trouble"] == report.trouble
    assert answer.json()["state"] == report.state
    assert (await get(report, "/healthz")).status_code == 200


async def test_unknown_paths_and_methods_are_refused() -> None:
    assert (await get(Report("standby"), "/metrics")).status_code == 404
    assert (await get(Report("standby"), "/healthz", "POST")).status_code == 405
    head = await get(Report("standby"), "/healthz?x=1", "HEAD")
    assert (head.status_code, head.content) == (200, b"")


async def test_malformed_requests_get_no_response() -> None:
    async def load_report() -> Report:
        return Report("connected")

    async with http_probe.serve("127.0.0.1", 0, load_report) as port:
        for malformed in (b"\r\n\r\n", b"GET\r\n\r\n", b"x" * 20_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(malformed)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = await reader.read()
            assert answer == b""
            writer.close()
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200


async def test_no_port_is_off_and_a_taken_port_is_a_config_error() -> None:
    async def load_report() -> Report:
        return Report("standby")

    async with http_probe.serve("127.0.0.1", None, load_report) as port:
        assert port == 0
    async with http_probe.serve("127.0.0.1", 0, load_report) as port:
        with pytest.raises(ConfigError, match="HEALTH_PORT"):
            async with http_probe.serve("127.0.0.1", port, load_report):
                pass
