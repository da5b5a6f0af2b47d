"""Random calls of the webhook: mutated real bodies, random forms and JSON, and noise."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote_plus

from tests.support import form_bodies, tilda_bodies

BODIES = [(case.body, case.content_type) for case in (*tilda_bodies.CASES, *form_bodies.CASES)]

KEYS = ["Name", "Phone", "Телефон", "data", "fields", "post", "value", "title", "name", "token", "tranid"]
KEYS += ["user[phone]", "leads", "name[]", "Контакт", "manager_phone", "type", "answers", "label"]
KEYS += ["test", "COOKIES", "messenger-id", "messenger-type", "payment", "formid", "utm", "Phone_2", ""]
VALUES = [
    "+79991234567",
    "@anna_k",
    "Анна",
    "null",
    "test",
    "89991234567 доб. 3",
    "t.me/anna_k",
    "\x00",
    "\ud800",
]
VALUES += [
    "{",
    '{"Phone": "+79991234567"}',
    "\u202eанна",
    "👩‍💻",
    "x" * 300,
    "9" * 60,
    "=&%zz+",
    "\r\n\r\n--B",
]
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "text/plain",
]
TYPES += [
    "multipart/form-data",
    "application/json; charset=utf-16",
    "text/html; charset=koi8-r",
    "x/" * 200,
    "",
]
TYPES += ["application/octet-stream", 'multipart/form-data; boundary="', "application/json;charset=no-such"]
TOKENS = [
    b"&",
    b"=",
    b"%",
    b"%00",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"{",
    b"[",
    b"]",
    b"}",
    b"\\u0000",
    b"\\ud800",
]
TOKENS += [b"1e999", b"null", b"--B\r\n", b"\r\n\r\n", b"9" * 5000, b"[" * 3000, b'{"data":' * 500, b"token="]


SOURCES = ["tilda", "tilda", "albato", "my-crm"]


@dataclass(frozen=True)
class Call:
    """A POST to the webhook of `source`."""

    source: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    is_chunked: bool = False
    query: str = ""


def calls(seed: int) -> Iterator[Call]:
    """Generate calls without end; the same seed gives the same calls."""
    chance = Random(seed)
    while True:
        known_body, known_type = chance.choice(BODIES)
        makers = (_mutated, _mutated, _mutated, _spliced, _form, _json, _noise)
        body = chance.choice(makers)(chance, known_body)
        if chance.random() < 0.005:
            body = (body or b"x") * chance.randrange(1, 400_000 // max(len(body), 1) + 2)
        kind = known_type if chance.random() < 0.6 else chance.choice(TYPES)
        headers = {"Content-Type": kind} if kind is not None else {}
        if chance.random() < 0.1:
            headers["X-" + chance.choice(("Tilda-Token", "Request-ID", "Forwarded-For"))] = _header(chance)
        if chance.random() < 0.1:
            headers["Idempotency-Key"] = chance.choice(("1", "2", _header(chance)))
        if chance.random() < 0.05:
            body, headers["Content-Type"] = _with_photo(chance), "multipart/form-data; boundary=B"
        if chance.random() < 0.03:
            body, headers["Content-Encoding"] = _packed(chance, body)
        query = "?" + _quoted_query(chance) if chance.random() < 0.1 else ""
        yield Call(chance.choice(SOURCES), body, headers, chance.random() < 0.1, query)


def _mutated(chance: Random, body: bytes) -> bytes:
    grown = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(grown) + 1)
        end = min(len(grown), at + chance.choice((1, 2, 5, 20)))
        match chance.randrange(5):
            case 0:
                grown[at:end] = chance.randbytes(end - at)
            case 1:
                del grown[at:end]
            case 2:
                grown[at:at] = chance.choice(TOKENS)
            case 3:
                grown[at:at] = grown[at:end] * chance.choice((1, 2, 50))
            case _:
                del grown[at:]
    return bytes(grown)


def _spliced(chance: Random, body: bytes) -> bytes:
    other, _ = chance.choice(BODIES)
    return body[: chance.randrange(len(body) + 1)] + other[chance.randrange(len(other) + 1) :]


def _form(chance: Random, _: bytes) -> bytes:
    pairs = ((chance.choice(KEYS), chance.choice(VALUES)) for _ in range(chance.choice((1, 3, 9, 1100))))
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in pairs).encode()


def _with_photo(chance: Random) -> bytes:
    """Return a form with a photo, which may be over the limit of a form, or break off."""
    photo = chance.randbytes(chance.choice((0, 10, 3000, 400_000)))
    parts = [("photo", '; filename="1.jpg"\r\nContent-Type: image/jpeg', photo)]
    parts += [(chance.choice(KEYS), "", chance.choice(VALUES).encode("utf-8", "replace")) for _ in range(3)]
    chance.shuffle(parts)
    head = '--B\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = b"".join(head.format(name, more).encode() + value + b"\r\n" for name, more, value in parts)
    return body + chance.choice((b"--B--\r\n", b""))


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


def _quoted_query(chance: Random) -> str:
    pairs = ((chance.choice([*KEYS, "ok"]), chance.choice([*VALUES, "200"])) for _ in range(3))
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in pairs)


def _json(chance: Random, _: bytes) -> bytes:
    return json.dumps(_tree(chance, 0), ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _tree(chance: Random, depth: int) -> Any:  # noqa: ANN401 - JSON
    leaf = chance.random()
    if depth > 6 or (depth and leaf < 0.5):
        return chance.choice((None, True, 79991234567, 1.5, float("nan"), 10**50, chance.choice(VALUES)))
    if leaf < 0.65:
        return [_tree(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(KEYS): _tree(chance, depth + 1) for _ in range(chance.randrange(5))}


def _noise(chance: Random, _: bytes) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 2, 30, 3000)))


def _header(chance: Random) -> str:
    return "".join(
        chr(chance.choice((chance.randrange(33, 127), chance.randrange(161, 256)))) for _ in range(20)
    )


def _packed(chance: Random, body: bytes) -> tuple[bytes, str]:
    match chance.randrange(4):
        case 0:
            return gzip.compress(body), "gzip"
        case 1:
            return zlib.compress(body * 50), "deflate"
        case 2:
            return gzip.compress(body)[: chance.randrange(20)], "gzip"
        case _:
            return body, chance.choice(("br", "gzip", "deflate", "identity", "gzip, gzip", "\xe9"))
