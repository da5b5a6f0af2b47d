"""Pure: recognises by its name a field that holds the contact of another person or of an organisation."""

import re

from api.forms.recognition.vocabulary import Word, clauses, meaning_of

_HEADS = frozenset(
    {
        *(Word.PHONE, Word.PHONE_MESSENGER, Word.TELEGRAM, Word.USERNAME),
        *(Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME),
    }
)
_CONJUNCTIONS = frozenset({"and", "or", "и", "или"})
# "Who recommended us? Name and phone": the question is about another person.
_QUESTION = re.compile(r"[?:]")
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
    """Return True for a manager, a company, or "assigned by"; "submitted by" is the person who asks."""
    parties = {word for word in words if meaning_of(word) is Word.PARTY}
    return bool(parties - {"by"}) or ("by" in parties and not _ASKING & set(words))
