"""Pure: reads the header and rows of a CSV file as spreadsheets write it."""

import codecs
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

_CHUNK_BYTES = 64 * 1024
# A cell with more lines has a quote that is not closed.
_MAX_CELL_LINES = 500
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
# Excel writes a number that must stay a text as ="89991234567".
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)


@dataclass(frozen=True)
class CsvRow:
    """One row. `number` is its number in a spreadsheet (the header is 1); no `cells`: it cannot be parsed."""

    number: int
    cells: list[str] | None


def as_text(file: BinaryIO) -> TextIO:
    """Decode `file` as UTF-8, UTF-16 or Windows-1251; closing the result closes the file."""
    return io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")


def read_csv(text: Iterable[str]) -> tuple[list[str], Iterator[CsvRow]]:
    """Return the header and an iterator of the rows. Separators: commas, semicolons or tabs.

    The header is empty if the file is empty.
    """
    lines = iter(text)
    first = next(lines, "")
    if match := _SEP_LINE.fullmatch(first):
        delimiter = match.group(1)
    else:
        delimiter, lines = _delimiter(first), itertools.chain([first], lines)
    records = _records(lines, delimiter)
    header = next(records, None) or []
    rows = (CsvRow(number, cells) for number, cells in enumerate(records, start=2) if cells != [])
    return [cell.strip() for cell in header], rows


def _encoding(file: BinaryIO) -> str:
    """Return an encoding that decodes all of `file`; rewinds the file."""
    file.seek(0)
    encoding = "utf-16" if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        encoding = "cp1251"
    file.seek(0)
    return encoding


def _delimiter(first: str) -> str:
    unquoted = _QUOTED.sub("", first)
    return max(",;\t", key=unquoted.count)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[list[str] | None]:
    """Yield the rows. A quote that is not closed affects only its own line, not the following ones."""
    pushed_back: deque[str] = deque()
    while True:
        taken: list[str] = []
        try:
            record = next(csv.reader(_take(lines, pushed_back, taken), delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error:
            pushed_back.extendleft(reversed(taken[1:]))
            yield _parse_leniently(taken[:1], delimiter)
        else:
            yield [_plain(cell) for cell in record]


def _take(lines: Iterator[str], pushed_back: deque[str], taken: list[str]) -> Iterator[str]:
    while len(taken) < _MAX_CELL_LINES:
        line = pushed_back.popleft() if pushed_back else next(lines, None)
        if line is None:
            return
        taken.append(line)
        yield line


def _parse_leniently(line: Iterable[str], delimiter: str) -> list[str] | None:
    try:
        return [_plain(cell) for cell in next(csv.reader(line, delimiter=delimiter), [])]
    except csv.Error:
        return None


def _plain(cell: str) -> str:
    match = _TEXT_FORMULA.fullmatch(cell.strip())
    return match.group(1) if match else cell
