"""All errors have the same format, and every error of a route is in its documentation."""

import hmac
from typing import Any

import httpx2
import pytest

from api.middleware.body_limits import LARGEST_BODY
from api.security.throttling import BAD_TOKENS_PER_MINUTE
from tests.api.conftest import WEBHOOK, running

NOWHERE = "postgresql://user:pass@127.0.0.1:1/leads"
PUBLIC = {"/healthz", "/readyz", WEBHOOK, WEBHOOK.replace("tilda", "{source}")}
VALUES = {
    "lead_id": "1",
    "delivery_id": "1",
    "message_id": "1",
    "booking_id": "1",
    "planned_id": "1",
    "source": "albato",
}


async def _routes(client: httpx2.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = (await client.get("/openapi.json")).json()["paths"]
    return [(method, path, operation) for path, item in paths.items() for method, operation in item.items()]


def _check_documented(operation: dict[str, Any], answer: httpx2.Response) -> None:
    assert str(answer.status_code) in operation["responses"], (operation["summary"], answer.text)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["detail"]


def _address(path: str) -> str:
    return path.format_map(VALUES)


async def test_every_guarded_route_documents_401_and_429(sqlite_url: str) -> None:
    # Behind a proxy, so that the calls come from several addresses: one may not fail for every route.
    tokens = {"api_token": "secret-1", "tilda_token": "secret-2"}
    async with running(sqlite_url, **tokens, trusted_proxies="127.0.0.1") as client:
        guarded = [
            (method, path, operation)
            for method, path, operation in await _routes(client)
            if path not in PUBLIC or (method == "post" and "webhooks" in path)
        ]
        for number, (method, path, operation) in enumerate(guarded):
            address = {"x-forwarded-for": f"198.51.100.{number}"}
            answer = await client.request(method, _address(path), headers=address)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
            _check_documented(operation, answer)
        for _ in range(BAD_TOKENS_PER_MINUTE):
            await client.get("/leads")
        for method, path, operation in guarded:
            answer = await client.request(method, _address(path))
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
            _check_documented(operation, answer)


async def test_missing_rows_and_wrong_methods_are_documented(lite: httpx2.AsyncClient) -> None:
    for method, path, operation in await _routes(lite):
        if "{" in path and path not in PUBLIC:
            # A word instead of a number: the path does not exist, or the number is invalid.
            for value, status in (("1", 404), ("x", 404)):
                address = path.format_map(dict.fromkeys(VALUES, value))
                answer = await lite.request(method, address, json={} if method == "post" else None)
                assert answer.status_code in {status, 422}, (method, address, answer.text)
                _check_documented(operation, answer)
        answer = await lite.request("PUT", _address(path))
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
async def test_refused_bodies_are_documented(
    lite: httpx2.AsyncClient, status: int, sent: dict[str, Any]
) -> None:
    requests = 0
    for method, path, operation in await _routes(lite):
        if "requestBody" in operation:
            large = status == 413 and path == "/leads/import"
            # This route accepts a larger file, and answers a non-CSV body with 415.
            given = {"content": b"x" * (20 * 2**20 + 1)} if large else sent
            if path == "/leads/import":
                given = {"headers": {"content-type": "text/csv"} | given.get("headers", {})} | {
                    "content": given["content"]
                }
            answer = await lite.request(method, _address(path), **given)
            expected = 415 if (status, path) == (422, "/leads/import") else status
            assert answer.status_code == expected, (path, answer.text)
            _check_documented(operation, answer)
            requests += 1
    assert requests >= 4


async def test_every_route_documents_an_unreachable_database() -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/leads": {"json": {"name": "Анна", "phone": "+79991234567"}},
        "/leads/import": {"content": "phone\n+79991234567\n", "headers": {"content-type": "text/csv"}},
        "/do-not-contact": {"json": {"phone": "+79991234567"}},
        "/bookings": {"json": {}, "headers": {"authorization": "Bearer make"}},
        "/bookings/calcom": {
            "content": "{}",
            "headers": {"x-cal-signature-256": hmac.digest(b"key", b"{}", "sha256").hex()},
        },
        "/bookings/{booking_id}/lead": {"json": {"lead_id": 1}},
        "/leads/{lead_id}/planned/{planned_id}": {"json": {"send_at": "2026-11-27T15:00:00+03:00"}},
        "/leads/{lead_id}/booking": {"json": {"start": None}},
        "/leads/{lead_id}/reply": {"json": {"text": "Здравствуйте!"}},
        WEBHOOK: {"data": {"Phone": "+79991234567"}},
    }
    async with running(NOWHERE, bookings_token="make", calcom_secret="key") as client:
        for method, path, operation in await _routes(client):
            if path == "/healthz" or (method, path) == ("get", WEBHOOK):
                continue
            sent = (
                bodies.get(path, {}) if method in {"post", "patch"} else {"params": {"phone": "+79991234567"}}
            )
            answer = await client.request(method, _address(path), **sent)
            assert answer.status_code == 503, (method, path, answer.text)
            assert int(answer.headers["retry-after"]) > 0
            _check_documented(operation, answer)
