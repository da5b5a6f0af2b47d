"""The fast path: it answers exactly like the normal route, and serves all simple requests."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.main import create_app
from api.middleware.body_limits import LARGEST_BODY
from api.middleware.fast_path import FastPathMiddleware, ReplayableReceive
from tests.api.conftest import WEBHOOK, make_settings

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
LEAD = b'{"name": "Anna", "phone": "+79991234567"}'
TOKENS = {"x-api-key": "right"}

# Requests as path, body and headers: the fast path answers SIMPLE, the normal route answers OTHER.
SIMPLE: list[tuple[str, bytes, Mapping[str, str]]] = [
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
OTHER: list[tuple[str, bytes, Mapping[str, str]]] = [
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
class Application:
    """A running application, and the paths of the requests on its normal route."""

    client: httpx2.AsyncClient
    on_normal_route: list[str] = field(default_factory=list)


class PathRecorder:
    """Innermost middleware that records the paths of requests."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record the path and process the request."""
        if scope["type"] == "http":
            self.seen.append(scope["path"])
        await self.app(scope, receive, send)


@asynccontextmanager
async def application(url: str, *, fast: bool, **settings: str) -> AsyncIterator[Application]:
    """Start an application with or without the fast path."""
    app = create_app(make_settings(url, **settings))
    if not fast:
        app.user_middleware = [one for one in app.user_middleware if one.cls is not FastPathMiddleware]
    seen: list[str] = []
    # The last one is the innermost.
    app.user_middleware.append(Middleware(PathRecorder, seen=seen))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://api", headers=TOKENS) as client,
    ):
        yield Application(client, seen)


def _comparable(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """Return an answer without its times and its request id."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    if not answer.is_success:
        return answer.status_code, headers, answer.content
    body = {name: value for name, value in answer.json().items() if not name.endswith("_at")}
    return answer.status_code, headers | {"content-length": ""}, body


async def test_the_fast_path_answers_like_the_normal_route(sqlite_template: Path, tmp_path: Path) -> None:
    files = [shutil.copy(sqlite_template, tmp_path / name) for name in ("fast.db", "normal.db")]
    urls = [f"sqlite:///{file}" for file in files]
    own = {"api_token": "right", "repeat_window_seconds": "0"}
    async with (
        application(urls[0], fast=True, **own) as with_fast,
        application(urls[1], fast=False, **own) as without_fast,
    ):
        for is_simple, requests in ((True, SIMPLE), (False, OTHER)):
            for path, body, headers in requests:
                with_fast.on_normal_route.clear()
                answers = [
                    await each.client.post(path, content=body, headers=headers)
                    for each in (with_fast, without_fast)
                ]
                assert _comparable(answers[0]) == _comparable(answers[1]), (path, body[:80], headers)
                assert with_fast.on_normal_route == ([] if is_simple else [path]), (path, body[:80], headers)
        # A body that arrives in pieces is replayed in pieces.
        for rest, status in ((b"}", 201), (b"", 422)):
            answer = await with_fast.client.post("/leads", content=_pieces(LEAD[:-1], rest), headers=JSON)
            assert answer.status_code == status
    assert len(without_fast.on_normal_route) == len(SIMPLE) + len(OTHER)


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_only_a_small_body_is_kept_for_the_normal_route() -> None:
    half: Message = {"type": "http.request", "body": bytes(LARGEST_BODY // 2), "more_body": True}
    messages = [half, half, {"type": "http.request", "body": b"x"}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    replayable = ReplayableReceive(receive)
    assert [await replayable.receive() for _ in range(2)] == [half, half]
    assert [await replayable.replay() for _ in range(2)] == [half, half]
    replayable = ReplayableReceive(receive)
    messages[:0] = [half, half]
    for _ in range(4):
        await replayable.receive()
    with pytest.raises(RuntimeError, match="too large"):
        await replayable.replay()
