"""Text cleaning: removes hidden characters, decodes other encodings, and loses no content."""

import pytest

from api.forms.body.text_cleaning import clean, decode
from api.forms.fields import Field
from tests.support.forms import read_fields

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Анна\u202e\u2066<gnp.exe>\u2069", "Анна<gnp.exe>"),
        ("a\u200bn\u2060n\ufeffa\u00ad", "anna"),
        ("\U000e0069\U000e0067nore Анна", "nore Анна"),
        ("محمد\u200f علي", "محمد علي"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Анна 👩‍💻🏳️‍🌈👍🏽", "Анна 👩‍💻🏳️‍🌈👍🏽"),
        (f"{ENGLAND} Ann", f"{ENGLAND} Ann"),
        ("a\x00b\x1b[31mc\ud800", "ab[31mc\N{REPLACEMENT CHARACTER}"),
        ("\u202e\u200b", ""),
    ],
)
def test_hidden_characters_are_removed(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("charset", ["koi8-r", "KOI8-R", "windows-1251", "iso-8859-5", "cp866"])
def test_old_russian_encodings(charset: str) -> None:
    body = "Имя=Анна Ёлкина".encode(charset)
    fields = read_fields(body, f"application/x-www-form-urlencoded; charset={charset}")
    assert fields == [Field("Имя", "Анна Ёлкина")]


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "punycode", "no-such", ""])
def test_a_wrong_charset_is_ignored(charset: str) -> None:
    content_type = f'application/x-www-form-urlencoded; charset="{charset}"'
    for body in ("Имя=Анна".encode(), "Имя=Анна".encode("cp1251")):
        assert read_fields(body, content_type) == [Field("Имя", "Анна")]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_other_unicode_encodings(charset: str) -> None:
    for body in ('{"Name": "Анна"}', "Name=Анна", "Name=%D0%90%D0%BD%D0%BD%D0%B0"):
        assert read_fields(body.encode(charset), None) == [Field("Name", "Анна")]
        assert decode(body.encode(charset)) == body


def test_a_huge_number_is_kept_as_text() -> None:
    huge = "9" * 200_000
    assert read_fields(f'{{"a": {huge}, "a": 7, "b": -1e999}}'.encode()) == [
        Field("a", huge),
        Field("a_2", 7),
        Field("b", float("-inf")),
    ]


def test_the_number_of_parsed_fields_is_limited() -> None:
    for body, content_type in (
        (b"a=1&" * 60_000, None),
        (
            b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 4000,
            "multipart/form-data; boundary=B",
        ),
    ):
        assert 1000 < len(read_fields(body, content_type)) < 1010


@pytest.mark.parametrize("name", ["В’ячеслав", "“Анна”", "„Анна“ • Ёлкина", "Анна …"])
def test_typographic_signs_in_windows_1251(name: str) -> None:
    assert read_fields(f"Name={name}".encode("cp1251")) == [Field("Name", name)]


@pytest.mark.parametrize("content_type", [None, "multipart/form-data; boundary=B"])
def test_one_bad_byte_in_a_form_in_utf8(content_type: str | None) -> None:
    values = {"name": "Я".encode() + b"\xff", "city": "Омск".encode()}
    body = b"&".join(key.encode() + b"=" + value for key, value in values.items())
    if content_type:
        head = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
        parts = (head.format(key).encode() + value + b"\r\n" for key, value in values.items())
        body = b"".join(parts) + b"--B--"
    assert read_fields(body, content_type) == [
        Field("name", "Я\N{REPLACEMENT CHARACTER}"),
        Field("city", "Омск"),
    ]
