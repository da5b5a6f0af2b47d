"""Pure: finds the name of the person among the fields of a form."""

from collections.abc import Sequence

from api.forms.body.text_cleaning import one_line
from api.forms.contacts.field_rank import rank_of
from api.forms.fields import WRAPPERS, Field, Fields
from api.forms.recognition.field_meaning import Meaning, NamePart, NameRule
from api.forms.recognition.vocabulary import clauses, meaning_of

MAX_NAME_LENGTH = 200
_MAX_CONTACT_WORDS = 4
# The index of a field, and the name in it.
Part = tuple[int, str]


def find_name(fields: Fields, meanings: Sequence[Meaning], *, beside: Sequence[int]) -> tuple[str, set[int]]:
    """Return the person's name, and the indexes of the fields that contain nothing else.

    `beside`: the indexes of the chosen contacts; a name in the same object or of the same owner comes first.
    """
    paths = {fields[at].path for at in beside}
    owners = {meanings[at].whose for at in beside}
    found = [
        (at, name)
        for at, (item, meaning) in enumerate(zip(fields, meanings, strict=True))
        if meaning.name is not NameRule.NEVER and (name := _name_in(item, meaning, paths))
    ]

    def rank(part: Part) -> tuple[object, ...]:
        item, meaning = fields[part[0]], meanings[part[0]]
        is_near = item.path in paths, meaning.whose in owners
        return meaning.name > NameRule.CONTACT, *is_near, meaning.name, *rank_of(item, meaning)

    ranked = sorted(found, key=rank, reverse=True) if len(found) > 1 else found
    full, given, last = (
        next(((at, name) for at, name in ranked if meanings[at].name_part is part), None)
        for part in (NamePart.FULL, NamePart.GIVEN, NamePart.LAST)
    )
    if full and given and not last and _is_called_before_last(fields[given[0]]) and given[1] not in full[1]:
        full, last = None, full
    chosen = _choose(full, given, last, meanings)
    name = " ".join(text for _, text in chosen)
    return name[:MAX_NAME_LENGTH].strip(), {at for at, _ in chosen} if len(name) <= MAX_NAME_LENGTH else set()


def _is_called_before_last(item: Field) -> bool:
    """Return True for Vorname and prénom: beside them, Name and nom are the last name."""
    return any(word in {"vorname", "prenom"} for clause in clauses(item.title[:100]) for word in clause)


def _choose(
    full: Part | None, given: Part | None, last: Part | None, meanings: Sequence[Meaning]
) -> list[Part]:
    """Return the parts of the name in order: the given or the full name, then the last name."""
    first = given or full
    if given and full and meanings[full[0]].name > meanings[given[0]].name:
        first = full
    if first and last and (first is given or last[1].casefold() not in first[1].casefold()):
        return [first, last]
    return [part for part in (first or last,) if part]


def _name_in(item: Field, meaning: Meaning, paths: set[tuple[str, ...]]) -> str:
    """Return the name in a field; empty if the field holds none."""
    name = one_line(item.text)
    if not any(map(str.isalpha, name)) or "://" in name:
        return ""
    if meaning.name is NameRule.BESIDE_CONTACT and item.path not in paths:
        return ""
    if any(_is_around_form(item.path, path) for path in paths):
        return ""
    if meaning.is_name_or_username and any(character in name for character in "@_0123456789"):
        return ""
    if meaning.name is NameRule.CONTACT and not _looks_like_name(name):
        return ""
    return name


def _is_around_form(outer: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Return True if the name stands beside the form that holds the contact: it is the form's own name."""
    return len(outer) < len(path) and path[: len(outer)] == outer and path[len(outer)].casefold() in WRAPPERS


def _looks_like_name(text: str) -> bool:
    """Return True if a value in a contact field is a person's name: a few capitalised words."""
    words = text.split()
    is_short = len(words) <= _MAX_CONTACT_WORDS and all(word[0].isupper() for word in words)
    is_text = all(character.isalpha() or character in " .-'’" for character in text)
    # An initial may be a word, too: «Анна К».
    known = (word for clause in clauses(text) for word in clause if len(word) > 1 and meaning_of(word))
    return is_short and is_text and not any(known)
