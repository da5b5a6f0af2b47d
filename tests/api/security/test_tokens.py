"""Tokens: each endpoint requires the right one, and secrets are neither stored nor logged."""

import json
import logging
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from api.forms.body.redaction import mask_body
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE

API = "api-töken/1"
TILDA = 'tilda "+&%\\ ключ'
LEAD = {"name": "Анна", "phone": PHONE}
FORM = {"Name": "Анна", "Phone": PHONE}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": b"Bearer \xff\xfe"},
        {"authorization": f"Basic {quote_plus(API)}"},
        {"authorization": "Bearer"},
        {"x-api-key": "wrong"},
        {"x-api-key": ""},
    ],
)
async def test_leads_require_the_token(sqlite_url: str, headers: dict[str, Any]) -> None:
    async with running(sqlite_url, api_token=API) as client:
        for method, path in [
            ("POST", "/leads"),
            ("GET", "/leads"),
            ("GET", "/leads/1"),
            ("POST", "/leads/1/retry"),
            ("POST", "/leads/1/takeover"),
            ("POST", "/leads/1/release"),
            ("POST", "/leads/1/reply"),
            ("GET", "/drafts"),
            ("POST", "/drafts/1/approve"),
            ("POST", "/drafts/1/reject"),
        ]:
            answer = await client.request(method, path, json=LEAD, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert API not in answer.text
        # The other endpoints are public: TILDA_TOKEN is not set.
        assert (await client.post(WEBHOOK, data=FORM)).status_code == 201
        for path in ("/healthz", "/readyz", "/docs", "/openapi.json", WEBHOOK):
            assert (await client.get(path)).status_code == 200


async def test_both_headers_are_accepted(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token=API) as client:
        for headers in (
            {"authorization": f"Bearer {API}".encode()},
            {"authorization": f"bearer {API}".encode()},
            {"x-api-key": API.encode()},
            {"x-api-key": API.encode(), "authorization": b"Bearer wrong"},
        ):
            assert (await client.post("/leads", json=LEAD, headers=headers)).is_success


async def test_the_webhook_accepts_its_token_in_every_place(
    database_url: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "api")
    async with running(database_url, tilda_token=TILDA, api_token=API, repeat_window_seconds="0") as client:
        calls: list[dict[str, Any]] = [
            {"data": FORM, "headers": {"authorization": f"Bearer {TILDA}".encode()}},
            {"data": FORM, "headers": {"x-tilda-token": TILDA.encode()}},
            {"data": FORM, "params": {"token": TILDA}},
            {"data": FORM | {"token": TILDA}},
            {"data": FORM | {"Token": TILDA, "comment": f"see {TILDA}!"}},
            {"json": FORM | {"token": TILDA}},
            {
                "json": {
                    "data": [
                        {"name": key, "value": value} for key, value in (FORM | {"token": TILDA}).items()
                    ]
                }
            },
            {"data": {"data": json.dumps(FORM | {"token": TILDA})}},
            {"files": {key: (None, value) for key, value in (FORM | {"token": TILDA}).items()}},
        ]
        for call in calls:
            assert (await client.post(WEBHOOK, **call)).status_code == 201, call
        assert (await client.post(WEBHOOK, data={"test": "test", "token": TILDA})).json() == {"status": "ok"}
        assert (await client.post(WEBHOOK, data={"Name": "x", "token": TILDA})).status_code == 422
    stored = await rows(database, "SELECT extra FROM leads") + await deliveries(database)
    assert len(stored) == 2 * len(calls) + 2
    everything = json.dumps(stored, default=str, ensure_ascii=False)
    # Only the API's own log: the HTTP client of the test logs URLs.
    everything += "".join(record.getMessage() for record in caplog.records if record.name.startswith("api"))
    for part in ("ключ", quote_plus("ключ"), json.dumps("ключ")[1:-1], quote_plus(json.dumps("ключ")[1:-1])):
        assert part not in everything
    assert "***" in everything


@pytest.mark.parametrize(
    "call",
    [
        {"data": FORM},
        {"data": {"test": "test"}},
        {"data": FORM, "params": {"token": "wrong"}},
        {"data": FORM, "headers": {"x-tilda-token": "wrong", "authorization": "Bearer wrong"}},
        {"data": FORM, "headers": {"x-tilda-token": API.encode()}},
        {"data": FORM | {"token": "wrong"}},
        {"content": b"x" * 300_000},
        {"data": FORM | {"token": ""}},
    ],
)
async def test_the_webhook_requires_its_token(sqlite_url: str, call: dict[str, Any]) -> None:
    database = Database(sqlite_url)
    async with running(sqlite_url, tilda_token=TILDA, api_token=API) as client:
        answer = await client.post(WEBHOOK, **call)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    # Callers without a token must not be able to fill the database.
    assert await deliveries(database) == []
    await database.close()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a=1&token=x&b=2", "a=1&token=***&b=2"),
        ("token=x", "token=***"),
        ("data%5Btoken%5D=x&b=2", "data%5Btoken%5D=***&b=2"),
        ("mytokens=x&b=2", "mytokens=x&b=2"),
        ('{"Token": "a\\"b", "b": 1}', '{"Token": "***", "b": 1}'),
        (r'{"data": "{\"token\": \"a\\\"b\"}"}', r'{"data": "{\"token\": \"***\"}"}'),
        ('{"token": 12, "b": 1}', '{"token": "***", "b": 1}'),
        ('Content-Disposition: form-data; name="token"\r\n\r\nx\r\n--B', None),
    ],
)
def test_the_value_of_a_token_field_is_masked(body: str, expected: str | None) -> None:
    masked = mask_body(body, [])
    assert masked == (expected or body.replace("\r\nx\r\n", "\r\n***\r\n"))


def test_a_known_secret_is_masked_in_every_spelling() -> None:
    body = (
        urlencode({"q": TILDA, "r": json.dumps({"x": TILDA})})
        + json.dumps([TILDA, json.dumps(TILDA)])
        + TILDA
    )
    assert "ключ" not in mask_body(body, [TILDA])
    assert quote_plus("ключ") not in mask_body(body, [TILDA])
