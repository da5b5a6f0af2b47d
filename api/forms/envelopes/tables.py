"""Pure: names the cells of a table: `{"headers": ["Name", "Phone"], "rows": [["Anna", "+7…"]]}`."""

from collections.abc import Iterable
from typing import Any

from api.forms.body.text_cleaning import merge_numbering_duplicates
from api.forms.recognition.field_meaning import Meaning, NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field

_MAX_NAME = 100
# The only list of a row: {"cells": ["Anna", "+7…"]}.
_CELLS = frozenset({"c", "cells", "columns", "data", "row", "values"})
_TITLES = ("name", "title", "label", "key", "id")


def with_named_rows(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return `value` with an object for each row of a table; the header is beside the rows or the first row.

    Every other value is returned as it is.
    """
    if isinstance(value, list):
        if len(value) > 1 and _is_table(value):
            return _named(value[1:], value[0]) if _is_header(value[0]) else _with_named_pairs(value)
        return value
    if not isinstance(value, dict):
        return value
    rows = {key: table for key, item in value.items() if _is_table(table := _unwrapped(item))}
    if not rows:
        return value
    headers = {key: titles for key, item in value.items() if key not in rows and (titles := _titles(item))}
    header = next((key for key, titles in headers.items() if _is_header(titles)), None)
    if header is None:
        return value
    rest = {key: item for key, item in value.items() if key != header}
    return rest | {key: _named(item, headers[header]) for key, item in rows.items()}


def _with_named_pairs(rows: list[list[Any]]) -> Any:  # noqa: ANN401 - JSON
    """Return the object that `[["name", "Anna"], ["phone", "+7…"]]` lists; other rows as they are."""
    if not all(len(row) == 2 and isinstance(row[0], str) for row in rows):
        return rows
    pairs = dict(rows)
    is_form = len(pairs) == len(rows) and any(map(_asks_contact, map(meaning_of_field, _cut(pairs))))
    return pairs if is_form else rows


def _cut(names: Iterable[str]) -> list[str]:
    return [name[:_MAX_NAME] for name in names]


def _asks_contact(meaning: Meaning) -> bool:
    return meaning.phone > PhoneRule.NUMBER or meaning.username > UsernameRule.PLAIN


def _is_table(value: object) -> bool:
    """Return True for a list of lists of cells."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) for row in value)
        and not any(isinstance(cell, dict | list) for row in value for cell in row)
    )


def _unwrapped(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the rows without an object around the cells of each: `[{"cells": ["Anna", "+7…"]}]`."""
    if not isinstance(value, list) or not all(isinstance(row, dict) and _CELLS & row.keys() for row in value):
        return value
    return [next(row[key] for key in row if key in _CELLS) for row in value]


def _titles(value: object) -> list[str]:
    """Return the titles of columns: texts, or objects with a title each; empty for other values."""
    if not isinstance(value, list):
        return []
    titles = [_title(item) for item in value]
    return titles if all(titles) else []


def _title(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        value = next((value[key] for key in _TITLES if key in value), None)
    return value if isinstance(value, str) else ""


def _is_header(cells: list[Any]) -> bool:
    """Return True if the cells are names of columns, and one of them asks for a contact.

    In a list of pairs, `["Phone", "+7…"]` is no header; nor is `["Phone"]`.
    """
    if len(cells) < 2 or not all(isinstance(cell, str) and any(map(str.isalpha, cell)) for cell in cells):
        return False
    meanings = list(map(meaning_of_field, _cut(cells)))
    asks_contact = list(map(_asks_contact, meanings))
    others = [meaning for meaning, asks in zip(meanings, asks_contact, strict=True) if not asks]
    return any(asks_contact) and (
        not others or any(meaning.name > NameRule.BESIDE_CONTACT for meaning in others) or len(cells) > 2
    )


def _named(rows: list[list[Any]], header: list[str]) -> list[dict[str, Any]]:
    return [merge_numbering_duplicates(zip(header, row, strict=False)) for row in rows]
