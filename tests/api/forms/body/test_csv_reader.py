"""The CSV reader: files as spreadsheets write them, and damaged files; no row is skipped silently."""

import io
from pathlib import Path

import pytest

from api.forms.body.csv_reader import read_csv, read_lines


def read(text: str | bytes) -> list[list[str] | None]:
    header, rows = read_csv(read_lines(io.BytesIO(text.encode() if isinstance(text, str) else text)))
    return [header, *(row.cells for row in rows)]


RUSSIAN = "Имя;Телефон\r\nАнна;+7 999\r\n"
EXPECTED = [["Имя", "Телефон"], ["Анна", "+7 999"]]


@pytest.mark.parametrize(
    "body",
    [
        RUSSIAN.encode(),
        RUSSIAN.encode("utf-8-sig"),
        RUSSIAN.encode("cp1251"),
        RUSSIAN.encode("utf-16"),
        f"sep=;\r\n{RUSSIAN}".encode(),
        f"sep=;\n{RUSSIAN}".encode("utf-8-sig"),
        RUSSIAN.replace(";", ",").encode(),
        RUSSIAN.replace(";", "\t").encode(),
        RUSSIAN.replace("\r\n", "\n").encode(),
        RUSSIAN.replace("\r\n", "\r").encode(),
        RUSSIAN.rstrip().encode(),
        b'"\xc8\xec\xff";"\xd2\xe5\xeb\xe5\xf4\xee\xed"\r\n"\xc0\xed\xed\xe0";"=""+7 999"""\r\n',
    ],
)
def test_spreadsheet_formats(body: bytes) -> None:
    assert read(body) == EXPECTED


def test_a_bad_byte_costs_one_character_of_one_row() -> None:
    text = "Имя;Телефон\nАнна;1\nМария;2\nЯ;3\n".encode()
    damaged = text.replace("Мария".encode(), "Мар".encode() + b"\xff" + "ия".encode())
    assert read(damaged) == [
        ["Имя", "Телефон"],
        ["Анна", "1"],
        ["Мар\N{REPLACEMENT CHARACTER}ия", "2"],
        ["Я", "3"],
    ]
    lone = text.replace("Я".encode(), b"\xd0")
    assert read(lone)[2:] == [["Мария", "2"], ["\N{REPLACEMENT CHARACTER}", "3"]]


def test_a_declared_charset() -> None:
    lines = read_lines(io.BytesIO("Имя,Phone\nЮлія,1\n".encode("koi8-u")), "koi8-u")
    assert list(lines) == ["Имя,Phone\n", "Юлія,1\n"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1\n1,2,3\n", [["a", "b"], ["1"], ["1", "2", "3"]]),
        ('a,b\n"1\n2",3\n', [["a", "b"], ["1\n2", "3"]]),
        ('a,b\n"say ""hi""",3\n', [["a", "b"], ['say "hi"', "3"]]),
        # A quote in the middle, text after a quote, a quote that is never closed: later rows are unaffected.
        ('a,b\nx"y,1\n2,3\n', [["a", "b"], ['x"y', "1"], ["2", "3"]]),
        ('a,b\n"x" y,1\n2,3\n', [["a", "b"], ["x y", "1"], ["2", "3"]]),
        ('a,b\n1,"x\n2,3\n4,5\n', [["a", "b"], ["1", "x\n"], ["2", "3"], ["4", "5"]]),
        ("a;b,c\n1;2\n", [["a;b", "c"], ["1;2"]]),
        ('"a;b;c",d\n', [["a;b;c", "d"]]),
        ("a\n1\n", [["a"], ["1"]]),
        (f"a,b\n1,{'x' * 200_000}\n2,3\n", [["a", "b"], None, ["2", "3"]]),
        ("", [[]]),
        ("\n", [[]]),
    ],
)
def test_damaged_rows(text: str, rows: list[list[str] | None]) -> None:
    assert read(text) == rows


def test_an_open_quote_affects_only_its_own_line_in_a_long_file() -> None:
    text = "a,b\n" + '1,"open\n' + "2,3\n" * 2000
    _, rows = read_csv(io.StringIO(text))
    numbers = [row.number for row in rows if row.cells == ["2", "3"]]
    assert numbers == list(range(3, 2003))


def test_rows_are_numbered_as_in_a_spreadsheet() -> None:
    _, rows = read_csv(["a,b\n", "1,2\n", "\n", "3,4\n"])
    assert [(row.number, row.cells) for row in rows] == [(2, ["1", "2"]), (3, []), (4, ["3", "4"])]


def test_a_very_long_line_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    for encoding in ("utf-8", "utf-16"):
        path.write_text("phone\n" + "x" * 3_000_000 + "\n+79991234567\n", encoding=encoding, newline="")
        with path.open("rb") as file:
            first, long, last = read_lines(file)
        assert (first, last) == ("phone\n", "+79991234567\n")
        assert 1_000_000 < len(long) < 1_100_000


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_as_the_file_ends_them_also_between_two_pieces(tmp_path: Path, end: str) -> None:
    lines = ["x" * length + end for length in (65_535, 65_534, 10, 65_536, 0, 3)]
    path = tmp_path / "lines.csv"
    path.write_bytes("".join(lines).encode())
    with path.open("rb") as file:
        assert list(read_lines(file)) == lines
