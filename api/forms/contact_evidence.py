"""Pure: scores every value that may be the person's phone or Telegram username, and chooses the best."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from api.forms.body.text_cleaning import clean
from api.forms.fields import Field, Fields
from api.forms.form import Form
from api.forms.form_context import meaning_of_one, regions_of
from api.forms.recognition.contact_values import (
    FoundContacts,
    FoundPhone,
    FoundUsername,
    find_contacts,
    may_state_contact,
)
from api.forms.recognition.field_meaning import Meaning, NameRule, PhoneRule, UsernameRule
from api.forms.recognition.vocabulary import clauses, meaning_of
from shared.contacts import Phone

# Real forms stay below this limit; it bounds the time for one submission.
_MAX_CONTACTS = 40
# What platforms call the kind of a webhook call.
_EVENT = re.compile(
    r"action|events?|event[_ -]?(?:name|type|id|key)|trigger[_ -]?(?:type|event)?|topic|web ?hook.*|hook.*",
    re.IGNORECASE,
)
# The person, or the user of the platform who works on the request.
_ACCOUNTS = frozenset({"user", "users"})
_NUMBERED = re.compile(r"(.*?)[ _-]?(\d{0,6})", re.DOTALL)


class Strength(IntEnum):
    """How sure it is that a contact is the person's own."""

    WEAK = 1
    STRONG = 2


class Candidate(NamedTuple):
    """A contact found in the field at index `at`, the `order`th one in it; the highest `rule` is the best."""

    at: int
    contact: Phone | str
    strength: Strength
    reason: str
    rule: tuple[int, bool]
    order: int = 0
    says_telegram: bool = False


class Candidates(NamedTuple):
    """All candidates of one form, the best first; `invalid`: the first contact field without a contact."""

    phones: Sequence[Candidate]
    usernames: Sequence[Candidate]
    invalid: Field | None


def find_candidates(fields: Fields, meanings: Sequence[Meaning], *, region: str) -> Candidates:
    """Return the contacts in the fields. `region`: the country of phones without a country code."""
    regions = regions_of(fields, meanings, region)
    found = [
        (at, item, meaning, _contacts_in(texts, regions))
        for at, (item, meaning) in enumerate(zip(fields, meanings, strict=True))
        if meaning.may_hold_contact and (texts := _texts_with_contacts(item, meaning))
    ][:_MAX_CONTACTS]
    phones = [
        candidate for at, _, meaning, texts in found for candidate in _phone_candidates(at, meaning, texts)
    ]
    usernames = [
        candidate for at, _, meaning, texts in found for candidate in _username_candidates(at, meaning, texts)
    ]
    usernames += _swapped_usernames(found)
    usernames = _without_senders_own(fields, phones, usernames)
    used = {candidate.at for candidate in (*phones, *usernames)}
    invalid = next(
        (item for at, item, meaning, _ in found if at not in used and _asks_for_contact(meaning)), None
    )
    return Candidates(
        _best_first(phones, fields, meanings), _best_first(usernames, fields, meanings), invalid
    )


def has_contact(fields: Fields) -> bool:
    """Return True if the fields hold a contact of a person."""
    found = find_candidates(fields, Form(fields).meanings, region="RU")
    return bool(found.phones or found.usernames)


def tells_person(fields: Fields) -> bool:
    """Return True if the fields hold a name or a contact of a person."""
    has_name = any(
        meaning_of_one(item).name >= NameRule.PARTIAL and any(map(str.isalpha, item.text)) for item in fields
    )
    return has_name or has_contact(fields)


def rank_of(item: Field, meaning: Meaning) -> tuple[object, ...]:
    """Return the rank of a field among those with equal rules: the same in whatever order they come."""
    # The pattern matches every text.
    base, number = _NUMBERED.fullmatch(item.key.strip().casefold()).groups()  # type: ignore[union-attr]
    own = [part for part in item.path if part != "query"]
    is_account = any(part.casefold() in _ACCOUNTS for part in own)
    strange = sum(
        meaning_of(word) is None for part in own for clause in clauses(part[:100]) for word in clause
    )
    return (
        "query" not in item.path,
        item.is_described,
        not meaning.is_secondary,
        not is_account,
        -strange,
        -meaning.unknown_words,
        len(own),
        -int(number or 0),
        [-ord(character) for character in base[:50]],
    )


def _asks_for_contact(meaning: Meaning) -> bool:
    return meaning.phone > PhoneRule.IF_WRITTEN_AS_PHONE or meaning.username >= UsernameRule.WITH_AT


def _best_first(
    candidates: Sequence[Candidate], fields: Fields, meanings: Sequence[Meaning]
) -> Sequence[Candidate]:
    if len(candidates) < 2:
        return candidates
    named = {meaning.whose for meaning in meanings if meaning.name >= NameRule.PARTIAL}

    def rank(candidate: Candidate) -> tuple[object, ...]:
        meaning = meanings[candidate.at]
        of_field = rank_of(fields[candidate.at], meaning)
        # «Имя невесты» beside the phones of the bride and of the groom.
        is_named = meaning.whose in named
        return candidate.strength, candidate.rule, is_named, of_field, -candidate.order

    return sorted(candidates, key=rank, reverse=True)


def _texts_with_contacts(item: Field, meaning: Meaning) -> list[str]:
    texts = item.texts()
    if meaning.asks_for_contact:
        return texts
    # A phone in a name field: the person took one field for another.
    is_name = meaning.name is NameRule.EXACT
    return [text for text in texts if may_state_contact(text) or (is_name and text[0].isdigit())]


def _contacts_in(texts: Iterable[str], regions: Sequence[str]) -> list[FoundContacts]:
    return [_contacts_of(text, regions) for text in texts]


def _contacts_of(text: str, regions: Sequence[str]) -> FoundContacts:
    """Return the contacts by the first country in which a phone is found, else by the first country."""
    first = find_contacts(text, region=regions[0])
    if first.phones or len(regions) == 1:
        return first
    others = (find_contacts(text, region=region) for region in regions[1:])
    return next((contacts for contacts in others if contacts.phones), first)


def _phone_candidates(at: int, meaning: Meaning, texts: Iterable[FoundContacts]) -> Iterator[Candidate]:
    for contacts in texts:
        for order, found in enumerate(contacts.phones):
            strength, reason = _phone_strength(meaning, found)
            if strength is not None:
                yield Candidate(at, found.phone, strength, reason, (meaning.phone, False), order)


def _phone_strength(meaning: Meaning, found: FoundPhone) -> tuple[Strength | None, str]:
    result: tuple[Strength | None, str] = (None, "")
    match meaning.phone:
        case PhoneRule.PHONE if meaning.whose:
            result = Strength.WEAK, "a field for phones that may be another person's"
        case PhoneRule.PHONE:
            result = Strength.STRONG, "a field for phones"
        case PhoneRule.CONTACT if not _may_be_id(meaning, found):
            result = Strength.STRONG, "a field for contacts"
        case PhoneRule.NUMBER if found.is_written_as_phone:
            result = Strength.STRONG, "a number that is written as a phone"
        case PhoneRule.NUMBER:
            result = Strength.WEAK, "a number that can be a phone"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_written_as_phone and _is_alone(meaning, found):
            result = Strength.WEAK, "written as a phone, in a field that does not ask for one"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_written_as_phone and found.is_own:
            result = Strength.WEAK, "the text says that it is the person's"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_whole and meaning.name is NameRule.EXACT:
            result = Strength.WEAK, "the whole value of a field for names"
        case _:
            pass
    return result


def _may_be_id(meaning: Meaning, found: FoundPhone) -> bool:
    """Return True for ten bare digits: a Russian mobile number without its code, or an id."""
    digits = found.phone.digits
    is_short = not found.is_written_as_phone and len(digits.lstrip("+")) <= 10
    return is_short and (meaning.username is UsernameRule.TELEGRAM or not digits.startswith("9"))


def _is_alone(meaning: Meaning, found: FoundPhone) -> bool:
    """Return True if the value is only the phone, or the field may hold more of the person than a comment."""
    return found.is_whole or meaning.name > NameRule.NEVER or meaning.username >= UsernameRule.WITH_AT


def _username_candidates(at: int, meaning: Meaning, texts: Iterable[FoundContacts]) -> Iterator[Candidate]:
    for contacts in texts:
        for order, found in enumerate(contacts.usernames):
            strength, reason = _username_strength(meaning, found)
            if strength is not None:
                rule = (meaning.username, found.says_telegram)
                says_telegram = found.says_telegram or meaning.username is UsernameRule.TELEGRAM
                yield Candidate(at, found.username, strength, reason, rule, order, says_telegram)


def _username_strength(meaning: Meaning, found: FoundUsername) -> tuple[Strength | None, str]:
    says = "a link to Telegram, or a value that says Telegram"
    result: tuple[Strength | None, str] = (None, "")
    match meaning.username:
        case UsernameRule.TELEGRAM:
            result = Strength.STRONG, "a field for Telegram"
        case UsernameRule.PLAIN | UsernameRule.WITH_AT if found.says_telegram:
            result = Strength.STRONG, says
        case UsernameRule.PLAIN if found.has_at:
            result = Strength.STRONG, "a name with @ in a field for usernames"
        case UsernameRule.PLAIN:
            result = Strength.WEAK, "a field for usernames that does not say where"
        case UsernameRule.WITH_AT if found.has_at:
            result = Strength.WEAK, "a name with @ in a field for contacts"
        case UsernameRule.IF_SAYS_TELEGRAM if found.says_telegram and (
            found.is_whole or not found.has_at or meaning.phone is not PhoneRule.IF_WRITTEN_AS_PHONE
        ):
            result = Strength.WEAK, says
        case _:
            pass
    return result


def _swapped_usernames(
    found: Sequence[tuple[int, Field, Meaning, list[FoundContacts]]],
) -> Iterator[Candidate]:
    """Yield the bare username in a phone field if the phone stands in the field for Telegram."""
    is_swapped = any(
        meaning.username is UsernameRule.TELEGRAM and any(contacts.phones for contacts in texts)
        for _, _, meaning, texts in found
    )
    for at, _, meaning, texts in found if is_swapped else ():
        for contacts in texts:
            for name in contacts.usernames:
                if meaning.phone is PhoneRule.PHONE and not (name.has_at or name.says_telegram):
                    reason = "a bare name in a phone field, and a phone in the field for Telegram"
                    yield Candidate(at, name.username, Strength.WEAK, reason, (0, False))


def _without_senders_own(
    fields: Fields, phones: Sequence[Candidate], usernames: Sequence[Candidate]
) -> list[Candidate]:
    """Remove the usernames of the sender's own account, unless the field says Telegram.

    They stand in a platform's event, beside a list of the person's answers, or in an address of the call.
    """
    if not usernames:
        return []
    inner = [fields[candidate.at] for candidate in (*phones, *usernames)]
    inner += [item for item in fields if item.is_described]
    is_event = any(_EVENT.fullmatch(item.key.strip()) for item in fields)
    addresses = " ".join(item.text.casefold() for item in fields if "://" in item.text or "www." in item.text)
    return [
        candidate
        for candidate in usernames
        if candidate.says_telegram
        or not (
            (is_event and not fields[candidate.at].label)
            or any(_is_around(fields[candidate.at], item) for item in inner)
            or f"/{candidate.contact}".casefold() in addresses
        )
    ]


def _is_around(outer: Field, item: Field) -> bool:
    """Return True if `outer` stands in an object that contains the object of `item`."""
    if "query" in outer.path:
        return "query" not in item.path
    return len(outer.path) < len(item.path) and item.path[: len(outer.path)] == outer.path


def as_mapping(found: Mapping[str, tuple[Field, Candidate]]) -> dict[str, dict[str, str]]:
    """Return what is stored as the evidence: by contact the field, the strength and the reason."""
    return {
        kind: {
            "field": clean(item.title)[:200],
            "strength": candidate.strength.name.lower(),
            "reason": candidate.reason,
        }
        for kind, (item, candidate) in found.items()
    }
