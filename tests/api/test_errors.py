"""Errors: the response is always JSON, and the log contains no personal data."""

import logging
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy.exc import ProgrammingError

from api.main import create_app
from api.middleware.body_limits import LARGEST_BODY
from tests.api.conftest import WEBHOOK, make_settings, running

LEAD = {"name": "Анна", "phone": "+79991234567"}
NOWHERE = "postgresql://user:pass@127.0.0.1:1/leads"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xff\xfe{", "application/json"),
        (b"\xff\xfe{", "text/plain"),
        (b'{"name": "\\ud800", "phone": NaN}', "application/json"),
        (b'{"name": "\xed\xa0\x80", "phone": "1"}', "application/json"),
        (b'{"name": "\\udfff\\ud800", "phone": "\\ud800"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"name": "a", "phone": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"name": "a", "phone": "1", "x": ' + b"[" * 300 + b"]" * 300 + b"}", "application/json"),
        (b'{"name": 1e999}', "application/json"),
        (b"null", "application/json"),
        (b"", "application/json"),
        (b'{"name": "a"', "application/json"),
        (b"name=a&phone=%ff", "application/x-www-form-urlencoded"),
    ],
)
async def test_an_unreadable_body_is_a_422(
    lite: httpx2.AsyncClient, content: bytes, content_type: str
) -> None:
    answer = await lite.post("/leads", content=content, headers={"content-type": content_type})
    assert answer.status_code == 422, answer.text
    error = answer.json()["detail"][0]
    assert {"type", "loc", "msg"} <= set(error)
    assert error["loc"][0] == "body"


async def test_a_huge_body_is_a_413(lite: httpx2.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (LARGEST_BODY // 2)

    for content in (b"x" * (LARGEST_BODY + 1), chunks()):
        answer = await lite.post("/leads", content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 256 KiB"})


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nope", 404), ("DELETE", "/leads", 405), ("PUT", WEBHOOK, 405)]
)
async def test_an_unknown_path_or_method_is_a_json_error(
    lite: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await lite.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])


@pytest.mark.parametrize(
    ("method", "path", "status", "logged"),
    [
        ("POST", f"{WEBHOOK}/form?token=s3cret", 404, f"{WEBHOOK}/form"),
        ("POST", "/Webhooks/tilda%3Ftoken=s3cret", 404, "/Webhooks/tilda"),
        ("PUT", WEBHOOK, 405, WEBHOOK),
        ("POST", "/leads/webhook/tilda", 404, "/leads/webhook/tilda"),
        ("POST", "/leads/webhooks/a%0Ab" + "c" * 300, 404, "/leads/webhooks/a b" + "c" * 181),
        ("POST", "/nope", 404, None),
        ("GET", WEBHOOK, 200, None),
        # This call is stored as a delivery, and the endpoint logs it.
        ("GET", f"{WEBHOOK}?Phone=%2B79991234567", 405, None),
    ],
)
async def test_a_webhook_call_to_a_wrong_address_leaves_a_line_in_the_log(
    lite: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    status: int,
    logged: str | None,
) -> None:
    assert (await lite.request(method, path)).status_code == status
    lines = [record.getMessage() for record in caplog.records if record.name == "api.errors"]
    hint = f"answered {status} and nothing is stored: is the address in the form builder right?"
    assert lines == ([f"{method} {logged}: {hint}"] if logged else [])


async def test_a_405_lists_all_allowed_methods(lite: httpx2.AsyncClient) -> None:
    for path, allowed in (("/leads", "GET, POST"), (WEBHOOK, "GET, HEAD, POST"), ("/leads/1", "DELETE, GET")):
        assert (await lite.request("PUT", path)).headers["allow"] == allowed


async def test_a_database_that_is_down_is_a_503(caplog: pytest.LogCaptureFixture) -> None:
    async with running(NOWHERE) as client:
        for answer in (
            await client.post("/leads", json=LEAD),
            await client.post("/leads", json=LEAD, headers={"Idempotency-Key": "k"}),
            await client.get("/leads"),
            await client.get("/leads/1"),
            await client.post("/leads/1/retry"),
            await client.post(WEBHOOK, data={"Phone": LEAD["phone"]}),
            await client.post(WEBHOOK, data={"test": "test"}),
        ):
            assert answer.status_code == 503
            assert answer.json() == {"detail": "the database cannot be reached: try again"}
            assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/healthz")).status_code == 200
    assert "Анна" not in caplog.text
    assert "9991234567" not in caplog.text


async def test_a_bug_exposes_no_data(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(make_settings(sqlite_url))

    @app.get("/bug/{kind}")
    async def bug(kind: str) -> None:
        secret = "Анна +79991234567"
        raise (
            ProgrammingError(secret, {"phone": secret}, Exception(secret))
            if kind == "db"
            else ValueError(secret)
        )

    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        for kind in ("db", "value"):
            caplog.clear()
            answer = await client.get(f"/bug/{kind}")
            assert (answer.status_code, answer.json()) == (500, {"detail": "internal error"})
            (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
            assert "in bug" in record.getMessage()
            assert "Анна" not in caplog.text.replace('secret = "Анна', "")
