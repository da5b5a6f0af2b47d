"""Pure: recognises by its name a field that holds the contact of another person or of an organisation."""

import re

from api.forms.recognition.vocabulary import Word, clauses, meaning_of

_HEADS = frozenset(
    {
        *(Word.PHONE, Word.PHONE_MESSENGER, Word.TELEGRAM, Word.USERNAME),
        *(Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME),
    }
)
_OWNED = _HEADS | {Word.NUMBER, Word.CONTACT}
_MIN_NOUN = 3
_ADJECTIVE_ENDS = ("ый", "ий", "ой", "ая", "ое", "ые", "ие")
# Words that link a thing to its owner: "phone of the foreman".
_OF = frozenset({"of", "de", "del", "des", "der", "du"})
_CONJUNCTIONS = frozenset({"and", "or", "и", "или"})
# "Who recommended us? Name and phone": the question is about another person.
_QUESTION = re.compile(r"[?:]")
# "Who sent you to us" asks for another person, whatever the verb.
_WHO = frozenset({"who", "wer", "qui", "quien", "kto", "кто", "хто"})
_YOU = frozenset({"you", "sie", "dich", "вас", "вам", "тебя"})
_ASKING = frozenset({"submitted", "filled", "requested", "booked", "sent"})


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
    parties = {word for word in words if meaning_of(word) is Word.PARTY}
    return bool(parties - {"by"}) or ("by" in parties and not _ASKING & set(words))


def owner_in(words: list[str]) -> str:
    """Return the unknown word after "phone" or "name" that says whose it is; empty without one.

    In Russian it follows at once, "телефон прораба"; elsewhere a word links them, "phone of the foreman".
    """
    at = next((at for at, word in enumerate(words) if meaning_of(word) in _OWNED), len(words))
    is_linked = False
    for word in words[at + 1 :]:
        if meaning_of(word) is None:
            is_noun = len(word) >= _MIN_NOUN and not word.endswith(_ADJECTIVE_ENDS)
            return word if is_noun and (is_linked or not word.isascii()) else ""
        if meaning_of(word) not in {Word.FILLER, *_OWNED}:
            return ""
        is_linked = is_linked or word in _OF
    return ""
