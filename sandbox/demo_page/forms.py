"""Pure: the sample forms of the demo's website, and the request that each form's service sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from sandbox.demo_page.texts import Texts
from sandbox.fake_telegram.state.people import Person

KINDS: Final = ("tilda", "quiz", "username", "spam")
# The fields of each form, in the order of the page.
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "tilda": ("name", "phone", "wish"),
    "quiz": ("name", "phone", "budget", "wish"),
    "username": ("telegram", "wish"),
    "spam": ("name", "email", "wish"),
}
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Outgoing:
    """The webhook call that the form's service makes."""

    path: str
    content_type: str
    body: bytes

    @property
    def shown(self) -> str:
        """The request as the page shows it."""
        return f"POST {self.path}\nContent-Type: {self.content_type}\n\n{self.body.decode()}"


def sample(kind: str, person: Person, texts: Texts) -> list[dict[str, str]]:
    """Return the form's fields with the values that this visitor would enter."""
    values = {
        "name": f"{person.name} {person.last_name}".strip(),
        "phone": pretty_phone(person.phone or ""),
        "telegram": f"@{person.username}",
        "email": "best-seo@mail.example",
        "budget": texts("sample.budget"),
        "wish": texts(f"sample.{kind}"),
    }
    if kind == "spam":
        values["name"] = texts("sample.spam_name")
    return [{"name": name, "label": texts(f"field.{name}"), "value": values[name]} for name in _FIELDS[kind]]


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the names of a form's fields."""
    return _FIELDS[kind]


def outgoing(kind: str, fields: Mapping[str, str], number: str) -> Outgoing:
    """Return the call for a filled-in form; `number` identifies this submission."""
    if kind == "quiz":
        return _quiz(fields, number)
    if kind == "username":
        pairs = {"telegram": fields["telegram"], "message": fields["wish"], "utm_source": "instagram"}
        return Outgoing("/leads/webhooks/landing", _FORM, urlencode(pairs).encode())
    names = {"name": "Name", "phone": "Phone", "email": "Email", "wish": "Comments"}
    tilda = {names[key]: fields[key] for key in _FIELDS[kind]}
    tilda |= {"tranid": f"{number}:{number}", "formid": "form123456789", "utm_source": "google"}
    return Outgoing("/leads/webhooks/tilda", _FORM, urlencode(tilda).encode())


def _quiz(fields: Mapping[str, str], number: str) -> Outgoing:
    """A quiz builder sends JSON: questions with answers, and contacts apart."""
    call: dict[str, Any] = {
        "quiz": {"id": "q-42", "name": "Website cost"},
        "submission_id": number,
        "answers": [
            {"question": "What do you need?", "answer": fields["wish"]},
            {"question": "Budget", "answer": fields["budget"]},
        ],
        "contacts": {"name": fields["name"], "phone": fields["phone"]},
    }
    body = json.dumps(call, ensure_ascii=False, indent=1).encode()
    return Outgoing("/leads/webhooks/quiz", "application/json", body)


def pretty_phone(digits: str) -> str:
    """Return a Russian phone number as people write it."""
    if len(digits) != 11:
        return f"+{digits}"
    return f"+{digits[0]} {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
