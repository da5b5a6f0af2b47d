"""Pure: recognises by its name a field that holds the contact of another person or of an organisation."""

import re
from collections.abc import Sequence
from itertools import pairwise

from api.forms.recognition.call_parties import names_receiver
from api.forms.recognition.vocabulary import Word, clauses, meaning_of

_HEADS = frozenset(
    {
        *(Word.PHONE, Word.PHONE_MESSENGER, Word.TELEGRAM, Word.USERNAME),
        *(Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME),
    }
)
_OWNED = _HEADS | {Word.NUMBER, Word.CONTACT}
_MIN_NOUN = 3
_MIN_MACHINE_NOUN = 4
# Of adjectives, and of verbs that ask: «оставьте телефон».
_NOT_NOUN_ENDS = ("ый", "ий", "ой", "ая", "ое", "ые", "ие", "те", "ть")
# Words that link a thing to its owner: "phone of the foreman".
_OF = frozenset({"of", "de", "del", "des", "der", "du"})
_CONJUNCTIONS = frozenset({"and", "or", "и", "или"})
# "Who recommended us? Name and phone": the question is about another person.
_QUESTION = re.compile(r"[?:]")
# "Who sent you to us" asks for another person, whatever the verb.
_WHO = frozenset({"who", "wer", "qui", "quien", "kto", "кто", "хто"})
_YOU = frozenset({"you", "sie", "dich", "вас", "вам", "тебя"})
_ASKING = frozenset({"submitted", "filled", "requested", "booked", "sent"})
# Verbs before "us": "call us" asks to write to the company.
_CALL_US = frozenset({"call", "text", "write"})
# Things that have a person's phone: "order_phone" may be the customer's, or the service's.
OCCASIONS = frozenset(
    {
        *("course", "deal", "event", "job", "lesson", "order", "payment", "product", "project", "service"),
        *("session", "vacancy"),
        *("вебинара", "договора", "заказа", "курса", "мероприятия", "проекта", "сделки", "товара", "услуги"),
    }
)
# Words of objects that hold a person or a form, whatever else their names say: `createLead`.
_ENVELOPES = frozenset({Word.ENVELOPE, Word.FILLER, Word.FORM, Word.TELEGRAM, Word.GENERIC, Word.THING})


def words_of(text: str) -> list[str]:
    """Return the words of all clauses."""
    return [word for clause in clauses(text) for word in clause]


def asks_about_other_party(text: str) -> bool:
    """Return True for "Who recommended us? Name and phone"."""
    question, *rest = _QUESTION.split(text, maxsplit=1)
    return any(map(str.isalpha, "".join(rest))) and names_other_party(words_of(question))


def own_words(words: list[str], *, is_first: bool) -> list[str] | None:
    """Return the words of a clause that are about the person; None if it asks for another one's contact.

    "A phone, and our manager will call" is the person's own. `is_first`: in a later clause, "reach" and
    "contact" only tell who will call.
    """
    heads = _HEADS | {Word.CONTACT} if is_first else _HEADS
    own: list[str] = []
    part: list[str] = []
    for word in [*words, "and"]:
        if word not in _CONJUNCTIONS:
            part.append(word)
            continue
        if not names_other_party(part):
            own += [*part, word]
        elif any(meaning_of(each) in heads for each in part):
            return None
        part = []
    return own[:-1] if own else []


def names_other_party(words: list[str]) -> bool:
    """Return True for a manager, a company, "assigned by" or "who sent you"; "submitted by" is the person."""
    if (
        words
        and words[0] in _WHO
        and _YOU & set(words)
        and any(meaning_of(word) is None for word in words[1:])
    ):
        return True
    if names_receiver(words):
        return True
    parties = {word for word in words if meaning_of(word) is Word.PARTY}
    return bool(parties - {"by"}) or ("by" in parties and not _ASKING & set(words))


def owner_in_path(part: str) -> str:
    """Return the unknown noun that names an object around a field: `plumber`; empty if it says less.

    A name with a number is a form builder's: `block7`.
    """
    words = words_of(part) if not any(map(str.isdecimal, part)) else []
    if any(meaning_of(word) in _ENVELOPES for word in words):
        return ""
    return next(filter(_is_owner, words), "")


def owner_of(text: str, parts: Sequence[Sequence[str]]) -> str:
    """Return the word in a title and its clauses that says whose contact it asks for; empty without one."""
    if owner := next(filter(None, map(_owner_in, parts)), ""):
        return owner
    if len(parts) < 2 or any(meaning_of(word) is Word.BREAK for word in text.casefold().split()):
        # «Телефон для консультации»
        return ""
    # As in "Phone (your plumber)" and "Plumber: phone".
    return next(filter(None, map(_only_noun, parts)), "")


def _only_noun(words: Sequence[str]) -> str:
    nouns = [
        word for word in words if meaning_of(word) not in {Word.FILLER, Word.SECONDARY} and word not in _OF
    ]
    return nouns[0] if len(nouns) == 1 and _is_owner(nouns[0]) else ""


def _owner_in(words: Sequence[str]) -> str:
    """Return the same for one clause: the company in "call us", the order in "order_phone".

    Else it is an unknown noun beside it, "foreman phone" or "телефон прораба", or after a word like "of".
    """
    if owner := next((word for word in words if meaning_of(word) is Word.OWNER), ""):
        return owner
    if any(
        us == "us" and (verb in _CALL_US or meaning_of(verb) is Word.CONTACT) for verb, us in pairwise(words)
    ):
        return "us"
    if is_phone_of_occasion(words):
        return next(word for word in words if word in OCCASIONS)
    return _noun_beside_contact(words)


def _noun_beside_contact(words: Sequence[str]) -> str:
    at = next((at for at, word in enumerate(words) if meaning_of(word) in _OWNED), len(words))
    before = next((word for word in reversed(words[:at]) if meaning_of(word) is not Word.SECONDARY), "")
    if at < len(words) and _is_owner(before):
        return before
    is_of, is_linked = False, True
    for word in words[at + 1 :]:
        if meaning_of(word) is None and word not in _OF:
            return word if is_linked and _is_owner(word) else ""
        if meaning_of(word) not in {None, Word.FILLER, *_OWNED}:
            return ""
        is_of = is_of or word in _OF
        # Not "phone you want".
        is_linked = is_of or meaning_of(word) in _OWNED or not word.isascii()
    return ""


def is_phone_of_occasion(words: Sequence[str]) -> bool:
    """Return True for "order_phone" and «телефон заказа»; "phone_order_number" is a number of the order."""
    words = [word for word in words if meaning_of(word) not in {Word.CONTACT, Word.FILLER}]
    pairs = [(one, other) for one, other in pairwise(words) if meaning_of(other) is Word.PHONE]
    swapped = [(other, one) for one, other in pairwise(words) if meaning_of(one) is Word.PHONE]
    has_number = any(meaning_of(word) is Word.NUMBER for word in words)
    return any(thing in OCCASIONS for thing, _ in pairs) or (
        not has_number and any(thing in OCCASIONS and not thing.isascii() for thing, _ in swapped)
    )


def _is_owner(word: str) -> bool:
    """Return True for an unknown noun; a short one is a form builder's, "acf_phone"."""
    if not word or meaning_of(word) is not None:
        return False
    least = _MIN_MACHINE_NOUN if word.isascii() else _MIN_NOUN
    return len(word) >= least and not word.endswith(_NOT_NOUN_ENDS)
