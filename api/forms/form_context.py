"""Pure: what the fields of a form say about each other: the messenger."""

import re
from collections.abc import Sequence
from dataclasses import replace

from api.forms.fields import Field, Fields
from api.forms.recognition.call_parties import CALLERS
from api.forms.recognition.field_meaning import EXCLUDED, Meaning, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field
from api.forms.recognition.other_parties import words_of
from api.forms.recognition.vocabulary import Word, clauses, meaning_of

_MAX_TITLE = 300
_MAX_PART = 60
_DIRECTION = re.compile(
    r"(?:\w{1,20}[ _-])?direction|call[ _-]?type|(?:тип|направление) звонка", re.IGNORECASE
)
_OUTGOING = re.compile(r"\W*(?:out|исх)", re.IGNORECASE)
_MESSENGER = re.compile(r"messenger[-_ ](type|id)(.*)", re.IGNORECASE | re.DOTALL)


def meaning_of_one(item: Field) -> Meaning:
    """Return the meaning of a field by itself."""
    # Cut, because the meanings are cached.
    path = tuple(part[:_MAX_PART] for part in item.path)
    return meaning_of_field(item.key[:_MAX_TITLE], item.label[:_MAX_TITLE], item.kind[:_MAX_PART], path)


def is_messenger_part(item: Field) -> bool:
    """Return True for Tilda's `messenger-type` and `messenger-id`."""
    return _MESSENGER.fullmatch(item.key.strip()) is not None


def with_neighbours(fields: Fields, meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """Return the meanings with what the value of one field says about another field."""
    return _without_own_calls(fields, _with_declared_network(fields, _with_messengers(fields, meanings)))


def tells_direction(item: Field) -> bool:
    """Return True for a field that says whether a call or a message came in or went out."""
    return _DIRECTION.fullmatch(item.key.strip()) is not None


def _without_own_calls(fields: Fields, meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """Exclude the caller of a call that goes out: it is the company."""
    if not any(tells_direction(item) and _OUTGOING.match(item.text) for item in fields):
        return meanings
    return [
        EXCLUDED if CALLERS.intersection(words_of(".".join([*item.path, item.key])[:_MAX_TITLE])) else meaning
        for item, meaning in zip(fields, meanings, strict=True)
    ]


def _with_messengers(fields: Fields, meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """Add what Tilda's `messenger-type` says about the `messenger-id` with the same number."""
    matches = [_MESSENGER.fullmatch(item.key.strip()) for item in fields]
    if not any(matches):
        return meanings
    kinds = {
        match.group(2): _network(item.text)
        for item, match in zip(fields, matches, strict=True)
        if match and match.group(1).lower() == "type"
    }
    return [
        _messenger_meaning(kinds.get(match.group(2)), match.group(1)) if match else meaning
        for match, meaning in zip(matches, meanings, strict=True)
    ]


def _messenger_meaning(network: Word | None, part: str) -> Meaning:
    if part.lower() == "type":
        return Meaning()
    username = {Word.TELEGRAM: UsernameRule.TELEGRAM, None: UsernameRule.WITH_AT}.get(
        network, UsernameRule.NEVER
    )
    return Meaning(phone=PhoneRule.CONTACT, username=username)


def _network(text: str) -> Word | None:
    """Return what the answer to "where may we write to you?" names: Telegram, another network, or a phone."""
    kinds = {meaning_of(word) for clause in clauses(text[:60]) for word in clause} - {Word.FILLER}
    if kinds & {Word.PHONE_MESSENGER, Word.PHONE} and len(kinds) == 1:
        return Word.PHONE
    if kinds == {Word.TELEGRAM}:
        return Word.TELEGRAM
    return Word.NETWORK if len(kinds) == 1 and kinds <= {None, Word.NETWORK, Word.EMAIL} else None


def _with_declared_network(fields: Fields, meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """Add what a field like "preferred messenger" says about a name in a general field for contacts."""
    declared = {
        kind
        for item, meaning in zip(fields, meanings, strict=True)
        if meaning.describes_method and item.text
        for kind in [_declared(item.text)]
        if kind is not None
    }
    if len(declared) != 1:
        return meanings
    rule = UsernameRule.PLAIN if declared == {Word.TELEGRAM} else UsernameRule.IF_SAYS_TELEGRAM
    return [
        replace(meaning, username=rule)
        if meaning.username in {UsernameRule.WITH_AT, UsernameRule.PLAIN}
        and meaning.phone is not PhoneRule.PHONE
        else meaning
        for meaning in meanings
    ]


def _declared(text: str) -> Word | None:
    words = [word for clause in clauses(text[:60]) for word in clause]
    kinds = {meaning_of(word) for word in words}
    if not words or None in kinds or len(words) > 3 or "@" in text:
        return None
    if Word.TELEGRAM in kinds:
        return Word.TELEGRAM if not kinds & {Word.NETWORK, Word.PHONE_MESSENGER} else None
    return Word.NETWORK if kinds & {Word.NETWORK, Word.PHONE_MESSENGER} else None
