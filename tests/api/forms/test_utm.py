"""UTM parameters in every form that `extra` can have."""

from typing import Any

import pytest

from api.forms.utm import PARTS, read_utm


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, {}),
        (
            {"utm_source": " yandex ", "UTM_Medium": "cpc", "utm_term": ""},
            {"source": "yandex", "medium": "cpc"},
        ),
        ({"utm": {"utm_source": "google", "utm_term": "a b"}}, {"source": "google", "term": "a b"}),
        ({"utm": {"source": "google", "content": 7}}, {"source": "google", "content": "7"}),
        (
            {"utm": {"utm_source": "old", "utm_term": "t"}, "utm_source": "new"},
            {"source": "new", "term": "t"},
        ),
        ({"utm_source": None, "utm": "none", "utm_term": ["a"], "utm_content": True}, {}),
        ({"utm_campaign": "first", "UTM_CAMPAIGN": "second"}, {"campaign": "first"}),
    ],
)
def test_utm_of_extra(extra: dict[str, Any], expected: dict[str, str]) -> None:
    assert read_utm(extra) == dict.fromkeys(PARTS) | expected
