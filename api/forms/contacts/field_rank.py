"""Pure: ranks the fields of a form that say equally much about the person."""

from string import digits

from api.forms.fields import Field
from api.forms.recognition.field_meaning import Meaning
from api.forms.recognition.vocabulary import Word, clauses, meaning_of

# The person, or the user of the platform who works on the request.
_ACCOUNTS = frozenset({"user", "users"})
# A longer number is an id, and no place in a row of fields.
_MAX_DIGITS = 6


def rank_of(item: Field, meaning: Meaning) -> tuple[object, ...]:
    """Return the rank of a field among those with equal rules: the same in whatever order they come."""
    key = item.key.strip().casefold()
    base = key.rstrip(digits)
    number = key[len(base) :][:_MAX_DIGITS]
    own = [part for part in item.path if part != "query"]
    is_account = any(part.casefold() in _ACCOUNTS for part in own)
    strange = sum(
        meaning_of(word) in {None, Word.THING}
        for part in own
        for clause in clauses(part[:100])
        for word in clause
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
        [-ord(character) for character in base.rstrip(" _-")[:50]],
        # So that the order of the fields never matters.
        (item.key, item.label, item.path, item.text),
    )
