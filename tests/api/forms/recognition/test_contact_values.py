"""The quick look at a text for contacts agrees with the whole search."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.forms.recognition.contact_values import find_contacts, may_state_contact

PIECES = st.sampled_from(
    [
        *(
            "+7",
            "8",
            "(999)",
            "00",
            "123",
            "45-67",
            "4567",
            " ",
            "-",
            ", ",
            ".",
            "x",
            "доб. 5",
            "Анна",
            "Anna_k",
        ),
        *(
            "@anna_k",
            "tg",
            "тг:",
            "Телеграм",
            "TELEGRAM ",
            "télégram ",
            "t.me/anna_k",
            "tg://resolve?domain=",
        ),
        *(
            "wa.me/79990000001",
            "https://",
            "９９９",
            "٧٧",
            "\u00a0",
            "мой",
            "телега ",
            "в",
            "999",
            "00 7 999",
        ),
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
@settings(max_examples=600, deadline=None)
def test_no_stated_contact_is_overlooked(text: str) -> None:
    """A contact that is stated without being asked for: written as a phone, or said to be Telegram's."""
    found = find_contacts(text, region="RU")
    is_stated = any(phone.is_written_as_phone for phone in found.phones) or any(
        username.says_telegram for username in found.usernames
    )
    assert may_state_contact(text) or not is_stated


@pytest.mark.parametrize("text", ["Анна", "Anna Smith", "Нужен сайт, бюджет 200000 р.", "order 79990001122"])
def test_ordinary_texts_are_left_alone(text: str) -> None:
    assert not may_state_contact(text)
