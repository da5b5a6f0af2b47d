"""A bare word in a phone field is nobody's username."""

import pytest

from shared.contacts import Contact, ContactError, Phone, read_contact

MOBILE = "+79991234567"


@pytest.mark.parametrize("word", ["anna_k", "Russia", "none_yet"])
def test_a_bare_word_in_the_phone_field_is_nobody(word: str) -> None:
    with pytest.raises(ContactError):
        read_contact(word, None)
    # Unless the two fields were swapped.
    assert read_contact(word, MOBILE) == Contact(Phone(MOBILE, MOBILE), word)
