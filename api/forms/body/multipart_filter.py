"""Pure: removes the contents of files from a multipart body while it arrives, and keeps all other bytes."""

import re
from itertools import chain

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

# Senders use two or three headers in a part. The parser also limits each of them, to 4 KiB.
_MAX_HEADERS = 16
# RFC 2046 allows 70 bytes for a boundary.
_MAX_BOUNDARY = 200
# The first line is "--" and the boundary; empty lines may come before it.
_MAX_START = _MAX_BOUNDARY + 20
# A quote that is never closed extends to the end.
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
# `filename=x` or `filename*=UTF-8''x`, but not `filename=""`: no file was chosen.
_FILE_NAME = re.compile(rb'(?:^|[;\s])filename[*\d]*\s*=\s*(?!"")[^;\s]', re.IGNORECASE)
# The types of values. `octet-stream` only means that the type is unknown.
_VALUE_TYPE = re.compile(
    rb"\s*(?:\Z|text/|multipart/|message/|application/(?:octet-stream|x-www-form-urlencoded)"
    rb"|[\w.-]+/(?:[\w.-]+\+)?(?:json|xml)\b)",
    re.IGNORECASE,
)


class FileSkipper:
    """Filters one body: call `feed` with each of its chunks, then `finish` once.

    The result is the body without the contents of its files. The head of a file, with its name, stays: the
    result is a multipart body with the same boundary, and all other parts are unchanged. A body that is not
    multipart, and the rest of a broken one, pass unchanged. No method raises. Between two calls only a first
    line, the head of a part or a possible delimiter is held.
    """

    def __init__(self) -> None:
        self._parser: MultipartParser | None = None
        self._is_passing = False
        self._head = _PartHead()
        # The last bytes that were fed: an incomplete first line, or what may still belong to a file.
        self._held = b""
        self._max_held = 0
        self._chunk = b""
        # Where each piece of a file begins and ends in `_held + _chunk`.
        self._cuts: list[tuple[int, int]] = []

    @property
    def is_in_file(self) -> bool:
        """True if what was fed ends in a file: then all fields before it are whole."""
        return self._parser is not None and not self._is_passing and self._head.is_file

    def feed(self, chunk: bytes) -> bytes:
        """Return the next bytes to keep; the last ones may be returned by a later call."""
        if self._is_passing:
            return chunk
        if self._parser is None:
            chunk, self._held = self._held + chunk, b""
            boundary = _find_boundary(chunk)
            if boundary is None:
                self._held = chunk
                return b""
            if not boundary:
                self._is_passing = True
                return chunk
            self._parser = self._new_parser(boundary)
        return self._filter(self._parser, chunk)

    def finish(self) -> bytes:
        """Return the rest of the bytes to keep."""
        held, self._held = self._held, b""
        return held

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        self._max_held = len(b"\r\n--" + boundary + b"\r\n")
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._head.clear,
                "on_header_field": self._head.add_name,
                "on_header_value": self._head.add_value,
                "on_header_end": self._head.end_header,
                "on_headers_finished": self._head.end,
                "on_part_data": self._cut,
            },
            max_header_count=_MAX_HEADERS,
        )

    def _filter(self, parser: MultipartParser, chunk: bytes) -> bytes:
        self._chunk = chunk
        try:
            parser.write(chunk)
        except FormParserError:
            self._is_passing = True
        body = self._held + chunk
        edges = chain((0,), *self._cuts, (len(body),))
        kept = b"".join(body[start:end] for start, end in zip(edges, edges, strict=True))
        self._chunk = b""
        self._cuts.clear()
        certain = len(kept) if self._is_passing else max(0, len(kept) - self._max_held)
        self._held = kept[certain:]
        return kept[:certain]

    def _cut(self, data: bytes, start: int, end: int) -> None:
        """Remove content of the current part, if it is a file."""
        if not self._head.is_file:
            return
        held = len(self._held)
        if data is self._chunk:
            self._cuts.append((held + start, held + end))
        else:
            # The last chunk ended like a delimiter, but this one continues it differently.
            self._cuts.append((held - (end - start), held))


class _PartHead:
    """Collects the headers of one part; then `is_file` is True if its content can be removed."""

    def __init__(self) -> None:
        self.is_file = False
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""

    def clear(self) -> None:
        self.is_file = False
        self._headers.clear()

    def add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def end(self) -> None:
        disposition = _QUOTED.sub(_without_text, self._headers.get(b"content-disposition", b""))
        media_type = self._headers.get(b"content-type", b"")
        self.is_file = bool(_FILE_NAME.search(disposition)) or not _VALUE_TYPE.match(media_type)


def _without_text(quoted: re.Match[bytes]) -> bytes:
    """Replace quoted text, so that the name of a field cannot look like a file name."""
    return quoted[0] if quoted[0] == b'""' else b'"x"'


def _find_boundary(start: bytes) -> bytes | None:
    """Return the boundary in the first line; None if the line is incomplete, empty if there is no boundary.

    The Content-Type is not asked: some programs set it without a boundary, and the parser accepts nothing
    before the first delimiter.
    """
    line, newline, _ = start.lstrip(b"\r\n").partition(b"\n")
    if not newline and len(start) <= _MAX_START:
        return None
    line = line.rstrip(b"\r")
    return line[2:] if line.startswith(b"--") and len(line) <= _MAX_BOUNDARY + 2 else b""
