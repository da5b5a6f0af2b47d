"""Pure: scores every value that may be the person's phone or Telegram username, and chooses the best."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from api.forms.body.text_cleaning import clean
from api.forms.contacts.contact_strength import Strength, phone_strength, username_strength
from api.forms.contacts.field_rank import rank_of
from api.forms.contacts.name_sounds import sound_of
from api.forms.contacts.phone_regions import Regions, is_moved, regions_of
from api.forms.fields import Field, Fields
from api.forms.form import Form
from api.forms.form_context import meaning_of_one
from api.forms.recognition.contact_values import (
    FoundContacts,
    find_contacts,
    may_state_contact,
)
from api.forms.recognition.field_meaning import Meaning, NameRule, PhoneRule, UsernameRule
from shared.contacts import Phone

# Real forms stay below this limit; it bounds the time for one submission.
_MAX_CONTACTS = 40
_MAX_NAME = 200
_WORD = re.compile(r"[^\W_]+")
_TITLE_CASE = re.compile(r"[A-Z][a-z]+")
# What platforms call the kind of a webhook call.
_EVENT = re.compile(
    r"action|events?|event[_ -]?(?:name|type|id|key)|trigger[_ -]?(?:type|event)?|topic|web ?hook.*|hook.*",
    re.IGNORECASE,
)


class Candidate(NamedTuple):
    """A contact found in the field at index `at`, the `order`th one in it; the highest `rule` is the best."""

    at: int
    contact: Phone | str
    strength: Strength
    reason: str
    rule: tuple[int, bool]
    order: int = 0
    says_telegram: bool = False
    is_bare: bool = False


class Candidates(NamedTuple):
    """All candidates of one form, the best first; `invalid`: the first contact field without a contact."""

    phones: Sequence[Candidate]
    usernames: Sequence[Candidate]
    invalid: Field | None


def find_candidates(fields: Fields, meanings: Sequence[Meaning], *, region: str) -> Candidates:
    """Return the contacts in the fields. `region`: the country of phones without a country code."""
    regions = regions_of(fields, meanings, region)
    texts_at = [
        (at, item, meaning, texts)
        for at, (item, meaning) in enumerate(zip(fields, meanings, strict=True))
        if meaning.may_hold_contact and (texts := _texts_with_contacts(item, meaning))
    ]
    if len(texts_at) > _MAX_CONTACTS:
        texts_at = sorted(texts_at, key=lambda each: _rank_by_meaning(each[1], each[2]), reverse=True)
    found = [
        (at, item, meaning, _contacts_in(texts, regions))
        for at, item, meaning, texts in texts_at[:_MAX_CONTACTS]
    ]
    phones = [
        candidate for at, _, meaning, texts in found for candidate in _phone_candidates(at, meaning, texts)
    ]
    usernames = [
        candidate for at, _, meaning, texts in found for candidate in _username_candidates(at, meaning, texts)
    ]
    usernames += _swapped_usernames(found)
    usernames = _without_senders_own(fields, phones, _doubting_names(fields, meanings, usernames))
    phones, usernames = (
        _without_others(phones, usernames, meanings),
        _without_others(usernames, phones, meanings),
    )
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


def _rank_by_meaning(item: Field, meaning: Meaning) -> tuple[object, ...]:
    return not meaning.whose, max(meaning.phone, meaning.username), rank_of(item, meaning)


def _asks_for_contact(meaning: Meaning) -> bool:
    return meaning.phone > PhoneRule.IF_WRITTEN_AS_PHONE or meaning.username >= UsernameRule.WITH_AT


def _best_first(
    candidates: Sequence[Candidate], fields: Fields, meanings: Sequence[Meaning]
) -> Sequence[Candidate]:
    if len(candidates) < 2:
        return candidates
    # Without a name of an unknown owner's own: "Имя" beside "Имя прораба" is the person's.
    named = {meaning.whose for meaning in meanings if meaning.name >= NameRule.PARTIAL}
    named = {""} if "" in named else named

    def rank(candidate: Candidate) -> tuple[object, ...]:
        meaning = meanings[candidate.at]
        of_field = rank_of(fields[candidate.at], meaning)
        # «Имя невесты» beside the phones of the bride and of the groom.
        is_named = meaning.whose in named
        is_own = is_named or not meaning.whose
        return candidate.strength, is_own, candidate.rule, is_named, of_field, -candidate.order

    return sorted(candidates, key=rank, reverse=True)


def _texts_with_contacts(item: Field, meaning: Meaning) -> list[str]:
    texts = item.texts()
    if meaning.asks_for_contact:
        return texts
    # A phone in a name field: the person took one field for another.
    is_name = meaning.name is NameRule.EXACT
    return [text for text in texts if may_state_contact(text) or (is_name and text[0].isdigit())]


def _contacts_in(texts: Iterable[str], regions: Regions) -> list[FoundContacts]:
    return [_contacts_of(text, regions) for text in texts]


def _contacts_of(text: str, regions: Regions) -> FoundContacts:
    """Return the contacts by the first country that has the phones, else by the first in which they exist."""
    if len(regions.codes) == 1 and not regions.is_foreign:
        return find_contacts(text, region=regions.codes[0])
    found = [(region, find_contacts(text, region=region)) for region in regions.codes]
    for region, contacts in found:
        if contacts.phones and not any(is_moved(each.phone, region) for each in contacts.phones):
            return contacts
    if regions.is_foreign:
        # Its country is not understood: another one would be a guess.
        return found[0][1]._replace(phones=())
    return next((contacts for _, contacts in found if contacts.phones), found[0][1])


def _phone_candidates(at: int, meaning: Meaning, texts: Iterable[FoundContacts]) -> Iterator[Candidate]:
    for contacts in texts:
        for order, found in enumerate(contacts.phones):
            strength, reason = phone_strength(meaning, found)
            if strength is not None:
                yield Candidate(at, found.phone, strength, reason, (meaning.phone, False), order)


def _username_candidates(at: int, meaning: Meaning, texts: Iterable[FoundContacts]) -> Iterator[Candidate]:
    for contacts in texts:
        for order, found in enumerate(contacts.usernames):
            strength, reason = username_strength(meaning, found)
            if strength is not None:
                rule = (meaning.username, found.says_telegram)
                says_telegram = found.says_telegram or meaning.username is UsernameRule.TELEGRAM
                is_bare = not (found.has_at or found.says_telegram)
                yield Candidate(
                    at, found.username, strength, reason, rule, order, says_telegram, is_bare=is_bare
                )


def _doubting_names(
    fields: Fields, meanings: Sequence[Meaning], usernames: Sequence[Candidate]
) -> list[Candidate]:
    """Return the usernames; a bare one that may be the person's name, or a word of it, is weak."""
    if not any(candidate.is_bare for candidate in usernames):
        return list(usernames)
    words = {
        sound_of(word)
        for item, meaning in zip(fields, meanings, strict=True)
        if meaning.name >= NameRule.PARTIAL
        for word in _WORD.findall(item.text[:_MAX_NAME])
    }
    return [
        candidate._replace(strength=Strength.WEAK, reason="a bare word that may be the person's name")
        if candidate.is_bare and _may_be_name(str(candidate.contact), words)
        else candidate
        for candidate in usernames
    ]


def _may_be_name(username: str, sounds: set[str]) -> bool:
    """Return True for "Anna", and for a name that sounds like a word of the person's name: "yulia"."""
    return _TITLE_CASE.fullmatch(username) is not None or (
        username.isalpha() and sound_of(username) in sounds
    )


def _without_others(
    candidates: Sequence[Candidate], of_other_kind: Sequence[Candidate], meanings: Sequence[Meaning]
) -> list[Candidate]:
    """Return the candidates; those with an unknown owner only if no other contact is surely the person's."""
    has_own = any(
        candidate.strength is Strength.STRONG and not meanings[candidate.at].whose
        for candidate in of_other_kind
    )
    return [candidate for candidate in candidates if not (has_own and meanings[candidate.at].whose)]


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
