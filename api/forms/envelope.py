"""Pure: opens the envelopes in which senders wrap a form, and returns the fields of each person in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.forms.body.body_parser import MOST_FIELDS, FormPair
from api.forms.body.text_cleaning import decode_entities
from api.forms.contact_evidence import has_contact, tells_person
from api.forms.described_fields import described_field, phone_in_parts, titles_of, without_list
from api.forms.fields import WRAPPERS, Field, Fields
from api.forms.form import Form
from api.forms.form_tree import MAX_DEPTH, FormTree, decoded, is_structured, tree_of
from api.forms.recognition.field_meaning import NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field
from api.forms.recognition.other_parties import names_other_party, words_of
from api.forms.recognition.vocabulary import Word, meaning_of

# Lists under these keys hold people, even if the object around them has a contact of its own.
_PEOPLE = frozenset(
    {
        *("leads", "contacts", "records", "rows", "people", "persons", "submissions", "responses"),
        *("entries", "data"),
    }
)


_MAX_ROLE = 30
_ROLES = frozenset({"role", "type", "relation", "relationship", "роль"})


def people_in(value: Any, query: Sequence[FormPair] = ()) -> list[Form]:  # noqa: ANN401 - JSON
    """Return the form of each person in a parsed body; at least one, which may be empty.

    `value` as in ParsedBody. `query`: the fields of the call's query string, which belong to every person.
    """
    known = [Field(decode_entities(key), decode_entities(text), path=("query",)) for key, text in query]
    return [Form([*fields, *known][: MOST_FIELDS + 1]) for fields in _opened(value)]


def _opened(value: Any) -> list[Fields]:  # noqa: ANN401 - JSON
    if isinstance(value, list) and value and isinstance(value[0], FormPair):
        if _is_flat(value):
            return [[_clean(Field(key, text)) for key, text in value]]
        value = tree_of(value)
    value = decoded(value)
    titles = titles_of(value)
    people = _people(value, 0) or [[]]
    return [[_titled(field, titles) for field in fields] for fields in people] if titles else people


def _is_flat(pairs: Sequence[FormPair]) -> bool:
    """Return True if no field is repeated, is a part of an object, or contains JSON."""
    names = {key for key, _ in pairs}
    is_plain = len(names) == len(pairs) and "[" not in "".join(names) and not all(map(str.isdecimal, names))
    return is_plain and not any(is_structured(text) for _, text in pairs)


def _titled(field: Field, titles: Mapping[str, tuple[str, str]]) -> Field:
    if field.label or field.key not in titles:
        return field
    title, kind = titles[field.key]
    return field._replace(label=title, kind=field.kind or kind)


def _people(value: Any, depth: int) -> list[Fields]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return _people_in_list(value, depth) if isinstance(value, list) else [[Field("body", value)]]
    if all(isinstance(item, str) and not is_structured(item) for item in value.values()):
        return [[_clean(Field(key, item)) for key, item in value.items()]]
    if columns := _columns_of_people(value):
        return [_flatten(person, (), depth) for person in columns]
    listed, key = _list_of_people(value, depth)
    if not listed:
        return [_flatten(value, (), depth)]
    around = _flatten(without_list(value, key), (), depth)
    if has_contact(around) and key not in _PEOPLE:
        return [_flatten(value, (), depth)]
    return [[*fields, *around] for fields in listed]


def _columns_of_people(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the people in `{"name": ["Anna", "Ivan"], "phone": ["+7…", "+7…"]}`; empty for other objects."""
    columns = {key: item for key, item in tree.items() if isinstance(item, list) and len(item) > 1}
    lengths = {len(item) for item in columns.values()}
    has_objects = any(isinstance(cell, dict | list) for item in columns.values() for cell in item)
    roles = [meaning_of_field(key[:100]) for key in columns]
    asks_contact = any(
        meaning.phone > PhoneRule.NUMBER or meaning.username > UsernameRule.PLAIN for meaning in roles
    )
    has_name = any(meaning.name > NameRule.BESIDE_CONTACT for meaning in roles)
    if len(lengths) != 1 or has_objects or not (asks_contact and has_name):
        return []
    return [{**tree, **{key: item[at] for key, item in columns.items()}} for at in range(lengths.pop())]


def _people_in_list(items: list[Any], depth: int) -> list[Fields]:
    items = [decoded(item) for item in items]
    if items and depth < MAX_DEPTH and all(isinstance(item, list) for item in items):
        # A list of forms, each of which is a list of names and values.
        return [fields for item in items for fields in _people_in_list(item, depth + 1)]
    if depth >= MAX_DEPTH or not any(isinstance(item, dict) for item in items):
        return [[Field("item", item) for item in items]]
    if any(isinstance(item, dict) and described_field(item) for item in items):
        return [_flatten_list(items, (), depth)]
    people = [_people(item, depth + 1) for item in _without_other_parties(items)]
    if len(items) > 1 and sum(any(map(_is_person, each)) for each in people) == 0:
        # Parts of one form.
        return [[field for each in people for fields in each for field in fields]]
    return [fields for each in people for fields in each]


def _without_other_parties(items: list[Any]) -> list[Any]:
    """Return the items without the contacts of others, if their role is stated beside a client's.

    Without a client among them, "manager" is the person's own position.
    """
    stated = [_role_of(item) for item in items]
    if not any(stated):
        return items
    roles = [words_of(str(role)[:_MAX_ROLE]) for role in stated]
    if not any(role and all(meaning_of(word) is Word.FILLER for word in role) for role in roles):
        return items
    return [item for item, role in zip(items, roles, strict=True) if not names_other_party(role)]


def _role_of(item: Any) -> object:  # noqa: ANN401 - JSON
    return next((item[key] for key in item if key.casefold() in _ROLES), "") if isinstance(item, dict) else ""


def _is_person(fields: Fields) -> bool:
    return has_contact(fields)


def _list_of_people(tree: Mapping[str, Any], depth: int) -> tuple[list[Fields], str]:
    """Return the people in a list inside `tree`, and the key of the list; an empty list if there is none."""
    if depth >= MAX_DEPTH:
        return [], ""
    for key, item in tree.items():
        inner = decoded(item)
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
    objects = [item for item in map(decoded, items) if isinstance(item, dict)]
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
    values = _without_other_parties([decoded(item) for item in items])
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
