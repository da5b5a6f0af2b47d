"""Pure: builds the tree of a form whose field names have brackets, and opens JSON inside JSON."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from api.forms.body.body_parser import FormPair
from api.forms.body.json_text import looks_like_json, parse_json
from api.forms.body.text_cleaning import decode_entities, merge_numbering_duplicates
from api.forms.envelopes.tables import with_named_rows

MAX_DEPTH = 12
# Formstack writes the parts of a name as lines: "first = Anna".
_PARTS = re.compile(r"(?:[a-z][a-z_]{1,20} =[^\n]*(?:\n|$)){2,}")
_BRACKETED = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])+")
# `user.name`; but no sentence, and no number
_DOTTED = re.compile(r"[^\W\d][\w-]*(?:\.[\w-]+)+")


class FormTree(dict[str, Any]):
    """The tree of a form, whose parts without a contact stay flat: `payment[amount]` keeps its name."""

    def __init__(self, tree: Mapping[str, Any], pairs: Mapping[str, list[tuple[str, str]]]) -> None:
        super().__init__(tree)
        self.pairs = pairs


def tree_of(pairs: Iterable[FormPair | tuple[str, Any]]) -> FormTree:
    """Return the tree of a form's fields: `data[user][phone]` and `data.user.phone` are in two objects."""
    plain: list[tuple[str, Any]] = []
    tree: dict[str, Any] = {}
    flat: dict[str, list[tuple[str, str]]] = {}
    for key, value in pairs:
        path = _path(key)
        if not 2 <= len(path) <= MAX_DEPTH or not _insert(tree, path, value):
            plain.append((key, value))
        else:
            flat.setdefault(path[0], []).append((key, value))
    listed = [(key, _with_lists(item)) for key, item in tree.items()]
    return FormTree(merge_numbering_duplicates([*plain, *listed]), flat)


def _path(key: str) -> list[str]:
    if "[" in key:
        is_path = _BRACKETED.fullmatch(key)
        return [key.partition("[")[0], *re.findall(r"\[([^\[\]]*)\]", key)] if is_path else []
    return key.split(".") if "." in key and _DOTTED.fullmatch(key) else []


def _with_lists(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a part of the tree with lists in place of the objects with the keys 0, 1, …"""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(item) for key, item in value.items()}
    return list(inner.values()) if inner and all(key.isdecimal() for key in inner) else inner


def _insert(tree: dict[str, Any], path: list[str], value: object) -> bool:
    *branches, leaf = path
    for branch in branches:
        subtree = tree.setdefault(branch, {})
        if not isinstance(subtree, dict):
            return False
        tree = subtree
    # `Services[]=a&Services[]=b` is a list.
    leaf = leaf or str(len(tree))
    if leaf in tree:
        return False
    tree[leaf] = value
    return True


def is_structured(text: str) -> bool:
    """Return True for a text that may be an object or a list: `decoded` returns it."""
    return looks_like_json(text) or _has_parts(text)


def _has_parts(text: str) -> bool:
    return " = " in text and _PARTS.fullmatch(text.replace("\r\n", "\n").strip()) is not None


def decoded(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the value of JSON in JSON and of lines of parts; an object with the keys 0, 1, … as a list, and
    the rows of a table as objects."""
    if isinstance(value, str):
        if _has_parts(value):
            lines = (line.partition(" =") for line in value.split("\n"))
            return {key.strip(): text.strip() for key, _, text in lines if key.strip()}
        if not looks_like_json(value):
            return value
        value = _parsed(value)
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        value = list(value.values())
    return with_named_rows(value)


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a text that begins like JSON; the text if it is none.

    Some senders escape the text for HTML. A comment in brackets is no list.
    """
    for each in dict.fromkeys((text, decode_entities(text))):
        if (parsed := parse_json(each)).is_json:
            return parsed.value
    value = parse_json(decode_entities(text), lenient=True).value
    items = value if isinstance(value, list) else [value]
    return value if items and all(isinstance(item, dict) and item for item in items) else text
