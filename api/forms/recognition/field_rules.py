"""Pure: decides by the words of a field's name, label, type and path what the field may contain."""

from collections.abc import Set
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from api.forms.recognition.field_meaning import (
    EXCLUDED,
    GENERIC,
    NOTHING,
    Meaning,
    NamePart,
    NameRule,
    PhoneRule,
    UsernameRule,
)
from api.forms.recognition.other_parties import (
    asks_about_other_party,
    names_other_party,
    own_words,
)
from api.forms.recognition.vocabulary import Word, clauses, meaning_of

Kinds = Set[Word | None]

_NOT_A_PHONE = frozenset({Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.COUNTRY, Word.CODE, Word.TIME})
_NOT_A_NAME = frozenset(
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
        *(Word.FORM, Word.LINK),
    }
)
_NOT_A_USERNAME = frozenset({Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.COUNTRY, Word.CODE})
_OTHER_NETWORKS = frozenset({Word.NETWORK, Word.SOCIAL, Word.EMAIL})
_BY_PHONE = frozenset({Word.PHONE, Word.PHONE_MESSENGER})
_NAMES = frozenset({Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME})
# Words of the objects around a field that say what the field is.
_FROM_PATH = frozenset(
    {
        *(Word.PHONE, Word.NUMBER, Word.USERNAME, Word.TELEGRAM, Word.CONTACT, Word.PHONE_MESSENGER),
        *(Word.NETWORK, Word.EMAIL, *_NAMES),
    }
)
_MAX_LENGTH = 300


# Cached: a site sends the same fields in every submission.
@lru_cache(maxsize=1024)
def meaning_of_field(key: str, label: str = "", kind: str = "", path: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a field. `kind`: its declared type; `path`: the keys of the objects around it."""
    if any(names_other_party(_words(part)) for part in path):
        return EXCLUDED
    around = [word for part in path for word in _words(part) if meaning_of(word) in _FROM_PATH]
    found = [_meaning(text, around) for text in dict.fromkeys((key, label)) if text and _clauses(text)] or [
        GENERIC if not path or not around else _meaning("", around)
    ]
    if any(meaning.is_excluded for meaning in found):
        return EXCLUDED
    # The name of the field or its label: whichever says more.
    meaning = max(found, key=_strength)
    if any(_has(part, Word.SECONDARY) for part in path):
        meaning = replace(meaning, is_secondary=True)
    if path and meaning.name > NameRule.BESIDE_CONTACT:
        meaning = replace(meaning, name=min(meaning.name, _best_name_in(path[-1])))
    return _with_type(meaning, kind, label or key)


def _best_name_in(parent: str) -> NameRule:
    """Return the best rule for a `name` inside the object `parent`: `product.name` is no person's name."""
    kinds = {meaning_of(word) for word in _words(parent)}
    if kinds & _NOT_A_NAME - {Word.SECONDARY}:
        return NameRule.BESIDE_CONTACT
    return NameRule.PARTIAL if None in kinds else NameRule.EXACT


def _strength(meaning: Meaning) -> tuple[bool, int, int, int]:
    says = meaning not in {GENERIC, NOTHING}
    return (
        says,
        meaning.phone + meaning.username + meaning.name,
        -meaning.unknown_words,
        -meaning.is_secondary,
    )


def _with_type(meaning: Meaning, kind: str, title: str) -> Meaning:
    """Add what the declared type says: `type: phone` makes a field without a title a phone."""
    words = {meaning_of(word) for word in _words(kind)} if kind else set()
    if Word.TELEGRAM in words:
        return replace(meaning, username=UsernameRule.TELEGRAM)
    if Word.PHONE in words and not _words_exclude_phone(title):
        return replace(meaning, phone=PhoneRule.PHONE)
    if words & _NAMES and meaning in (GENERIC, NOTHING):
        return _name(list(_words(kind)))
    return meaning


def _words_exclude_phone(title: str) -> bool:
    return any({meaning_of(word) for word in clause} & _NOT_A_PHONE for clause in _clauses(title))


def _clauses(text: str) -> tuple[tuple[str, ...], ...]:
    return clauses(text[:_MAX_LENGTH])


def _words(text: str) -> list[str]:
    return [word for clause in _clauses(text) for word in clause]


def _has(text: str, kind: Word) -> bool:
    return any(meaning_of(word) is kind for word in _words(text))


def _meaning(text: str, around: list[str]) -> Meaning:
    """Return the meaning of one text; `around` are the telling words of the objects around the field."""
    parts = [list(clause) for clause in _clauses(text)] or [[]]
    parts[0] = [*around, *parts[0]]
    everywhere = {meaning_of(word) for part in parts for word in part}
    own = [own_words(part, is_first=at == 0) for at, part in enumerate(parts)]
    found = [EXCLUDED if part is None else _meaning_of_clause(part, everywhere) for part in own]
    if asks_about_other_party(text) and any(meaning.may_hold_contact or meaning.name for meaning in found):
        return EXCLUDED
    if any(meaning.is_excluded for meaning in found):
        return EXCLUDED
    first, *others = found
    for other in others:
        first = _merge(first, other)
    unknown = sum(meaning_of(word) is None for part in parts for word in part)
    generic = everywhere <= {Word.GENERIC, Word.FILLER} or (
        Word.GENERIC in everywhere and everywhere <= {Word.GENERIC, Word.FILLER, None}
    )
    if first == NOTHING and generic and unknown <= 1:
        return GENERIC
    return replace(
        first,
        unknown_words=unknown,
        is_secondary=Word.SECONDARY in everywhere,
        describes_method=bool(everywhere & {Word.METHOD, Word.CONTACT}),
        is_region=_is_region(everywhere),
    )


def _is_region(words: Kinds) -> bool:
    return bool(words & {Word.COUNTRY, Word.CODE}) or {Word.PHONE, Word.PROPERTY} <= words


def _merge(one: Meaning, other: Meaning) -> Meaning:
    best_name = max(one, other, key=lambda meaning: meaning.name)
    return replace(
        best_name,
        phone=max(one.phone, other.phone),
        username=max(one.username, other.username),
        is_name_or_username=one.is_name_or_username or other.is_name_or_username,
    )


def _meaning_of_clause(words: list[str], everywhere: Kinds) -> Meaning:
    kinds = {meaning_of(word) for word in words}
    name = _name(words) if kinds & _NAMES else NOTHING
    return (
        Meaning(
            name=name.name,
            name_part=name.name_part,
            phone=_phone_rule(words, kinds, everywhere),
            username=_username_rule(words, kinds, everywhere),
            is_name_or_username=_is_name_of_user(words),
        )
        if name.name or not _is_only_contact(kinds, everywhere)
        else Meaning(
            name=NameRule.CONTACT,
            phone=_phone_rule(words, kinds, everywhere),
            username=_username_rule(words, kinds, everywhere),
        )
    )


def _is_only_contact(kinds: Kinds, everywhere: Kinds) -> bool:
    return Word.CONTACT in kinds and everywhere <= {Word.CONTACT, Word.FILLER}


def _name(words: list[str]) -> Meaning:
    kinds = {meaning_of(word) for word in words}
    if kinds & _NOT_A_NAME and not (
        kinds & _NOT_A_NAME == {Word.SECONDARY} and "work" not in words and _is_last(words)
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
    is_exact = kinds <= {*_NAMES, Word.FILLER, Word.GENERIC, Word.CONTACT} or (
        kinds - {None} <= {*_NAMES, Word.FILLER, Word.GENERIC, Word.CONTACT}
        and {"last", "family"} & set(words)
    )
    return Meaning(name=NameRule.EXACT if is_exact else NameRule.PARTIAL, name_part=part)


def _is_last(words: list[str]) -> bool:
    return any(meaning_of(word) is Word.LAST_NAME for word in words) or bool({"last", "family"} & set(words))


def _is_name_of_user(words: list[str]) -> bool:
    pairs = set(pairwise(words))
    return bool(pairs & {("user", "name"), ("имя", "пользователя"), ("имя", "пользователь")})


def _phone_rule(words: list[str], kinds: Kinds, everywhere: Kinds) -> PhoneRule:
    rule = PhoneRule.NEVER
    if kinds & _NOT_A_PHONE:
        pass
    elif kinds & {Word.PHONE, Word.PHONE_MESSENGER}:
        rule = PhoneRule.PHONE
    elif Word.NUMBER in kinds:
        rule = _number_rule(words, kinds, everywhere)
    elif kinds & _NAMES:
        rule = PhoneRule.NEVER if kinds & _NOT_A_NAME else PhoneRule.IF_WRITTEN_AS_PHONE
    elif kinds & {Word.CONTACT, Word.TELEGRAM}:
        is_about = everywhere & {Word.TIME, Word.PROPERTY, Word.METHOD}
        rule = PhoneRule.IF_WRITTEN_AS_PHONE if is_about else PhoneRule.CONTACT
    elif Word.USERNAME in kinds and Word.NETWORK not in everywhere:
        rule = PhoneRule.IF_WRITTEN_AS_PHONE
    return rule


def _number_rule(words: list[str], kinds: Kinds, everywhere: Kinds) -> PhoneRule:
    if everywhere & {Word.CONTACT, Word.PHONE}:
        return PhoneRule.PHONE
    if not kinds <= {Word.NUMBER, Word.FILLER}:
        return PhoneRule.NEVER
    # A bare `number` is a counter of the sender; a person is asked for "your number" or «номер».
    is_asked = Word.FILLER in kinds or not words[-1].isascii()
    return PhoneRule.NUMBER if is_asked else PhoneRule.IF_WRITTEN_AS_PHONE


def _username_rule(words: list[str], kinds: Kinds, everywhere: Kinds) -> UsernameRule:
    if Word.TELEGRAM in kinds:
        return _telegram_rule(kinds, everywhere)
    rule = UsernameRule.NEVER
    is_other_network = everywhere & _OTHER_NETWORKS and not everywhere & _BY_PHONE
    if kinds & _NOT_A_USERNAME:
        pass
    elif is_other_network or (Word.PHONE_MESSENGER in kinds and Word.PHONE not in kinds):
        has_place = kinds & {Word.SOCIAL, Word.CONTACT, Word.PHONE_MESSENGER}
        rule = UsernameRule.IF_SAYS_TELEGRAM if has_place else rule
    elif Word.USERNAME in kinds or _is_name_of_user(words):
        is_plain = kinds <= {Word.USERNAME, Word.FILLER, Word.NAME, Word.CONTACT, Word.PHONE}
        # "Your nick on Clubhouse": an unknown word may be a network.
        rule = UsernameRule.PLAIN if is_plain else UsernameRule.IF_SAYS_TELEGRAM
    elif Word.CONTACT in kinds and everywhere & {Word.METHOD, Word.TIME}:
        # How or when to contact the person, not where.
        rule = UsernameRule.IF_SAYS_TELEGRAM
    elif kinds & {Word.CONTACT, Word.PHONE} and not kinds & _NAMES:
        rule = UsernameRule.WITH_AT
    return rule


def _telegram_rule(kinds: Kinds, everywhere: Kinds) -> UsernameRule:
    if kinds & {Word.THING, Word.COUNTRY, Word.CODE}:
        return UsernameRule.NEVER
    if everywhere & {Word.NETWORK, Word.PROPERTY, Word.METHOD, Word.TIME}:
        return UsernameRule.WITH_AT
    return UsernameRule.PLAIN if Word.ID in kinds else UsernameRule.TELEGRAM
