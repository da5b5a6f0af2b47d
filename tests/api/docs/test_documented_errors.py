"""Errors have one form throughout, and every one that a route can give stands in its documentation."""

from typing import Any

import httpx2
import pytest

from api.middleware.body_limits import LARGEST_BODY
from api.security.throttling import GUESSES_PER_MINUTE
from tests.api.conftest import WEBHOOK, running

NOWHERE = "postgresql://user:pass@127.0.0.1:1/leads"
UNGUARDED = {"/healthz", "/readyz", WEBHOOK}
VALUES = {"lead_id": "1", "delivery_id": "1", "message_id": "1"}


async def _routes(client: httpx2.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = (await client.get("/openapi.json")).json()["paths"]
    return [(method, path, operation) for path, item in paths.items() for method, operation in item.items()]


def _documented(operation: dict[str, Any], answer: httpx2.Response) -> None:
    assert str(answer.status_code) in operation["responses"], (operation["summary"], answer.text)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["detail"]


def _address(path: str) -> str:
    return path.format_map(VALUES)


async def test_strangers_are_told_so_on_every_route(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="secret-1", tilda_token="secret-2") as client:
        guarded = [
            (method, path, operation)
            for method, path, operation in await _routes(client)
            if path not in UNGUARDED or (method, path) == ("post", WEBHOOK)
        ]
        assert len(guarded) < GUESSES_PER_MINUTE
        for method, path, operation in guarded:
            answer = await client.request(method, _address(path))
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
            _documented(operation, answer)
        for _ in range(GUESSES_PER_MINUTE):
            await client.get("/leads")
        for method, path, operation in guarded:
            answer = await client.request(method, _address(path))
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
            _documented(operation, answer)


async def test_what_is_not_there_and_what_is_not_understood(lite: httpx2.AsyncClient) -> None:
    for method, path, operation in await _routes(lite):
        if "{" in path:
            # A word in a number's place is no such address, or no such number.
            for value, status in (("1", 404), ("x", 404)):
                address = path.format_map(dict.fromkeys(VALUES, value))
                answer = await lite.request(method, address, json={} if method == "post" else None)
                assert answer.status_code in {status, 422}, (method, address, answer.text)
                _documented(operation, answer)
        answer = await lite.request("PATCH", _address(path))
        assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"}), path
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (413, {"content": b"x" * (LARGEST_BODY + 1)}),
        (415, {"content": b"x", "headers": {"content-encoding": "br"}}),
        (400, {"content": b"x", "headers": {"content-encoding": "gzip"}}),
        (422, {"content": b"{", "headers": {"content-type": "application/json"}}),
    ],
)
async def test_bodies_that_are_refused(lite: httpx2.AsyncClient, status: int, sent: dict[str, Any]) -> None:
    asked = 0
    for method, path, operation in await _routes(lite):
        if "requestBody" in operation:
            large = status == 413 and path == "/leads/import"
            # There a file is taken, and what is no CSV is named as such.
            given = {"content": b"x" * (20 * 2**20 + 1)} if large else sent
            if path == "/leads/import":
                given = {"headers": {"content-type": "text/csv"} | given.get("headers", {})} | {
                    "content": given["content"]
                }
            answer = await lite.request(method, _address(path), **given)
            expected = 415 if (status, path) == (422, "/leads/import") else status
            assert answer.status_code == expected, (path, answer.text)
            _documented(operation, answer)
            asked += 1
    assert asked >= 4


async def test_a_database_that_is_away_is_said_on_every_route() -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/leads": {"json": {"name": "Анна", "phone": "+79991234567"}},
        "/leads/import": {"content": "phone\n+79991234567\n", "headers": {"content-type": "text/csv"}},
        "/do-not-contact": {"json": {"phone": "+79991234567"}},
        "/leads/{lead_id}/reply": {"json": {"text": "Здравствуйте!"}},
        WEBHOOK: {"data": {"Phone": "+79991234567"}},
    }
    async with running(NOWHERE) as client:
        for method, path, operation in await _routes(client):
            if path == "/healthz" or (method, path) == ("get", WEBHOOK):
                continue
            sent = bodies.get(path, {}) if method == "post" else {"params": {"phone": "+79991234567"}}
            answer = await client.request(method, _address(path), **sent)
            assert answer.status_code == 503, (method, path, answer.text)
            assert int(answer.headers["retry-after"]) > 0
            _documented(operation, answer)
