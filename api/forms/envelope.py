"""Pure: opens the envelopes in which senders wrap a form, and returns the fields of each person in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from api.forms.body.body_parser import MOST_FIELDS, FormPair
from api.forms.body.json_text import looks_like_json, parse_json
from api.forms.body.text_cleaning import decode_entities, merge_numbering_duplicates
from api.forms.contact_evidence import has_contact, tells_person
from api.forms.described_fields import defined_field, described_field, phone_in_parts, without_list
from api.forms.fields import WRAPPERS, Field, Fields

# Lists under these keys hold people, even if the object around them has a contact of its own.
_PEOPLE = frozenset(
    {
        *("leads", "contacts", "records", "rows", "people", "persons", "submissions", "responses"),
        *("entries", "data"),
    }
)
_BRACKETED = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])+")
_MAX_DEPTH = 12


def people_in(value: Any, query: Iterable[FormPair] = ()) -> list[Fields]:  # noqa: ANN401 - JSON
    """Return the fields of each person in a parsed body; at least one list, which may be empty.

    `value` as in ParsedBody. `query`: the fields of the call's query string, which belong to every person.
    """
    if isinstance(value, list) and value and isinstance(value[0], FormPair):
        value = _tree_of(value)
    value = _decoded(value)
    titles = _titles_of(value)
    people = [[_titled(field, titles) for field in fields] for fields in _people(value, 0)] or [[]]
    known = [Field(decode_entities(key), decode_entities(text), path=("query",)) for key, text in query]
    return [[*fields, *known][: MOST_FIELDS + 1] for fields in people]


def _titles_of(value: Any, depth: int = 0) -> dict[str, tuple[str, str]]:  # noqa: ANN401 - JSON
    """Return the titles and types of questions that are defined apart from their answers, by id."""
    if depth > _MAX_DEPTH or not isinstance(value, dict | list):
        return {}
    found: dict[str, tuple[str, str]] = {}
    for item in value if isinstance(value, list) else value.values():
        if isinstance(value, list) and isinstance(item, dict) and (definition := defined_field(item)):
            ids, title = definition
            found |= dict.fromkeys(ids, title)
        else:
            found |= _titles_of(item, depth + 1)
    return found


def _titled(field: Field, titles: Mapping[str, tuple[str, str]]) -> Field:
    if field.label or field.key not in titles:
        return field
    title, kind = titles[field.key]
    return field._replace(label=title, kind=field.kind or kind)


class _Flat(dict[str, Any]):
    """The tree of a form, whose parts without a contact stay flat: `payment[amount]` keeps its name."""

    def __init__(self, tree: Mapping[str, Any], pairs: Mapping[str, list[tuple[str, str]]]) -> None:
        super().__init__(tree)
        self.pairs = pairs


def _tree_of(pairs: Iterable[FormPair]) -> _Flat:
    """Return the tree of a form's fields: `data[user][phone]` is a field in two objects."""
    plain: list[tuple[str, Any]] = []
    tree: dict[str, Any] = {}
    flat: dict[str, list[tuple[str, str]]] = {}
    for key, value in pairs:
        match = _BRACKETED.fullmatch(key)
        path = [key.partition("[")[0], *re.findall(r"\[([^\[\]]*)\]", key)] if match else []
        if not 2 <= len(path) <= _MAX_DEPTH or not _insert(tree, path, value):
            plain.append((key, value))
        else:
            flat.setdefault(path[0], []).append((key, value))
    listed = [(key, _with_lists(item)) for key, item in tree.items()]
    return _Flat(merge_numbering_duplicates([*plain, *listed]), flat)


def _with_lists(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a part of the tree with lists in place of the objects with the keys 0, 1, …"""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(item) for key, item in value.items()}
    return list(inner.values()) if inner and all(key.isdecimal() for key in inner) else inner


def _insert(tree: dict[str, Any], path: list[str], value: str) -> bool:
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


def _decoded(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON in JSON as its value, and an object with the keys 0, 1, … as a list."""
    if isinstance(value, str) and looks_like_json(value):
        parsed = parse_json(value)
        value = parsed.value if parsed.is_json else value
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        return list(value.values())
    return value


def _people(value: Any, depth: int) -> list[Fields]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return _people_in_list(value, depth)
    if not isinstance(value, dict):
        return [[Field("body", value)]]
    listed, key = _list_of_people(value, depth)
    if not listed:
        return [_flatten(value, (), depth)]
    around = _flatten(without_list(value, key), (), depth)
    if has_contact(around) and key not in _PEOPLE:
        return [_flatten(value, (), depth)]
    return [[*fields, *around] for fields in listed]


def _people_in_list(items: list[Any], depth: int) -> list[Fields]:
    items = [_decoded(item) for item in items]
    if depth >= _MAX_DEPTH or not any(isinstance(item, dict) for item in items):
        return [[Field("item", item) for item in items]]
    if any(isinstance(item, dict) and described_field(item) for item in items):
        return [_flatten_list(items, (), depth)]
    people = [_people(item, depth + 1) for item in items]
    if len(items) > 1 and sum(any(map(_is_person, each)) for each in people) == 0:
        # Parts of one form.
        return [[field for each in people for fields in each for field in fields]]
    return [fields for each in people for fields in each]


def _is_person(fields: Fields) -> bool:
    return has_contact(fields)


def _list_of_people(tree: Mapping[str, Any], depth: int) -> tuple[list[Fields], str]:
    """Return the people in a list inside `tree`, and the key of the list; an empty list if there is none."""
    if depth >= _MAX_DEPTH:
        return [], ""
    for key, item in tree.items():
        inner = _decoded(item)
        if isinstance(inner, list) and _holds_people(inner):
            people = _people_in_list(inner, depth + 1)
            if len(people) > 1 and any(map(has_contact, people)):
                return people, key.strip().casefold()
        elif isinstance(inner, dict) and described_field(inner, key) is None:
            people, found = _list_of_people(inner, depth + 1)
            if people:
                return people, found
    return [], ""


def _holds_people(items: list[Any]) -> bool:
    objects = [item for item in map(_decoded, items) if isinstance(item, dict)]
    return len(objects) > 1 and not any(described_field(item) for item in objects)


def _flatten(tree: Mapping[str, Any], path: tuple[str, ...], depth: int) -> Fields:
    """Return the fields of an object, with those of the inner objects that hold a part of the person."""
    fields: Fields = []
    for key, item in tree.items():
        fields += _flatten_item(tree, key, item, path, depth)
        if len(fields) > MOST_FIELDS:
            break
    return fields


def _flatten_item(
    tree: Mapping[str, Any],
    key: str,
    item: Any,  # noqa: ANN401 - JSON
    path: tuple[str, ...],
    depth: int,
) -> Fields:
    inner = _decoded(item) if depth < _MAX_DEPTH else item
    is_wrapper = key.strip().casefold() in WRAPPERS
    if isinstance(inner, dict) and inner:
        if field := phone_in_parts(inner, key) or described_field(inner, key):
            return [_clean(field._replace(path=path))]
        if "" in inner or (not is_wrapper and len(inner) > MOST_FIELDS):
            return [_clean(Field(key, item, path=path))]
        fields = _flatten(inner, (*path, key), depth + 1)
        if is_wrapper or tells_person(fields):
            return fields
    elif isinstance(inner, list) and inner:
        fields = _flatten_list(inner, (*path, key), depth + 1)
        if (is_wrapper and any(isinstance(each, dict) for each in inner)) or tells_person(fields):
            return fields
        if not isinstance(item, str):
            item = _single(inner)
    if isinstance(tree, _Flat) and key in tree.pairs:
        return [_clean(Field(flat, text)) for flat, text in tree.pairs[key]]
    return [_clean(Field(key, item, path=path))]


def _flatten_list(items: list[Any], path: tuple[str, ...], depth: int) -> Fields:
    """Return the fields in a list of names and values, or in the only object of a list."""
    fields: Fields = []
    values = [_decoded(item) for item in items]
    described = [described_field(item) if isinstance(item, dict) else None for item in values]
    objects = sum(isinstance(item, dict) for item in values)
    opens_others = depth < _MAX_DEPTH and (objects == 1 or any(described))
    for item, field in zip(values, described, strict=True):
        if field:
            fields.append(_clean(field._replace(path=path, is_described=True)))
        elif isinstance(item, dict):
            fields += _flatten(item, path, depth + 1) if opens_others else []
        elif objects:
            fields.append(_clean(Field("item", item, path=path)))
        if len(fields) > MOST_FIELDS:
            break
    return fields


def _single(items: list[Any]) -> Any:  # noqa: ANN401 - JSON
    """Return the only item of a list, else the list."""
    return items[0] if len(items) == 1 and not isinstance(items[0], dict | list) else items


def _clean(field: Field) -> Field:
    if isinstance(field.value, str) and "&" in field.value:
        field = field._replace(value=decode_entities(field.value))
    if "&" in field.key or "&" in field.label:
        field = field._replace(key=decode_entities(field.key), label=decode_entities(field.label))
    return field
