"""What a call says about itself: the test call, and the sender's id of the submission."""

import json

import pytest

from api.forms.fields import Field
from api.forms.form import Form
from api.forms.submission_ids import is_probe, sender_id, tilda_key
from tests.support.forms import read_fields


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
        return tilda_key(Form(Field(name, value) for name, value in fields.items()))

    assert key(tranid="1:2") == key(TranId=" 1:2 ") == "1:2"
    assert key(tranid="1:2", formid="f") not in {key(tranid="1:2"), key(tranid="1:2", formid="g"), None}
    assert key(formid="f") is key(tranid="", formid="f") is key(tranid="null") is None
    assert len(key(tranid="9" * 10_000, formid="f" * 10_000) or "") < 300


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"eventId": "e1"}, "e1"),
        ({"submissionId": 17}, "17"),
        ({"submissionID": "5901", "eventId": "e1"}, "5901"),
        ({"leadgen_id": "44"}, "44"),
        ({"lead_id": "x"}, "x"),
        ({"form_response": {"token": "t1", "answers": [{"key": "Phone", "value": "+79990009401"}]}}, "t1"),
        ({"token": "t1"}, None),
        ({"id": "7"}, None),
        ({"eventId": None}, None),
    ],
)
def test_the_id_of_other_senders(fields: dict[str, object], expected: str | None) -> None:
    body = json.dumps({"phone": "+79990009401", **fields}).encode()
    assert sender_id(read_fields(body)) == expected
