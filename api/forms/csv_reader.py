"""Pure: a CSV file, however a spreadsheet wrote it, as its header and its rows."""

import codecs
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

_CHUNK = 64 * 1024
# A cell of more lines than this is a quote that nobody closed.
_MOST_LINES = 500
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
# How Excel keeps a number from being read as one: ="89991234567".
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)


@dataclass(frozen=True)
class CsvRow:
    """One row; `number` as a spreadsheet counts, the header being 1. Without `cells` it cannot be read."""

    number: int
    cells: list[str] | None


def as_text(file: BinaryIO) -> TextIO:
    """The text of `file`, which is UTF-8, UTF-16 or Windows-1251; closing it closes the file."""
    return io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")


def read_csv(text: Iterable[str]) -> tuple[list[str], Iterator[CsvRow]]:
    """The header, and the rows as they are read; cells are separated by commas, semicolons or tabs.

    The header is empty if the file is.
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
    """How the whole of `file` can be read; leaves it at its beginning."""
    file.seek(0)
    found = "utf-16" if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    file.seek(0)
    decoder = codecs.getincrementaldecoder(found)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        found = "cp1251"
    file.seek(0)
    return found


def _delimiter(first: str) -> str:
    bare = _QUOTED.sub("", first)
    return max(",;\t", key=bare.count)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[list[str] | None]:
    """Row after row. A quote that is not closed spoils its own line alone, not all that follow."""
    again: deque[str] = deque()
    while True:
        taken: list[str] = []
        try:
            record = next(csv.reader(_take(lines, again, taken), delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error:
            again.extendleft(reversed(taken[1:]))
            yield _leniently(taken[:1], delimiter)
        else:
            yield [_plain(cell) for cell in record]


def _take(lines: Iterator[str], again: deque[str], taken: list[str]) -> Iterator[str]:
    while len(taken) < _MOST_LINES:
        line = again.popleft() if again else next(lines, None)
        if line is None:
            return
        taken.append(line)
        yield line


def _leniently(line: Iterable[str], delimiter: str) -> list[str] | None:
    try:
        return [_plain(cell) for cell in next(csv.reader(line, delimiter=delimiter), [])]
    except csv.Error:
        return None


def _plain(cell: str) -> str:
    match = _AS_TEXT.fullmatch(cell.strip())
    return match.group(1) if match else cell
