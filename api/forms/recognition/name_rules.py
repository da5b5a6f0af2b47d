"""Pure: decides by the words of a field's name whether it holds the person's name, and which part of it."""

from itertools import pairwise

from api.forms.recognition.field_meaning import NOTHING, Meaning, NamePart, NameRule
from api.forms.recognition.vocabulary import Word, meaning_of

NAMES = frozenset({Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME})
NOT_A_NAME = frozenset(
    {
        *(Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.COUNTRY, Word.CODE, Word.TIME),
        *(
            Word.NETWORK,
            Word.SOCIAL,
            Word.METHOD,
            Word.SECONDARY,
            Word.EMAIL,
            Word.PHONE_MESSENGER,
            Word.TELEGRAM,
        ),
        *(Word.FORM, Word.LINK, Word.OWNER),
    }
)


def name_in(words: list[str]) -> Meaning:
    """Return what a clause says about the name in the field."""
    kinds = {meaning_of(word) for word in words}
    if kinds & NOT_A_NAME and not (
        kinds & NOT_A_NAME == {Word.SECONDARY} and "work" not in words and _is_last(words)
    ):
        return NOTHING
    if _is_last(words):
        # «Имя и фамилия» and "First and last name" are the full name.
        has_name = Word.NAME in kinds and not {"last", "family"} & set(words)
        both = has_name or Word.GIVEN_NAME in kinds or "first" in words
        part = NamePart.FULL if both else NamePart.LAST
    elif Word.GIVEN_NAME in kinds or {"first", "given"} & set(words):
        part = NamePart.GIVEN
    else:
        part = NamePart.FULL
    is_exact = kinds <= {*NAMES, Word.FILLER, Word.GENERIC, Word.CONTACT} or (
        kinds - {None} <= {*NAMES, Word.FILLER, Word.GENERIC, Word.CONTACT}
        and {"last", "family"} & set(words)
    )
    return Meaning(name=NameRule.EXACT if is_exact else NameRule.PARTIAL, name_part=part)


def _is_last(words: list[str]) -> bool:
    return any(meaning_of(word) is Word.LAST_NAME for word in words) or bool({"last", "family"} & set(words))


def is_name_of_user(words: list[str]) -> bool:
    """Return True for «имя пользователя», which may be a username."""
    pairs = set(pairwise(words))
    return bool(pairs & {("user", "name"), ("имя", "пользователя"), ("имя", "пользователь")})
