"""Bodies that are too large, too slow or compressed: a clear 4xx, and the received part is kept."""

import asyncio
import gzip
import os
import socket
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.forms.body.redaction import mask_body
from api.middleware.body_limits import LARGEST_BODY, BodyLimits, BodyRefused, FileLimit
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, running
from tests.support.api_process import serving
from tests.support.tilda_bodies import FORM, PHONE
from tests.support.waiting import patience_seconds

BODY = b"Name=%D0%90%D0%BD%D0%BD%D0%B0&Phone=%2B79991234567"
LEAD = b'{"name": "Anna", "phone": "+79991234567"}'


def _packed(body: bytes, encoding: str) -> bytes:
    return zlib.compress(body) if encoding == "deflate" else gzip.compress(body, mtime=0)


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP", "deflate"])
async def test_a_packed_body_is_unpacked(
    lite: httpx2.AsyncClient, lite_database: Database, encoding: str
) -> None:
    headers = {"content-type": FORM, "content-encoding": encoding}
    answer = await lite.post(WEBHOOK, content=_packed(BODY, encoding), headers=headers)
    assert (answer.status_code, answer.json()["phone_e164"]) == (201, PHONE)
    headers["content-type"] = "application/json"
    assert (await lite.post("/leads", content=_packed(LEAD, encoding), headers=headers)).status_code == 201
    assert [row["body"] for row in await deliveries(lite_database)] == [BODY.decode()]


@pytest.mark.parametrize(
    ("content", "encoding", "status", "detail", "kept"),
    [
        (
            gzip.compress(bytes(50 * LARGEST_BODY), mtime=0),
            "gzip",
            413,
            "the body is over 256 KiB",
            r"\x00\x00",
        ),
        (BODY, "gzip", 400, "the body is not gzip", BODY.decode()),
        (gzip.compress(BODY, mtime=0)[:-9], "gzip", 400, "the body is not gzip: its end is missing", "Name="),
        (BODY, "br", 415, "Content-Encoding 'br' is not understood", BODY.decode()),
        (BODY, "gzip, br", 415, "Content-Encoding 'gzip, br' is not understood", BODY.decode()),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_refused_and_kept(
    lite: httpx2.AsyncClient,
    lite_database: Database,
    content: bytes,
    encoding: str,
    status: int,
    detail: str,
    kept: str,
) -> None:
    headers = {"content-type": FORM, "content-encoding": encoding}
    for path in (WEBHOOK, "/leads"):
        answer = await lite.post(path, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    (row,) = await deliveries(lite_database)
    assert (row["outcome"], row["error"]) == ("refused", detail)
    assert row["body"].startswith(kept)


FILES = (FileLimit("/import", 20), FileLimit("/webhooks", 30, "multipart/form-data"))


async def _read(path: str, messages: list[Message], **headers: str) -> list[bytes]:
    """Send a request through BodyLimits; return the pieces that the route gets, and raise what it gets."""
    pieces: list[bytes] = []

    async def route(_scope: Scope, receive: Receive, _send: Send) -> None:
        more = True
        while more:
            message = await receive()
            pieces.append(message["body"])
            more = message.get("more_body", False)

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is answered")

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "path": path, "headers": raw}
    await BodyLimits(route, 60, FILES)(scope, receive, send)
    return pieces


@pytest.mark.parametrize(
    ("path", "content_type", "limit"),
    [
        ("/import", "text/csv", 20),
        ("/import/", "", 20),
        ("/imports", "text/csv", LARGEST_BODY),
        ("/webhooks/tilda", "multipart/form-data; boundary=B", 30),
        ("/webhooks/other/", "Multipart/Form-Data;boundary=B", 30),
        ("/webhooks/tilda", "application/json", LARGEST_BODY),
        ("/webhooks/tilda", "multipart/form-dataset", LARGEST_BODY),
        ("/webhooks/tilda", "", LARGEST_BODY),
        ("/leads", "multipart/form-data; boundary=B", LARGEST_BODY),
    ],
)
async def test_the_limit_depends_on_the_path_and_the_content_type(
    path: str, content_type: str, limit: int
) -> None:
    largest = b"x" * limit
    message = {"type": "http.request", "body": largest}
    assert await _read(path, [message], content_type=content_type) == [largest]
    first = {"type": "http.request", "body": largest, "more_body": True}
    last = {"type": "http.request", "body": b"x"}
    with pytest.raises(BodyRefused) as refused:
        await _read(path, [first, last], content_type=content_type)
    assert (refused.value.status_code, refused.value.part) == (413, b"x")


@pytest.mark.parametrize("cut", [10, 100, 400])
async def test_a_packed_body_is_unpacked_in_pieces(cut: int) -> None:
    body = bytes(LARGEST_BODY)
    packed = gzip.compress(body, mtime=0)
    messages: list[Message] = [
        {"type": "http.request", "body": packed[:cut], "more_body": True},
        {"type": "http.request", "body": packed[cut:]},
    ]
    pieces = await _read("/", messages, content_encoding="gzip")
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 65_536


async def test_bytes_after_a_packed_body_are_limited_too() -> None:
    bodies = [gzip.compress(b"x", mtime=0), *[bytes(65_536)] * 4]
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    messages.append({"type": "http.request", "body": b""})
    with pytest.raises(BodyRefused) as refused:
        await _read("/", messages, content_encoding="gzip")
    assert (refused.value.status_code, messages) == (413, [])


async def test_a_slow_body_is_a_408_and_its_beginning_kept(sqlite_url: str, lite_database: Database) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield BODY
        await asyncio.Event().wait()

    async with running(sqlite_url, body_seconds=0.1) as client:
        for path in (WEBHOOK, "/leads"):
            answer = await client.post(path, content=dripping(), headers={"content-type": FORM})
            assert answer.status_code == 408
            assert answer.json() == {"detail": "the body did not come within 0.1 seconds"}
    (row,) = await deliveries(lite_database)
    assert (row["outcome"], row["body"], row["error"]) == ("refused", BODY.decode(), answer.json()["detail"])


def test_ten_megabytes_and_a_slow_hand_over_a_real_socket(tmp_path: Path, sqlite_url: str) -> None:
    with serving(tmp_path, DATABASE_URL=sqlite_url, BODY_SECONDS="2") as (process, address, lines):
        assert httpx2.post(f"{address}{WEBHOOK}", content=BODY, headers={"content-type": FORM}).is_success
        # The first refusals take what refusals keep taking, so only the growth after them counts.
        before = 0
        for size in (*[300_000] * 4, 10_000_000):
            before = psutil.Process(process.pid).memory_info().rss
            for path in (WEBHOOK, "/leads"):
                answer = httpx2.post(f"{address}{path}", content=os.urandom(size), timeout=patience_seconds())
                assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 256 KiB"})
        assert psutil.Process(process.pid).memory_info().rss - before < 8_000_000
        # A client that waits for "100 Continue" is refused before it sends the body.
        refused = _exchange(address, b"Content-Length: 10000000\r\nExpect: 100-continue")
        assert refused.startswith(b"HTTP/1.1 413 ")
        started = time.monotonic()
        assert _exchange(address, b"Content-Length: 100", BODY).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < patience_seconds(10)
        other = BODY + b"&again=1"
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(other), other)
        chunked = _exchange(address, b"Transfer-Encoding: chunked\r\nExpect: 100-continue", chunks)
        assert chunked.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ")
        assert _exchange(address, b"Content-Length: -1").startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in "".join(lines)


def _exchange(address: str, headers: bytes, body: bytes = b"") -> bytes:
    """Send a request, then only wait; returns everything that the server sends."""
    parts = urlsplit(address)
    with closing(socket.create_connection((parts.hostname, parts.port), patience_seconds())) as connection:
        start = b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % WEBHOOK.encode()
        connection.sendall(start + headers + b"\r\n\r\n" + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_masking_takes_no_longer_for_adversarial_bodies() -> None:
    # Each took minutes when the patterns had no bounds.
    for body in ("name=token\na\n", "name=token ", 'name="token"\r\na\r\n'):
        started = time.monotonic()
        mask_body(body * (LARGEST_BODY // len(body)), [])
        assert time.monotonic() - started < patience_seconds(5)


@pytest.mark.parametrize("cut", [0, 10, 40, 60, 100_000])
@pytest.mark.parametrize("padding", [b"", bytes(20)])
async def test_all_members_of_a_gzip_are_unpacked(cut: int, padding: bytes) -> None:
    parts = [b"Name=Anna&", b"", bytes(70_000), b"Phone=1"]
    packed = b"".join(gzip.compress(part, mtime=0) for part in parts) + padding
    messages: list[Message] = [
        {"type": "http.request", "body": packed[:cut], "more_body": True},
        {"type": "http.request", "body": packed[cut:]},
    ]
    assert b"".join(await _read("/", messages, content_encoding="gzip")) == b"".join(parts)


async def test_a_second_member_that_is_none_is_refused() -> None:
    messages: list[Message] = [{"type": "http.request", "body": gzip.compress(b"x", mtime=0) + b"junk"}]
    with pytest.raises(BodyRefused) as refused:
        await _read("/", messages, content_encoding="gzip")
    assert refused.value.status_code == 400
