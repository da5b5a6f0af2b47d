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

from api.forms.redaction import mask_body
from api.middleware.body_limits import LARGEST_BODY
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
            answer = httpx2.post(
                f"{address}{path}", content=os.urandom(10_000_000), timeout=patience_seconds()
            )
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
