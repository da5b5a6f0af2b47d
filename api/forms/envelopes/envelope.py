"""Pure: opens the envelopes in which senders wrap a form, and returns the fields of each person in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.forms.body.body_parser import MOST_FIELDS, FormPair
from api.forms.body.text_cleaning import decode_entities
from api.forms.contacts.contact_evidence import has_contact, tells_person
from api.forms.envelopes.described_fields import described_field, named_values, phone_in_parts, titles_of
from api.forms.envelopes.form_tree import MAX_DEPTH, FormTree, decoded, is_structured, tree_of
from api.forms.envelopes.labelled_lines import with_labelled_lines
from api.forms.envelopes.several_people import (
    are_alike,
    beside_people,
    columns_of_people,
    contacts_of,
    is_other_party,
    is_person,
    may_list_people,
    numbered_people,
    people_of_owners,
    with_owner,
    without_other_parties,
)
from api.forms.fields import WRAPPERS, Field, Fields
from api.forms.form import Form

# In the names of parts of objects, and of the second field of a kind.
_SPECIAL = frozenset("[.2")


def people_in(value: Any, query: Sequence[FormPair] = ()) -> list[Form]:  # noqa: ANN401 - JSON
    """Return the form of each person in a parsed body; at least one, which may be empty.

    `value` as in ParsedBody. `query`: the fields of the call's query string, which belong to every person.
    """
    known = [Field(decode_entities(key), decode_entities(text), path=("query",)) for key, text in query]
    forms = [Form([*fields, *known][: MOST_FIELDS + 1]) for fields in _opened(value)]
    if len(forms) > 1:
        return forms
    return people_of_owners(with_labelled_lines(forms[0]))


def _opened(value: Any) -> list[Fields]:  # noqa: ANN401 - JSON
    if isinstance(value, list) and value and isinstance(value[0], FormPair):
        if _is_flat(value):
            return [[_clean(Field(key, text)) for key, text in value]]
        value = tree_of(value)
    elif isinstance(value, dict) and "." in "".join(value):
        value = tree_of(value.items())
    value = decoded(value)
    titles = titles_of(value)
    people = _people(value, 0) or [[]]
    return [[_titled(field, titles) for field in fields] for fields in people] if titles else people


def _is_flat(pairs: Sequence[FormPair]) -> bool:
    """Return True if no field is repeated or numbered, is a part of an object, or contains JSON."""
    names = {key for key, _ in pairs}
    joined = "".join(names)
    is_plain = len(names) == len(pairs) and not _SPECIAL.intersection(joined)
    is_plain = is_plain and not all(map(str.isdecimal, names))
    return is_plain and not any(is_structured(text) for _, text in pairs)


def _has_second(keys: Iterable[str]) -> bool:
    return "2" in "".join(keys)


def _titled(field: Field, titles: Mapping[str, tuple[str, str]]) -> Field:
    if field.label or field.key not in titles:
        return field
    title, kind = titles[field.key]
    return field._replace(label=title, kind=field.kind or kind)


def _people(value: Any, depth: int) -> list[Fields]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return _people_in_list(value, depth) if isinstance(value, list) else [[Field("body", value)]]
    if all(isinstance(item, str) and not is_structured(item) for item in value.values()):
        parts = (numbered_people(value) if _has_second(value) else []) or [value]
        return [[_clean(Field(key, item)) for key, item in part.items()] for part in parts]
    if columns := columns_of_people(value) or numbered_people(value):
        return [_flatten(_like(value, person), (), depth) for person in columns]
    people, rest = _people_inside(value, depth)
    around = _flatten(rest, (), depth)
    if people and is_person(around):
        people, rest = _people_inside(value, depth, has_owner=True)
        around = _flatten(rest, (), depth)
    if not people or (has_contact(around) and not any(map(is_person, people))):
        return [_flatten(value, (), depth) if people else around]
    others, shared = beside_people(around, people)
    return [*others, *([*fields, *shared] for fields in people)]


def _people_in_list(items: list[Any], depth: int) -> list[Fields]:
    items = named_values([decoded(item) for item in items])
    if items and depth < MAX_DEPTH and all(isinstance(item, list) for item in items):
        # A list of forms, each of which is a list of names and values.
        return [fields for item in items for fields in _people_in_list(item, depth + 1)]
    if depth >= MAX_DEPTH or not any(isinstance(item, dict) for item in items):
        return [[Field("item", item) for item in items]]
    if any(isinstance(item, dict) and described_field(item) for item in items):
        return [_flatten_list(items, (), depth)]
    people = [_people(item, depth + 1) for item in without_other_parties(items)]
    if len(items) > 1 and sum(any(map(has_contact, each)) for each in people) == 0:
        # Parts of one form.
        return [[field for each in people for fields in each for field in fields]]
    return [fields for each in people for fields in each]


def _people_inside(
    tree: Mapping[str, Any], depth: int, *, has_owner: bool = False
) -> tuple[list[Fields], Mapping[str, Any]]:
    """Return the people in the lists and the equal objects inside `tree`, and the tree without them.

    `has_owner`: a person stands around the lists, so lists of things, such as addresses, are the person's.
    """
    if depth >= MAX_DEPTH:
        return [], tree
    inner = {
        key: decoded(item) for key, item in tree.items() if not isinstance(item, str) or is_structured(item)
    }
    siblings = _siblings(inner, depth)
    people: list[Fields] = []
    rest: dict[str, Any] = {}
    for key, item in tree.items():
        each = inner.get(key)
        found: list[Fields] = []
        left: Mapping[str, Any] = {}
        if key in siblings:
            found = _people(each, depth + 1)
        elif isinstance(each, list) and _holds_people(each) and may_list_people(key, has_owner=has_owner):
            found = _people_in_list(each, depth + 1)
            found = with_owner(key, found) if len(found) > 1 and any(map(has_contact, found)) else []
        elif isinstance(each, dict) and described_field(each, key) is None and not is_other_party(key):
            found, left = _people_inside(each, depth + 1, has_owner=has_owner)
        people += found
        if not found or left:
            rest[key] = left if found else item
    return people, _like(tree, rest) if people else tree


def _siblings(inner: Mapping[str, Any], depth: int) -> list[str]:
    """Return the keys of objects that are a person each: `{"lead1": {…}, "lead2": {…}}`."""
    objects = {key: item for key, each in inner.items() if isinstance(item := _only(each), dict) and item}
    if len(objects) < 2:
        return []
    fields = {key: _flatten(item, (), depth + 1) for key, item in objects.items() if not is_other_party(key)}
    people = {key: contacts_of(own) for key, own in fields.items() if is_person(own)}
    is_different = len(set().union(*people.values())) >= sum(map(len, people.values()))
    return [*people] if len(people) > 1 and is_different and are_alike(people) else []


def _only(value: Any) -> Any:  # noqa: ANN401 - JSON
    return decoded(value[0]) if isinstance(value, list) and len(value) == 1 else value


def _like(tree: Mapping[str, Any], part: dict[str, Any]) -> Mapping[str, Any]:
    """Return a part of `tree` that keeps its flat names, if it has them."""
    if not isinstance(tree, FormTree):
        return part
    return FormTree(part, {key: pairs for key, pairs in tree.pairs.items() if part.get(key) is tree[key]})


def _holds_people(items: list[Any]) -> bool:
    objects = [item for item in map(decoded, named_values(items)) if isinstance(item, dict)]
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
    inner = decoded(item) if depth < MAX_DEPTH else item
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
    if isinstance(tree, FormTree) and key in tree.pairs:
        return [_clean(Field(flat, text)) for flat, text in tree.pairs[key]]
    return [_clean(Field(key, item, path=path))]


def _flatten_list(items: list[Any], path: tuple[str, ...], depth: int) -> Fields:
    """Return the fields in a list of names and values, or in the only object of a list."""
    fields: Fields = []
    values = without_other_parties(named_values([decoded(item) for item in items]))
    described = [described_field(item) if isinstance(item, dict) else None for item in values]
    objects = sum(isinstance(item, dict) for item in values)
    opens_others = depth < MAX_DEPTH and (objects == 1 or any(described))
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
