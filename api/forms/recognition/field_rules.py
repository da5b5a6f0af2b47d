"""Pure: decides by the words of a field's name, label, type and path what the field may contain."""

import re
from collections.abc import Set
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from api.forms.recognition.call_parties import CALLERS, is_caller
from api.forms.recognition.field_meaning import (
    CALLER,
    EXCLUDED,
    GENERIC,
    NOTHING,
    NUMBERED,
    PERSON,
    Meaning,
    NameRule,
    PhoneRule,
    UsernameRule,
)
from api.forms.recognition.name_rules import NAMES, NOT_A_NAME, is_name_of_user, name_in
from api.forms.recognition.other_parties import (
    OCCASIONS,
    asks_about_other_party,
    is_phone_of_occasion,
    names_other_party,
    own_words,
    owner_in_path,
    owner_of,
)
from api.forms.recognition.vocabulary import Word, clauses, meaning_of

Kinds = Set[Word | None]

_NOT_A_PHONE = frozenset({Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.COUNTRY, Word.CODE, Word.TIME})
_NOT_A_USERNAME = frozenset({Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.COUNTRY, Word.CODE})
_OTHER_NETWORKS = frozenset({Word.NETWORK, Word.SOCIAL, Word.EMAIL})
_BY_PHONE = frozenset({Word.PHONE, Word.PHONE_MESSENGER})
# Words of the objects around a field that say what the field is.
_FROM_PATH = frozenset(
    {
        *(Word.PHONE, Word.NUMBER, Word.USERNAME, Word.TELEGRAM, Word.CONTACT, Word.PHONE_MESSENGER),
        *(Word.NETWORK, Word.EMAIL, *NAMES),
    }
)
# In exports a column that is called so holds the person's name.
_PEOPLE = frozenset(
    {
        *(
            *("applicant", "attendee", "buyer", "candidate", "client", "customer", "guest", "participant"),
            *("passenger", "patient", "person"),
        ),
        *("гость", "заказчик", "кандидат", "клиент", "пассажир", "пациент", "покупатель", "соискатель"),
        "участник",
    }
)
# What was checked about a phone: `phone_valid` may hold the phone itself.
_CHECKS = frozenset({"confirmed", "valid", "validated", "verified"})
# A form builder's own name of a field, which says nothing: "quform_1_4".
_MACHINE_NAME = re.compile(r"(?=\D*\d)[a-z\d]+(?:[_-][a-z\d]+)*")
# A chat bot's platform tells there in which network the person's name is.
_CHANNELS = frozenset({"channel", "network", "messenger", "канал"})
_MAX_LENGTH = 300


# Cached: a site sends the same fields in every submission.
@lru_cache(maxsize=1024)
def meaning_of_field(key: str, label: str = "", kind: str = "", path: tuple[str, ...] = ()) -> Meaning:
    """Return the meaning of a field. `kind`: its declared type; `path`: the keys of the objects around it."""
    if any(names_other_party(_words(part)) for part in path):
        return EXCLUDED
    around = [
        word for part in path for word in _words(part) if meaning_of(word) in _FROM_PATH or word in CALLERS
    ]
    found = [_meaning(text, around) for text in dict.fromkeys((key, label)) if text and _clauses(text)] or [
        GENERIC if not path or not around else _meaning("", around)
    ]
    if any(meaning.is_excluded for meaning in found):
        return EXCLUDED
    # The name of the field or its label: whichever says more.
    meaning = max(found, key=_strength)
    owners = (*(each.whose for each in found), *map(owner_in_path, path))
    if owner := next(filter(None, owners), ""):
        meaning = replace(meaning, whose=meaning.whose or owner)
    if any(_has(part, Word.SECONDARY) for part in path):
        meaning = replace(meaning, is_secondary=True)
    if path and meaning.name > NameRule.BESIDE_CONTACT:
        meaning = replace(meaning, name=min(meaning.name, _best_name_in(path[-1])))
    return _with_type(meaning, kind, label or key)


def _best_name_in(parent: str) -> NameRule:
    """Return the best rule for a `name` inside the object `parent`: `product.name` is no person's name."""
    kinds = {meaning_of(word) for word in _words(parent)}
    if kinds & NOT_A_NAME - {Word.SECONDARY}:
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
    if words & NAMES and meaning in (GENERIC, NOTHING):
        return name_in(list(_words(kind)))
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
    if first == NOTHING and (without := _meaning_without_contact(text, parts, everywhere, unknown)):
        return without
    return replace(
        first,
        unknown_words=unknown,
        is_secondary=Word.SECONDARY in everywhere,
        describes_method=bool(everywhere & {Word.METHOD, Word.CONTACT} or _CHANNELS & set(chain(*parts))),
        is_region=_is_region(everywhere),
        whose=owner_of(text, parts),
    )


def _meaning_without_contact(
    text: str, parts: list[list[str]], everywhere: Kinds, unknown: int
) -> Meaning | None:
    """Return the meaning of a text that names neither a contact nor a name; None if it says nothing."""
    generic = everywhere <= {Word.GENERIC, Word.FILLER} or (
        Word.GENERIC in everywhere and everywhere <= {Word.GENERIC, Word.FILLER, None}
    )
    if len(parts) == 1 and is_caller(parts[0]):
        return CALLER
    if everywhere <= {Word.FILLER} and _PEOPLE & set(chain(*parts)):
        return PERSON
    if generic and unknown <= 1:
        return GENERIC
    return NUMBERED if everywhere <= {None} and _MACHINE_NAME.fullmatch(text) else None


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
    name = name_in(words) if kinds & NAMES else NOTHING
    return (
        Meaning(
            name=name.name,
            name_part=name.name_part,
            phone=_phone_rule(words, kinds, everywhere),
            username=_username_rule(words, kinds, everywhere),
            is_name_or_username=is_name_of_user(words),
        )
        if name.name or not _is_only_contact(words, kinds, everywhere)
        else Meaning(
            name=NameRule.CONTACT,
            phone=_phone_rule(words, kinds, everywhere),
            username=_username_rule(words, kinds, everywhere),
        )
    )


def _is_only_contact(words: list[str], kinds: Kinds, everywhere: Kinds) -> bool:
    # "Yes" answers a question with an infinitive: «Вам перезвонить?»
    is_question = any(word.endswith("ть") for word in words)
    return Word.CONTACT in kinds and everywhere <= {Word.CONTACT, Word.FILLER} and not is_question


def _phone_rule(words: list[str], kinds: Kinds, everywhere: Kinds) -> PhoneRule:
    rule = PhoneRule.NEVER
    if kinds & _NOT_A_PHONE and not _is_phone_with_code(kinds):
        rule = _phone_rule_of_thing(words, kinds)
    elif kinds & {Word.PHONE, Word.PHONE_MESSENGER}:
        rule = PhoneRule.PHONE
    elif Word.NUMBER in kinds:
        rule = _number_rule(words, kinds, everywhere)
    elif kinds & NAMES:
        rule = PhoneRule.NEVER if kinds & NOT_A_NAME else PhoneRule.IF_WRITTEN_AS_PHONE
    elif kinds & {Word.CONTACT, Word.TELEGRAM}:
        is_about = everywhere & {Word.TIME, Word.PROPERTY, Word.METHOD}
        rule = PhoneRule.IF_WRITTEN_AS_PHONE if is_about else PhoneRule.CONTACT
    elif Word.USERNAME in kinds and Word.NETWORK not in everywhere:
        rule = PhoneRule.IF_WRITTEN_AS_PHONE
    return rule


def _phone_rule_of_thing(words: list[str], kinds: Kinds) -> PhoneRule:
    """Return the rule for "order_phone" and "phone_valid": a phone in them is the person's, or may be."""
    against = kinds & _NOT_A_PHONE
    if Word.PHONE in kinds and against == {Word.PROPERTY}:
        properties = {word for word in words if meaning_of(word) is Word.PROPERTY}
        return PhoneRule.NUMBER if properties <= _CHECKS else PhoneRule.NEVER
    things = {word for word in words if meaning_of(word) is Word.THING}
    if against == {Word.THING} and things <= OCCASIONS and is_phone_of_occasion(words):
        return PhoneRule.PHONE
    return PhoneRule.NEVER


def _is_phone_with_code(kinds: Kinds) -> bool:
    """Return True for `phone_country_code`: a code alone is no valid phone, and some send the whole phone."""
    return Word.PHONE in kinds and not kinds & (_NOT_A_PHONE - {Word.COUNTRY, Word.CODE} | NAMES)


def _number_rule(words: list[str], kinds: Kinds, everywhere: Kinds) -> PhoneRule:
    if everywhere & {Word.CONTACT, Word.PHONE}:
        return PhoneRule.PHONE
    if not kinds <= {Word.NUMBER, Word.FILLER}:
        # "text_reminder_number"
        is_generic = kinds <= {Word.NUMBER, Word.FILLER, Word.GENERIC}
        return PhoneRule.IF_WRITTEN_AS_PHONE if is_generic else PhoneRule.NEVER
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
    elif Word.USERNAME in kinds or is_name_of_user(words):
        is_plain = kinds <= {Word.USERNAME, Word.FILLER, Word.NAME, Word.CONTACT, Word.PHONE}
        # "Your nick on Clubhouse": an unknown word may be a network.
        rule = UsernameRule.PLAIN if is_plain else UsernameRule.IF_SAYS_TELEGRAM
    elif Word.CONTACT in kinds and everywhere & {Word.METHOD, Word.TIME}:
        # How or when to contact the person, not where.
        rule = UsernameRule.IF_SAYS_TELEGRAM
    elif kinds & {Word.CONTACT, Word.PHONE} and not kinds & NAMES:
        rule = UsernameRule.WITH_AT
    return rule


def _telegram_rule(kinds: Kinds, everywhere: Kinds) -> UsernameRule:
    if kinds & {Word.THING, Word.COUNTRY, Word.CODE}:
        return UsernameRule.NEVER
    if everywhere & {Word.NETWORK, Word.PROPERTY, Word.METHOD, Word.TIME}:
        return UsernameRule.WITH_AT
    return UsernameRule.PLAIN if Word.ID in kinds else UsernameRule.TELEGRAM
