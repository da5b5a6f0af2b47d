"""The type of a case, and short constructors for bodies and expected leads."""

import json
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

Strength = Literal["strong", "weak"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----FormBoundary7MA4YWxk"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class Expected(NamedTuple):
    """A lead that the reader must find; `phone` is in E.164, `username` has no @."""

    name: str
    phone: str | None
    username: str | None
    phone_evidence: Strength | None
    username_evidence: Strength | None


class Case(NamedTuple):
    """A call of the webhook. `leads` is empty if the call must be refused; `query` has no question mark."""

    title: str
    sender: str
    body: bytes
    content_type: str | None
    leads: tuple[Expected, ...]
    query: str = ""


def by_phone(
    name: str, phone: str, strength: Strength = "strong", *, telegram: str | None = None
) -> Expected:
    """Return a lead with a phone, and with a strong username if `telegram` is set."""
    return Expected(name, phone, telegram, strength, "strong" if telegram else None)


def by_username(name: str, username: str, strength: Strength = "strong") -> Expected:
    """Return a lead that has a username only."""
    return Expected(name, None, username, None, strength)


def json_case(title: str, sender: str, value: Any, *leads: Expected, query: str = "") -> Case:  # noqa: ANN401 - JSON
    """Return a case with a JSON body."""
    return Case(title, sender, json.dumps(value, ensure_ascii=False).encode(), JSON, leads, query)


def form_case(title: str, sender: str, fields: dict[str, str], *leads: Expected, query: str = "") -> Case:
    """Return a case with an urlencoded body."""
    return Case(title, sender, urlencode(fields).encode(), FORM, leads, query)


def query_case(title: str, sender: str, fields: dict[str, str], *leads: Expected) -> Case:
    """Return a case without a body: all fields are in the query string."""
    return Case(title, sender, b"", None, leads, urlencode(fields))


def multipart_case(title: str, sender: str, fields: dict[str, str], *leads: Expected) -> Case:
    """Return a case with a multipart body."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return Case(title, sender, f"{''.join(parts)}--{BOUNDARY}--\r\n".encode(), MULTIPART, leads)
