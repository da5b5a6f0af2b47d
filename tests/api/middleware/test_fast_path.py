"""Whatever is posted, the short way answers as the long way does, and what is plainly right takes it."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.main import create_app
from api.middleware.fast_path import FastPathMiddleware
from tests.api.conftest import WEBHOOK, make_settings

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
LEAD = b'{"name": "Anna", "phone": "+79991234567"}'
TOKENS = {"x-api-key": "right"}

# What is sent: the path, the body and the headers, and whether the short way is enough for it.
PLAIN: list[tuple[str, bytes, Mapping[str, str]]] = [
    ("/leads", LEAD, JSON),
    ("/leads", LEAD, {"content-type": "Application/JSON; charset=utf-8"}),
    ("/leads", LEAD, JSON | {"idempotency-key": "k"}),
    ("/leads", LEAD, JSON | {"idempotency-key": "k"}),
    ("/leads", b'{"name": "Boris", "phone": "+79991234567"}', JSON | {"idempotency-key": "k"}),
    ("/leads", LEAD, JSON | {"idempotency-key": " "}),
    ("/leads", LEAD, JSON | {"idempotency-key": "k" * 255}),
    (
        "/leads",
        b'{"name": " A\\u0000 b ", "phone": 79991234567.0, "x": [1, {"y": NaN}], "extra": {"x": 1}}',
        JSON,
    ),
    ("/leads", b'{"name": "a", "name": "b", "username": "@anna_k", "x": "\\ud800", "n": 1e999}', JSON),
    ("/leads", b'{"name": "a", "username": "anna_k", "utm_source": "x", "extra": {"y": null}}', JSON),
    ("/leads", b'\xef\xbb\xbf{"name": "a", "username": "anna_k", "d": ' + b"[" * 25 + b"]" * 25 + b"}", JSON),
    ("/leads", '{"name": "Анна", "username": "anna_k"}'.encode("utf-16"), JSON),
    ("/leads", b'{"name": "a", "phone": "none", "username": "no!"}', JSON),
    ("/leads", b'{"name": "a"}', JSON),
    ("/leads", b'{"name": "a", "phone": "1", "x": ' + b"[" * 40 + b"]" * 40 + b"}", JSON),
    ("/leads", b'{"name": "a", "username": "anna_k", "n": ' + b"9" * 400 + b"}", JSON),
    ("/leads", b"x" * 300_000, JSON),
    ("/leads", b"x", JSON | {"content-encoding": "gzip"}),
    ("/leads", b"x", JSON | {"content-encoding": "br"}),
    (WEBHOOK, b"Name=Anna&Phone=%2B79991234567&tranid=1:2", FORM),
    (WEBHOOK, b"Name=Anna&Phone=%2B79991234567&tranid=1:2", FORM),
    (WEBHOOK, b"Name=Anna", FORM),
    (WEBHOOK, b"test=test", FORM),
    (WEBHOOK, b"x" * 300_000, FORM),
]
ODD: list[tuple[str, bytes, Mapping[str, str]]] = [
    ("/leads", LEAD, {}),
    ("/leads", LEAD, {"content-type": "text/plain"}),
    ("/leads", LEAD, {"content-type": "application/vnd.api+json"}),
    ("/leads", LEAD, JSON | {"idempotency-key": "k" * 256}),
    ("/leads", LEAD, JSON | {"x-api-key": "wrong"}),
    ("/leads", b"", JSON),
    ("/leads", b"null", JSON),
    ("/leads", b"[]", JSON),
    ("/leads", b'"x"', JSON),
    ("/leads", b'{"name": "a"', JSON),
    ("/leads", b'{"name": "a", "phone": ' + b"9" * 5000 + b"}", JSON),
    ("/leads", b"\xff\xfe{", JSON),
    ("/leads", b'{"name": "a", "phone": "\\ud800"}', JSON),
    ("/leads", b'{"name": "a", "username": "anna_k", "extra": {"y": "\xff"}}', JSON),
    ("/leads", b"[" * 100_000, JSON),
    ("/leads", b"{}", JSON),
    ("/leads", b'{"name": ""}', JSON),
    ("/leads", b'{"name": null, "phone": true, "username": [], "extra": 1}', JSON),
    ("/leads", b'{"name": "' + b"a" * 201 + b'", "phone": "' + b"1" * 501 + b'"}', JSON),
    ("/leads", b'{"name": "\\ud800", "extra": {"x": ' + b"[" * 40 + b"]" * 40 + b"}}", JSON),
    (f"{WEBHOOK}/", b"Name=Anna", FORM),
]


@dataclass
class House:
    """A running application, and how many requests have come the long way."""

    client: httpx2.AsyncClient
    long: list[str] = field(default_factory=list)


class Doorkeeper:
    """Notes who comes by."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http":
            self.seen.append(scope["path"])
        await self.app(scope, receive, send)


@asynccontextmanager
async def house(url: str, *, short: bool, **settings: str) -> AsyncIterator[House]:
    """An application that has the short way, or the long way alone."""
    app = create_app(make_settings(url, **settings))
    if not short:
        app.user_middleware = [one for one in app.user_middleware if one.cls is not FastPathMiddleware]
    seen: list[str] = []
    # The last one stands innermost.
    app.user_middleware.append(Middleware(Doorkeeper, seen=seen))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://api", headers=TOKENS) as client,
    ):
        yield House(client, seen)


def _said(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """An answer byte for byte, but for moments and for what tells requests apart."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    if not answer.is_success:
        return answer.status_code, headers, answer.content
    body = {name: value for name, value in answer.json().items() if not name.endswith("_at")}
    return answer.status_code, headers | {"content-length": ""}, body


async def test_both_ways_give_the_same_answer(sqlite_template: Path, tmp_path: Path) -> None:
    files = [shutil.copy(sqlite_template, tmp_path / name) for name in ("short.db", "long.db")]
    urls = [f"sqlite:///{file}" for file in files]
    own = {"api_token": "right", "repeat_window_seconds": "0"}
    async with house(urls[0], short=True, **own) as one, house(urls[1], short=False, **own) as other:
        for is_plain, requests in ((True, PLAIN), (False, ODD)):
            for path, body, headers in requests:
                one.long.clear()
                answers = [
                    await each.client.post(path, content=body, headers=headers) for each in (one, other)
                ]
                assert _said(answers[0]) == _said(answers[1]), (path, body[:80], headers)
                assert one.long == ([] if is_plain else [path]), (path, body[:80], headers)
        # What came in pieces is heard again in pieces.
        for rest, status in ((b"}", 201), (b"", 422)):
            answer = await one.client.post("/leads", content=_pieces(LEAD[:-1], rest), headers=JSON)
            assert answer.status_code == status
    assert len(other.long) == len(PLAIN) + len(ODD)


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
