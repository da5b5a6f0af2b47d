"""Contents of files are removed from a form while it arrives; everything else stays as it was sent."""

import time
import tracemalloc
from collections.abc import Iterable
from email import message_from_bytes
from typing import NamedTuple

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.forms.body.multipart_filter import FileSkipper

BOUNDARY = b"WebKitFormBoundary7MA4YWxk"
DELIMITER = b"\r\n--" + BOUNDARY
# Contents of a file that look like the end of a part, or nearly so.
NEARLY = [DELIMITER[:-1], DELIMITER[2:], DELIMITER + b"x", b"\r\n--", b"\r", b"\n", b"-", b"\0", b"photo"]
CHUNK = 65_536


class Part(NamedTuple):
    """A part of a form: its header lines, its content, and whether it is a file."""

    head: bytes
    content: bytes
    is_file: bool


def encoded(parts: Iterable[Part], *, boundary: bytes = BOUNDARY, with_files: bool = True) -> bytes:
    """Encode a form as browsers do; `with_files=False`: with empty files."""
    body = b"".join(
        b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, part.head, part.content * (with_files or not part.is_file))
        for part in parts
    )
    return body + b"--%s--\r\n" % boundary


def filtered(*chunks: bytes) -> bytes:
    """Filter a body that arrives in these chunks."""
    skipper = FileSkipper()
    return b"".join([skipper.feed(chunk) for chunk in chunks] + [skipper.finish()])


def text(name: str, value: str) -> Part:
    return Part(b'Content-Disposition: form-data; name="%s"' % name.encode(), value.encode(), is_file=False)


def file(name: str, content: bytes, more: bytes = b"\r\nContent-Type: image/jpeg") -> Part:
    head = b'Content-Disposition: form-data; name="%s"; filename="a.jpg"%s' % (name.encode(), more)
    return Part(head, content, is_file=True)


def _ends_no_part(content: bytes) -> bool:
    following = content + DELIMITER
    return all(DELIMITER + end not in following for end in (b"\r\n", b"--", b" ", b"\t"))


contents = st.lists(st.sampled_from(NEARLY) | st.binary(max_size=20), max_size=8).map(b"".join)
names = st.text("абвab\"\\;= '%", min_size=1, max_size=12)
texts = st.builds(
    text, names.map(lambda name: name.replace("\\", "").replace('"', "%22")), st.text(max_size=40)
)
files = st.builds(
    file,
    st.just("photo"),
    contents.filter(_ends_no_part),
    st.sampled_from([b"", b"\r\nContent-Type: image/jpeg", b"\r\nContent-Type: text/plain\r\nX-Empty:"]),
)
cuts = st.lists(st.integers(0, 10_000), max_size=8)


def chunked(body: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Cut a body into chunks, some of which may be empty."""
    places = sorted(cut % (len(body) + 1) for cut in cuts)
    return [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]


@given(st.lists(texts | files, max_size=5), cuts)
@example([file("photo", DELIMITER + b"x"), text("Phone", "+79991234567")], [])
def test_only_the_contents_of_files_are_removed(parts: list[Part], cuts: list[int]) -> None:
    body = encoded(parts)
    assert filtered(*chunked(body, cuts)) == encoded(parts, with_files=False)


def test_each_way_to_cut_a_form_in_two_has_the_same_result() -> None:
    parts = [text("Name", "Анна"), file("photo", b"".join(NEARLY)), file("b", b""), text("Phone", "1")]
    body = encoded(parts)
    for cut in range(len(body) + 1):
        assert filtered(body[:cut], body[cut:]) == encoded(parts, with_files=False)
    assert filtered(*(body[at : at + 1] for at in range(len(body)))) == encoded(parts, with_files=False)


@given(
    st.binary(max_size=400) | contents | st.builds(encoded, st.lists(texts | files, max_size=3)), st.data()
)
def test_a_broken_body_never_raises_and_is_filtered_the_same_in_any_chunks(
    body: bytes, data: st.DataObject
) -> None:
    damage = data.draw(st.sampled_from([b"", b"\r", b'"', b":", DELIMITER, b"--" + BOUNDARY + b"\r\n"]))
    at = data.draw(st.integers(0, len(body)))
    broken = body[:at] + damage + body[data.draw(st.integers(at, len(body))) :]
    kept = filtered(broken)
    assert filtered(*chunked(broken, data.draw(cuts))) == kept
    # What is kept is a subsequence of what was sent.
    sent = iter(broken)
    assert all(byte in sent for byte in kept)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"Name=Anna&Phone=%2B79991234567",
        b"--",
        b"--B",
        b"--B\r\n",
        b"--B--\r\n",
        b"-" * 1000,
        b"--" + b"B" * 1000 + b"\r\nContent-Disposition: form-data; filename=a\r\n\r\nx",
        b"--B\nContent-Disposition: form-data; name=Phone\n\n1\n--B--",
        b"--B\r\nContent Disposition: form-data; filename=a\r\n\r\nx\r\n--B--",
        b"--B\r\nContent-Disposition: form-data; name=Phone\r\n\r\n1",
        b"preamble\r\n--B\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--B--",
        b'--B\r\nContent-Disposition: form-data; name="a; filename=b\r\n\r\nx\r\n--B--',
        b"--B\r\n" + b"X: y\r\n" * 20 + b"Content-Disposition: form-data; filename=a\r\n\r\nx\r\n--B--",
        b"--B\r\nX: " + b"y" * 5000 + b"\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--B--",
    ],
)
def test_a_body_that_cannot_be_filtered_passes_unchanged(body: bytes) -> None:
    assert filtered(body) == body
    assert filtered(body[:7], body[7:]) == body


@pytest.mark.parametrize(
    ("head", "is_file"),
    [
        (b'Content-Disposition: form-data; name="a"; filename="b.jpg"', True),
        (b"content-disposition:form-data;name=a;filename=b.jpg", True),
        (b'Content-Disposition: form-data; name="a"; FileName = "b.txt"\r\nContent-Type: text/plain', True),
        (b"Content-Disposition: form-data; name=a; filename*=UTF-8''%d1%84.jpg", True),
        (b'Content-Disposition: form-data; name="a" filename="b.jpg"', True),
        (b'Content-Disposition: form-data; filename="C:\\b.jpg"; name="a"', True),
        (b'Content-Disposition: form-data; name="a\\"b"; filename="b.jpg"', True),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: image/png', True),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: application/pdf', True),
        (b'Content-Disposition: form-data; name="a"; filename=""\r\nContent-Type: image/png', True),
        (b"X-Only: 1\r\nContent-Type: video/mp4", True),
        (b'Content-Disposition: form-data; name="a"', False),
        (b"Content-Disposition: form-data; name=filename", False),
        (b'Content-Disposition: form-data; name="a; filename=b.jpg"', False),
        (b'Content-Disposition: form-data; name="a\\"; filename=b.jpg"', False),
        (b'Content-Disposition: form-data; name="a"; filename=""', False),
        (
            b'Content-Disposition: form-data; name=a; filename=""\r\nContent-Type: application/octet-stream',
            False,
        ),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-8', False),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: application/json', False),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/form-data', False),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type: application/octet-stream', False),
        (b'Content-Disposition: form-data; name="a"\r\nContent-Type:', False),
    ],
)
def test_a_file_is_recognised_by_its_name_or_its_type(head: bytes, is_file: bool) -> None:
    parts = [Part(head, b"content", is_file), text("Phone", "+79991234567")]
    assert filtered(encoded(parts)) == encoded(parts, with_files=False)


def test_a_nested_multipart_is_kept_whole() -> None:
    inner = encoded([file("b", b"content")], boundary=b"Inner")
    head = b'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=Inner'
    body = encoded([Part(head, inner, is_file=False)])
    assert filtered(body) == body


def test_a_file_that_breaks_off_is_removed_as_far_as_it_came() -> None:
    body = encoded([text("Phone", "1"), file("photo", b"x" * 1000)])
    cut = body.index(b"x" * 1000)
    assert filtered(body[: cut + 500]) == body[:cut]
    assert filtered(body[: cut + 1000] + DELIMITER[:9]) == body[:cut] + DELIMITER[:9]


def test_a_form_of_a_real_client_can_be_parsed_without_its_photo() -> None:
    photo = bytes(range(256)) * 12_288
    form = [("Name", (None, "Анна")), ("photo", ("a.jpg", photo, "image/jpeg")), ("Phone", (None, "+7999"))]
    request = httpx2.Request("POST", "http://api/", files=form)
    body = request.read()
    kept = filtered(*(body[at : at + CHUNK] for at in range(0, len(body), CHUNK)))
    assert len(kept) < 1000
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n"
    parts = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in message_from_bytes(head.encode() + kept).walk()
    ]
    assert parts[1:] == [("Name", None, "Анна".encode()), ("photo", "a.jpg", b""), ("Phone", None, b"+7999")]


@pytest.mark.parametrize("content", [b"photo", b"\r\n--", b"\r\n--Bx"])
def test_memory_stays_flat_and_time_short(content: bytes) -> None:
    # At each repetition of the last one the parser has to look more closely.
    body = encoded([file("photo", content * 200_000), text("Phone", "1")], boundary=b"B")
    chunks = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
    started = time.process_time()
    kept = filtered(*chunks)
    assert time.process_time() - started < 5
    assert kept == encoded([file("photo", b""), text("Phone", "1")], boundary=b"B")
    tracemalloc.start()
    filtered(*chunks[:4])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * CHUNK


@pytest.mark.parametrize("line", [b'"' * 4000, b'\\"' * 2000, b"; filename" * 400, b"x" * 4000])
def test_an_adversarial_head_is_decided_quickly(line: bytes) -> None:
    head = b'Content-Disposition: form-data; name="' + line + b"\r\nContent-Type: text/" + line
    body = encoded([Part(head, b"", is_file=False)] * 60)
    started = time.process_time()
    assert filtered(body) == body
    assert time.process_time() - started < 2
