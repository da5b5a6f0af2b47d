"""Forms with files over a real socket: the photo is skipped, the lead is stored, and memory stays flat."""

import gzip
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import httpx2
import psutil
import pytest

from api.middleware.body_limits import MIB
from tests.api.conftest import WEBHOOK
from tests.support.api_process import serving
from tests.support.waiting import patience_seconds

CHUNK = 65_536
_numbers = count(1)


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[tuple[httpx2.Client, int]]:
    """A client of a running API, and the id of its process."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "leads.db").write_bytes(sqlite_template.read_bytes())
    with (
        serving(folder, DATABASE_URL=f"sqlite:///{folder}/leads.db") as (process, address, lines),
        httpx2.Client(base_url=address, timeout=patience_seconds()) as client,
    ):
        yield client, process.pid
        assert "Traceback" not in "".join(lines)


def form(size: int, *, photo_first: bool = False, **fields: str) -> tuple[bytes, dict[str, str]]:
    """Encode a form with a photo of `size` bytes; returns the body and its headers."""
    texts = [(name, (None, value)) for name, value in fields.items()]
    photo = [("Фото", ("photo.jpg", os.urandom(size), "image/jpeg"))]
    request = httpx2.Request("POST", "http://api/", files=photo + texts if photo_first else texts + photo)
    return request.read(), {"content-type": request.headers["content-type"]}


def phone() -> str:
    """Return a phone that no other form has."""
    return f"+7999{next(_numbers):07d}"


def last_delivery(client: httpx2.Client) -> dict[str, str]:
    """Return the newest delivery with its body."""
    newest = client.get("/deliveries", params={"limit": "1"}).json()["items"][0]
    delivery: dict[str, str] = client.get(f"/deliveries/{newest['id']}").json()
    return delivery


@pytest.mark.parametrize("photo_first", [False, True])
@pytest.mark.parametrize("pack", [None, gzip.compress])
def test_a_form_with_a_photo_becomes_a_lead(
    api: tuple[httpx2.Client, int], photo_first: bool, pack: Callable[[bytes], bytes] | None
) -> None:
    client, _ = api
    number = phone()
    body, headers = form(3 * MIB, photo_first=photo_first, Name="Анна", Phone=number)
    if pack:
        body, headers = pack(body), headers | {"content-encoding": "gzip"}
    answer = client.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()["phone_e164"], answer.json()["name"]) == (201, number, "Анна")
    # The stored body is the form without the photo, and can be parsed again.
    delivery = last_delivery(client)
    assert len(delivery["body"]) < 1000
    assert 'filename="photo.jpg"' in delivery["body"]
    again = client.post(
        WEBHOOK, content=delivery["body"].encode(), headers={"content-type": headers["content-type"]}
    )
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])


def test_memory_stays_flat(api: tuple[httpx2.Client, int]) -> None:
    client, pid = api
    process = psutil.Process(pid)

    def most_memory(size: int, posts: int) -> int:
        """Send forms with photos; return the most memory that the server had meanwhile."""
        sizes = []

        def chunks(body: bytes) -> Iterator[bytes]:
            for at in range(0, len(body), CHUNK):
                yield body[at : at + CHUNK]
                sizes.append(process.memory_info().rss)

        for number in range(posts):
            body, headers = form(size, photo_first=number % 2 == 0, Name="Анна", Phone=phone())
            assert client.post(WEBHOOK, content=chunks(body), headers=headers).status_code == 201
        return max(sizes)

    without_photos = most_memory(1, posts=20)
    assert most_memory(3 * MIB, posts=20) - without_photos < 2 * MIB


@pytest.mark.parametrize("photo_first", [False, True])
@pytest.mark.parametrize("pack", [None, gzip.compress])
def test_too_large_a_form_is_refused_and_kept(
    api: tuple[httpx2.Client, int], photo_first: bool, pack: Callable[[bytes], bytes] | None
) -> None:
    client, pid = api
    before = psutil.Process(pid).memory_info().rss
    number = phone()
    body, headers = form(11 * MIB, photo_first=photo_first, Phone=number)
    if pack:
        body, headers = pack(body), headers | {"content-encoding": "gzip"}
    answer = client.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 10240 KiB"})
    delivery = last_delivery(client)
    assert (delivery["outcome"], delivery["error"]) == ("refused", "the body is over 10240 KiB")
    assert (number in delivery["body"]) is not photo_first
    assert 'filename="photo.jpg"' in delivery["body"]
    assert len(delivery["body"]) < 1000
    # Only the photo is cut, so the fields before it can be processed again.
    replayed = client.post(f"/deliveries/{delivery['id']}/replay")
    assert replayed.status_code == (422 if photo_first else 201)
    assert psutil.Process(pid).memory_info().rss - before < 4 * MIB


def test_the_text_of_a_form_is_limited_as_before(api: tuple[httpx2.Client, int]) -> None:
    client, _ = api
    body, headers = form(MIB, Phone=phone(), Comment="x" * 300_000)
    answer = client.post(WEBHOOK, content=body, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("the body is over 256 KiB")
    delivery = last_delivery(client)
    assert (delivery["outcome"], delivery["error"]) == ("refused", answer.json()["detail"])
    body, headers = form(MIB, Phone=phone())
    answer = client.post(WEBHOOK, content=body, headers={"content-type": "application/octet-stream"})
    assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 256 KiB"})
