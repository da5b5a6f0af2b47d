"""The original bytes can be restored from a stored delivery."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.forms.body.raw_body import ESCAPED, UTF_8, WINDOWS_1251, to_bytes, to_text


@given(st.binary(max_size=200))
@example(rb"\x41\x5cx")
@example(b"\x00\\x00")
def test_any_bytes_can_be_restored(body: bytes) -> None:
    text, charset = to_text(body)
    assert "\x00" not in text
    assert to_bytes(text, charset) == body.removeprefix(b"\xef\xbb\xbf" if charset == UTF_8 else b"")


@pytest.mark.parametrize(
    ("body", "text", "charset"),
    [
        ("Имя=Анна".encode(), "Имя=Анна", UTF_8),
        (rb"Name=\xff", r"Name=\xff", UTF_8),
        ("Имя=Анна".encode("cp1251"), "Имя=Анна", WINDOWS_1251),
        ("Имя=Анна\0".encode(), r"Имя=Анна\x00", ESCAPED),
        (b"\x89PNG=\xff", r"\x89PNG=\xff", ESCAPED),
    ],
)
def test_text_and_charset(body: bytes, text: str, charset: str) -> None:
    assert to_text(body) == (text, charset)


def test_a_masked_body_can_be_restored() -> None:
    text, charset = to_text("token=секрет-1&Имя=Анна".encode("cp1251"))
    assert to_bytes(text.replace("секрет-1", "***"), charset) == "token=***&Имя=Анна".encode("cp1251")
