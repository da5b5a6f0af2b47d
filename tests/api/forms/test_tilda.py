"""The form parser: more than eighty real bodies, and arbitrary bytes."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.forms.body_parser import Field, read_fields
from api.forms.field_roles import Role, role_of
from api.forms.text_cleaning import clean, one_line
from api.forms.tilda import is_probe, read_lead, submission_key
from shared.contacts import ContactError
from tests.api.forms.tilda_table import MARK, PAGE, table
from tests.support.tilda_bodies import CASES, FORM, PHONE, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_bodies_of_real_forms(case: Case) -> None:
    lead = read_lead(read_fields(case.body, case.content_type))
    phone = lead.contact.phone
    assert (lead.name, phone and phone.e164, lead.contact.username) == (case.name, case.phone, case.username)
    for key, value in case.extra.items():
        assert lead.extra.get(key) == value


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 80
    assert len({case.title for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("Hotel name", None),
        ("Есть ли у вас сайт?", None),
        ("Email", None),
        ("Дима и мясо", None),
        ("iPhone model", None),
        ("Фиолетовый", None),
        ("token", None),
        ("Имя ребёнка", None),
        ("Как зовут ребёнка", None),
        ("WhatsApp", Role.PHONE),
        ("Контакт", Role.CONTACT),
        ("Как с вами связаться?", Role.CONTACT),
        ("Как к вам обращаться?", Role.NAME),
        ("Surname", Role.LAST_NAME),
        ("nickname", Role.USERNAME),
    ],
)
def test_the_role_of_a_field_name(key: str, role: Role | None) -> None:
    assert role_of(key) is role


@pytest.mark.parametrize(
    "body",
    ["", "Name=Анна", "Name=Анна&Phone=", "Phone=нет", "Email=a@b.ru", "hello", "{", "[]", "[[[[", "null",
     "{}",
     "Phone=перезвоните&Telegram=да",
     "messenger-type=vk&messenger-id=durov", "Мессенджер=Telegram"],
)  # fmt: skip
def test_a_body_without_a_valid_contact(body: str) -> None:
    with pytest.raises(ContactError):
        read_lead(read_fields(body.encode()))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"test=test", True),
        (b"test=test\r\n", True),
        (b"token=x&test=test", True),
        (b'{"test": "test"}', True),
        (b"test=test&Name=x", False),
        (b"test=1", False),
        (b"", False),
    ],
)
def test_the_test_call_is_recognised(body: bytes, expected: bool) -> None:
    assert is_probe(read_fields(body)) is expected


def test_the_key_of_a_submission() -> None:
    def key(**fields: str) -> str | None:
        return submission_key([Field(name, value) for name, value in fields.items()])

    assert key(tranid="1:2") == key(TranId=" 1:2 ") == "1:2"
    assert key(tranid="1:2", formid="f") not in {key(tranid="1:2"), key(tranid="1:2", formid="g"), None}
    assert key(formid="f") is key(tranid="", formid="f") is key(tranid="null") is None
    assert len(key(tranid="9" * 10_000, formid="f" * 10_000) or "") < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
keys = st.text(max_size=12) | st.sampled_from(
    [
        "Name",
        "Phone",
        "data",
        "fields",
        "post",
        "messenger-type",
        "messenger-id",
        "Имя",
        "Телефон",
        "tranid",
        "test",
        "value",
        "title",
        "COOKIES",
    ]
)


@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
@example(b"[" * 5000, None)
@example(b'{"a":' * 5000, "application/json")
@example(b"--" + b"a" * 10, "multipart/form-data; boundary=")
def test_arbitrary_bytes_never_crash_it(body: bytes, content_type: str | None) -> None:
    fields = read_fields(body, content_type)
    is_probe(fields)
    try:
        json.dumps(read_lead(fields).extra, allow_nan=False).encode()
    except ContactError as refusal:
        assert str(refusal)  # noqa: PT017 - a lead and a ContactError are both correct


@given(st.dictionaries(keys, json_values, max_size=8))
def test_arbitrary_json_never_crashes_it(value: dict[str, Any]) -> None:
    fields = read_fields(json.dumps(value | {"Phone": PHONE}).encode())
    extra = read_lead(fields).extra
    json.dumps(extra, allow_nan=False).encode()


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=10))
def test_no_field_is_lost(pairs: list[tuple[str, str]]) -> None:
    pairs = [(f"q{key}", f"<{value}>") for key, value in pairs]
    lead = read_lead(read_fields(urlencode([*pairs, ("Phone", PHONE)]).encode(), FORM))
    for _, value in pairs:
        assert clean(value) in lead.extra.values() or one_line(value) in lead.name


def test_the_table_in_the_docs_matches_the_parser() -> None:
    assert PAGE.read_text("utf-8").partition(MARK)[2] == "\n" + table()
