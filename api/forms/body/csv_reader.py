"""Pure: reads the header and rows of a CSV file as spreadsheets write it."""

import codecs
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from api.forms.body.text_cleaning import decode

# Files of old Macs end their lines with \r alone.
_LINE_END = re.compile(rb"\r\n|\n|\r")
# A cell with more lines has a quote that is not closed.
_MAX_CELL_LINES = 500
_PIECE = 64 * 1024
# In bytes; a row of the longest UTF-8 characters that is longer is refused anyway.
_MAX_LINE = 1024 * 1024 + 1024
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
# Excel writes a number that must stay a text as ="89991234567".
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)


@dataclass(frozen=True)
class CsvRow:
    """One row. `number` is its number in a spreadsheet (the header is 1).

    `cells` is None if it cannot be parsed, and empty for a blank line.
    """

    number: int
    cells: list[str] | None


def read_lines(file: BinaryIO, charset: str | None = None) -> Iterator[str]:
    """Yield the lines of `file` as text, with their ends: in UTF-8, UTF-16, `charset` or Windows-1251.

    Each line is decoded by itself: one bad byte costs one character of one row.
    """
    file.seek(0)
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        file.seek(0)
        yield from _utf16_lines(file)
        return
    file.seek(0)
    is_utf8 = False
    for line in _byte_lines(file):
        try:
            yield line.decode("utf-8-sig")
            is_utf8 = is_utf8 or not line.isascii()
        except UnicodeDecodeError:
            yield line.decode("utf-8", "replace") if is_utf8 else decode(line, charset)


def _byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, also of an old Mac's; of a very long one, only the beginning."""
    line = bytearray()
    while piece := file.readline(_PIECE):
        if piece.endswith(b"\r") and (following := file.read(1)):
            if following == b"\n":
                piece += following
            else:
                file.seek(-1, io.SEEK_CUR)
        start = 0
        for found in _LINE_END.finditer(piece):
            line += piece[start : min(found.end(), start + _MAX_LINE)]
            start = found.end()
            yield bytes(line[:_MAX_LINE])
            line.clear()
        if len(line) < _MAX_LINE:
            line += piece[start:]
    if line:
        yield bytes(line[:_MAX_LINE])


def _utf16_lines(file: BinaryIO) -> Iterator[str]:
    text = io.TextIOWrapper(file, encoding="utf-16", errors="replace", newline="")
    try:
        while line := text.readline(_MAX_LINE):
            yield line
            while len(line) == _MAX_LINE and not line.endswith(("\n", "\r")):
                line = text.readline(_MAX_LINE)
    finally:
        # The file belongs to the caller.
        text.detach()


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
    rows = (CsvRow(number, cells) for number, cells in enumerate(records, start=2))
    return [cell.strip() for cell in header], rows


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
    # A search for two characters takes a tenth of the time: a row may have thousands of cells.
    if '="' not in cell:
        return cell
    match = _TEXT_FORMULA.fullmatch(cell.strip())
    return match.group(1) if match else cell
