"""Pure: tells whether the parts of one object are several people, each with a name and a contact."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.forms.contacts.contact_evidence import find_candidates
from api.forms.fields import Field, Fields
from api.forms.form import Form
from api.forms.form_context import meaning_of_one
from api.forms.recognition.field_meaning import Meaning, NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field
from api.forms.recognition.other_parties import names_other_party, owner_in_path, words_of
from api.forms.recognition.vocabulary import Word, meaning_of
from shared.contacts import Phone

_MAX_NAME = 100
_MAX_ROLE = 30
_ROLES = frozenset({"role", "type", "relation", "relationship", "роль"})
# The user of a platform who works on the request, and not the person.
_ACCOUNTS = frozenset({"user", "users"})
_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
# "lead1", "person_a"
_LAST_PART = re.compile(r"[ _-]?(?:(?<!\d)\d{1,9}|(?<![^\W_])[a-z])$", re.IGNORECASE)
# The names of objects of equal standing.
_ORDINALS = frozenset({*("first", "second", "third", "fourth"), *("первый", "второй", "третий", "четвертый")})
# Names of lists of anything.
_ANY_LISTS = frozenset({"item", "items", "list", "список"})


def is_person(fields: Fields) -> bool:
    """Return True if the fields hold both a name and a contact."""
    return has_name(fields) and bool(contacts_of(fields))


def has_name(fields: Fields) -> bool:
    """Return True if the fields hold a person's name."""
    return any(
        meaning_of_one(item).name >= NameRule.PARTIAL and any(map(str.isalpha, item.text)) for item in fields
    )


def contacts_of(fields: Fields) -> set[Phone | str]:
    """Return the contacts in the fields."""
    found = find_candidates(fields, Form(fields).meanings, region="RU")
    return {candidate.contact for candidate in (*found.phones, *found.usernames)}


def beside_people(around: Fields, people: Sequence[Fields]) -> tuple[list[Fields], Fields]:
    """Return what the fields around a list of people hold: one more person, if any, and what all share.

    A contact without a name is the shop's. A platform's user is no person either.
    """
    if not (own := contacts_of(around)):
        return [], around
    shared = [item for item in around if not _is_of_person(item)]
    outer = [item for item in around if not any(part.casefold() in _ACCOUNTS for part in item.path)]
    is_known = any(own <= contacts_of(fields) for fields in people)
    return [outer] if is_person(outer) and not is_known else [], shared


def _is_of_person(item: Field) -> bool:
    return has_name([item]) or bool(contacts_of([item])) or _asks_contact(meaning_of_one(item))


def are_alike(keys: Iterable[str]) -> bool:
    """Return True if objects with these keys can be people of equal standing, as `lead1` and `lead2` are.

    `billing` and `customer` may be one person, and a `manager` is another one.
    """
    words = {key: words_of(key[:_MAX_NAME]) for key in keys}
    if all({*own} <= _ORDINALS for own in words.values()):
        return True
    if any(meaning_of(word) not in {None, Word.FILLER} for own in words.values() for word in own):
        return False
    stems = {_LAST_PART.sub("", key.strip().casefold()) for key in words}
    is_named = all(any(meaning_of(word) is None for word in own) for own in words.values())
    return len(stems) == 1 or is_named


def is_other_party(key: str) -> bool:
    """Return True if what is under this key belongs to others: `managers`."""
    return names_other_party(words_of(key[:_MAX_NAME]))


def may_list_people(key: str, *, has_owner: bool) -> bool:
    """Return True if a list under this key can hold people who ask for something: no managers, and beside a
    person, no addresses and no `inspectors`."""
    things = {word for word in words_of(key[:_MAX_NAME]) if meaning_of(word) is Word.THING}
    return not is_other_party(key) and not (has_owner and (things - _ANY_LISTS or owner_in_path(key)))


def columns_of_people(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the people in `{"name": ["Anna", "Ivan"], "phone": ["+7…", "+7…"]}`; empty for other objects."""
    cells = {key: _cells(item) for key, item in tree.items()}
    columns = {key: item for key, item in cells.items() if isinstance(item, list) and len(item) > 1}
    lengths = {len(item) for item in columns.values()}
    has_objects = any(isinstance(cell, dict | list) for item in columns.values() for cell in item)
    roles = [meaning_of_field(key[:_MAX_NAME]) for key in columns]
    has_both = any(map(_asks_contact, roles)) and any(map(_asks_name, roles))
    if len(lengths) != 1 or has_objects or not has_both:
        return []
    return [{**tree, **{key: item[at] for key, item in columns.items()}} for at in range(lengths.pop())]


def _cells(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the list in `{"0": "Anna", "1": "Ivan"}`; every other value as it is."""
    is_list = isinstance(value, dict) and bool(value) and all(key.isdecimal() for key in value)
    return list(value.values()) if is_list else value


def with_owner(key: str, people: list[Fields]) -> list[Fields]:
    """Return the people of a list; under an unknown noun, such as `inspectors`, it is in their paths."""
    if not owner_in_path(key[:_MAX_NAME]):
        return people
    return [[item._replace(path=(key, *item.path)) for item in fields] for fields in people]


def numbered_people(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the people in `{"name1": …, "phone1": …, "name2": …, "phone2": …}`; empty for other objects.

    Fields that are not numbered belong to each of them.
    """
    columns: dict[str, dict[int, str]] = {}
    for key in tree:
        base, number = _numbered(key)
        columns.setdefault(base, {}).setdefault(number, key)
    columns = {base: keys for base, keys in columns.items() if len(keys) > 1}
    meanings = {base: meaning_of_field(base[:_MAX_NAME]) for base in columns}
    names = [set(columns[base]) for base in columns if _asks_name(meanings[base])]
    numbers = [set(columns[base]) for base in columns if _asks_contact(meanings[base])]
    people: dict[int, dict[str, Any]] = {}
    found: set[Phone | str] = set()
    for number in sorted(next((each for each in numbers if each in names), ())):
        own = {keys[number]: tree[keys[number]] for keys in columns.values() if number in keys}
        fields = [Field(key, value) for key, value in own.items() if not isinstance(value, dict | list)]
        if is_person(fields) and not contacts_of(fields) <= found:
            found |= contacts_of(fields)
            people[number] = own
    if len(people) < 2:
        return []
    used = {key for own in people.values() for key in own}
    return [
        {key: value for key, value in tree.items() if key in own or key not in used}
        for own in people.values()
    ]


def people_of_owners(form: Form) -> list[Form]:
    """Return the people in `{"bride_name": …, "bride_phone": …, "groom_name": …, "groom_phone": …}`.

    One person if a name or a contact without such a word is there: the others are that person's.
    """
    owners = form.shape.owners
    named = {owner for owner in owners if owner is not None}
    paths = {item.path for own, item in zip(owners, form, strict=True) if own is not None}
    if len(named) < 2 or "" in named or len(paths) > 1:
        return [form]
    people = {
        owner: [item for own, item in zip(owners, form, strict=True) if own == owner]
        for owner in dict.fromkeys(owner for owner in owners if owner is not None)
    }
    contacts = [contacts_of(fields) for fields in people.values()]
    is_different = len(set().union(*contacts)) == sum(map(len, contacts))
    if not is_different or not all(map(is_person, people.values())):
        return [form]
    return [
        Form(item for own, item in zip(owners, form, strict=True) if own in {None, owner}) for owner in people
    ]


def _numbered(key: str) -> tuple[str, int]:
    """Return a field's name without its number, and the number; 1 without one."""
    numbers = _NUMBER.findall(key[:_MAX_NAME])
    if len(numbers) != 1:
        return key.strip().casefold(), 1
    base = re.sub(r"[\W_]+", " ", _NUMBER.sub(" ", key.casefold()))
    return base.strip(), int(numbers[0])


def _asks_contact(meaning: Meaning) -> bool:
    return meaning.phone > PhoneRule.NUMBER or meaning.username > UsernameRule.PLAIN


def _asks_name(meaning: Meaning) -> bool:
    return meaning.name > NameRule.BESIDE_CONTACT


def asks_for_person(fields: Iterable[Field]) -> bool:
    """Return True if a field asks for a name or a contact, whatever is entered."""
    meanings = map(meaning_of_one, fields)
    return any(_asks_contact(meaning) or _asks_name(meaning) for meaning in meanings)


def without_other_parties(items: list[Any]) -> list[Any]:
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
