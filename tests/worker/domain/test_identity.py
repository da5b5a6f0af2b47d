"""A contact of a form, compared with what Telegram shows about a person."""

import pytest

from worker.domain import identity
from worker.domain.telegram_port import Sender

ANNA = Sender(1, 2, ("Anna", "anna_nft"), "79161234501")


@pytest.mark.parametrize(
    ("username", "expected"), [("anna", True), ("@ANNA_NFT", True), ("anna_", False), ("", False)]
)
def test_any_active_username_counts(username: str, expected: bool) -> None:
    assert identity.has_username(ANNA, username) is expected


@pytest.mark.parametrize(
    ("shown", "given", "is_same"),
    [
        ("79161234501", "+79161234501", True),
        ("79161234501", "+79161234502", False),
        ("525512345678", "+5215512345678", True),
        ("5491123456789", "+541123456789", True),
        ("5511912345678", "+551112345678", True),
        ("79161234501", "+380161234501", False),
        ("7916123450", "+79161234501", False),
    ],
)
def test_a_shown_phone_is_compared_by_its_digits(shown: str, given: str, is_same: bool) -> None:
    person = Sender(1, 2, phone=shown)
    assert identity.has_phone(person, given) is is_same
    assert identity.has_other_phone(person, given) is not is_same


def test_a_hidden_phone_proves_nothing() -> None:
    hidden = Sender(1, 2)
    assert not identity.has_phone(hidden, "+79161234501")
    assert not identity.has_other_phone(hidden, "+79161234501")
