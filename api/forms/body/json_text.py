"""Pure: parses JSON as senders write it: strictly first, then leniently."""

import json
import re
from typing import Any, NamedTuple

from api.forms.body.text_cleaning import merge_numbering_duplicates

# The end of one object and the beginning of the next, without a comma.
_NEXT_OBJECT = re.compile(r"(?<=\})\s*(?=\{)")
_MAX_DOCUMENTS = 1000
# A longer number stays a text: Python refuses to parse thousands of digits.
_MAX_DIGITS = 40
_OPENING = frozenset("{[")
# The lenient parser takes 6 µs a character, and nothing else is answered meanwhile.
_MAX_LENIENT = 64 * 1024


class ParsedJson(NamedTuple):
    """The value, and the first fault in strict JSON; `is_json` is False if not even the lenient parser could
    read it."""

    is_json: bool
    value: Any = None
    problem: str | None = None


def looks_like_json(text: str) -> bool:
    """Return True if the text begins like an object or a list."""
    return text[:1] in _OPENING or (text[:1].isspace() and text.lstrip()[:1] in _OPENING)


def parse_json(text: str, *, lenient: bool = False) -> ParsedJson:
    """Parse JSON, with raw control characters in texts. If `lenient`, also with trailing commas, comments,
    single quotes or missing quotes. A text that breaks off is never completed: half a phone is another
    person's."""
    try:
        return ParsedJson(True, _parse_strictly(text))
    except RecursionError:
        return ParsedJson(False, None, "it is nested too deeply")
    except ValueError as error:
        problem = str(error)
    if documents := _documents(text, lenient=lenient):
        return ParsedJson(True, documents, problem)
    if lenient and text.rstrip()[-1:] in {"}", "]"} and len(text) <= _MAX_LENIENT:
        return _parse_leniently(text, problem)
    return ParsedJson(False, None, problem)


def _documents(text: str, *, lenient: bool) -> list[Any]:
    """Return the objects of a text that has one a line (NDJSON); empty if it is no such text."""
    pieces = _NEXT_OBJECT.split(text.strip()) if text.lstrip().startswith("{") else []
    if not 1 < len(pieces) <= _MAX_DOCUMENTS:
        return []
    parsed = [parse_json(piece, lenient=lenient) for piece in pieces]
    return [each.value for each in parsed] if all(isinstance(each.value, dict) for each in parsed) else []


def _parse_strictly(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(
        text,
        strict=False,
        object_pairs_hook=merge_numbering_duplicates,
        parse_constant=lambda _: None,
        parse_int=lambda digits: int(digits) if len(digits) <= _MAX_DIGITS else digits,
    )


def _parse_leniently(text: str, problem: str) -> ParsedJson:
    # Imported here: most senders write correct JSON, and the package takes 3 MiB.
    import json_repair  # noqa: PLC0415

    try:
        value = json_repair.loads(text, skip_json_loads=True)
    except (RecursionError, ValueError):
        return ParsedJson(False, None, problem)
    return ParsedJson(isinstance(value, dict | list) and bool(value), value, problem)
