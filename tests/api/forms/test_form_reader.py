"""The form parser: the bodies of real forms, and arbitrary bytes."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import to_json

from api.forms.body.body_parser import parse_body
from api.forms.body.text_cleaning import clean, one_line
from api.forms.envelopes.envelope import people_in
from api.forms.form_reader import read_call, read_lead
from api.forms.submission_ids import is_probe
from shared.contacts import ContactError
from tests.api.forms.lead_table import MARK, PAGE, table
from tests.support.forms import read_form
from tests.support.tilda_bodies import CASES, FORM, PHONE, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_bodies_of_real_forms(case: Case) -> None:
    lead = read_form(case.body, case.content_type)
    phone = lead.contact.phone
    assert (lead.name, phone and phone.e164, lead.contact.username) == (case.name, case.phone, case.username)
    for key, value in case.extra.items():
        assert lead.extra.get(key) == value


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 80
    assert len({case.title for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    "body",
    ["", "Name=Анна", "Name=Анна&Phone=", "Phone=нет", "Email=a@b.ru", "hello", "{", "[]", "[[[[", "null",
     "{}",
     "Phone=перезвоните&Telegram=да",
     "messenger-type=vk&messenger-id=durov", "Мессенджер=Telegram"],
)  # fmt: skip
def test_a_body_without_a_valid_contact(body: str) -> None:
    with pytest.raises(ContactError):
        read_form(body.encode())


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
    for fields in people_in(parse_body(body, content_type).value):
        is_probe(fields)
        try:
            json.dumps(read_lead(fields).extra, allow_nan=False).encode()
        except ContactError as refusal:
            assert str(refusal)  # noqa: PT017 - a lead and a ContactError are both correct


@given(st.dictionaries(keys, json_values, max_size=8))
@example({"\ud800post": {"Phone": PHONE}, "\ud800": {"Name": "\ud800"}})
@example({"()": None, " - ": "", "Phone ()": "+7", "?": "x"})
def test_arbitrary_json_never_crashes_it(value: dict[str, Any]) -> None:
    leads = read_call(json.dumps(value | {"Phone": PHONE}).encode())
    assert leads
    for lead in leads:
        # As the database gets it: a lone surrogate cannot be encoded.
        to_json([lead.extra, lead.evidence, lead.name])


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=10))
def test_no_field_is_lost(pairs: list[tuple[str, str]]) -> None:
    pairs = [(f"q{key}", f"<{value}>") for key, value in pairs]
    lead = read_form(urlencode([*pairs, ("Phone", PHONE)]).encode(), FORM)
    for _, value in pairs:
        assert clean(value) in lead.extra.values() or one_line(value) in lead.name


def test_the_table_in_the_docs_matches_the_parser() -> None:
    assert PAGE.read_text("utf-8").partition(MARK)[2] == "\n" + table()


def _nested(depth: int) -> object:
    return "x" if depth == 0 else {key: _nested(depth - 1) for key in "ab"}


@pytest.mark.parametrize("make", [
    lambda size: {"fields": [{"id": f"f{at}", "title": "question"} for at in range(size)]},
    lambda size: {"fields": [{"name": f"f{at}", "value": "x"} for at in range(size)]},
    lambda size: [{"name": "Анна", "phone": f"+7999{at:07d}"} for at in range(size)],
    lambda size: {f"Phone {at}": "+7999" for at in range(size)},
    lambda size: {"contact": "@a " * size, "phone": "1 " * size},
    lambda size: {"a": [_nested(5)] * (size // 64)},
], ids=["titles", "pairs", "people", "phones", "texts", "nested"])  # fmt: skip
def test_the_time_grows_with_the_size_only(make: Callable[[int], object]) -> None:
    def seconds(size: int) -> float:
        body = json.dumps(make(size)).encode()
        began = time.process_time()
        read_call(body)
        return time.process_time() - began

    seconds(100)
    small = min(seconds(500) for _ in range(3))
    # Four times as large: a quadratic reader would take sixteen times as long.
    assert min(seconds(2000) for _ in range(3)) < 10 * small + 0.05
