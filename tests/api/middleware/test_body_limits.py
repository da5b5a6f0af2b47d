"""Bodies that are too much, too slow or packed: a clear 4xx, and what came is kept."""

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

from api.forms.redaction import mask_body
from api.middleware.body_limits import LARGEST_BODY
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, running
from tests.support.api_process import serving
from tests.support.tilda_bodies import FORM, PHONE

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
    ("content", "encoding", "status", "words", "kept"),
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
async def test_what_cannot_be_unpacked_is_refused_and_kept(
    lite: httpx2.AsyncClient,
    lite_database: Database,
    content: bytes,
    encoding: str,
    status: int,
    words: str,
    kept: str,
) -> None:
    headers = {"content-type": FORM, "content-encoding": encoding}
    for path in (WEBHOOK, "/leads"):
        answer = await lite.post(path, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (status, {"detail": words})
    (row,) = await deliveries(lite_database)
    assert (row["outcome"], row["error"]) == ("refused", words)
    assert row["body"].startswith(kept)


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
        before = psutil.Process(process.pid).memory_info().rss
        for path in (WEBHOOK, "/leads"):
            answer = httpx2.post(f"{address}{path}", content=os.urandom(10_000_000))
            assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 256 KiB"})
        assert psutil.Process(process.pid).memory_info().rss - before < 8_000_000
        # Who asks first is told before sending anything.
        asked = _talk(address, b"Content-Length: 10000000\r\nExpect: 100-continue")
        assert asked.startswith(b"HTTP/1.1 413 ")
        started = time.monotonic()
        assert _talk(address, b"Content-Length: 100", BODY).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < 10
        other = BODY + b"&again=1"
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(other), other)
        chunked = _talk(address, b"Transfer-Encoding: chunked\r\nExpect: 100-continue", chunks)
        assert chunked.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ")
        assert _talk(address, b"Content-Length: -1").startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in "".join(lines)


def _talk(address: str, headers: bytes, body: bytes = b"") -> bytes:
    """What the server says to a call whose sender then only waits."""
    parts = urlsplit(address)
    with closing(socket.create_connection((parts.hostname, parts.port), 20)) as connection:
        start = b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % WEBHOOK.encode()
        connection.sendall(start + headers + b"\r\n\r\n" + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_no_body_holds_the_process_up() -> None:
    # Minutes each, when the patterns had no bounds.
    for body in ("name=token\na\n", "name=token ", 'name="token"\r\na\r\n'):
        started = time.monotonic()
        mask_body(body * (LARGEST_BODY // len(body)), [])
        assert time.monotonic() - started < 5
