"""Pure: tells the two sides of a call or a message: who calls, and the line that is called."""

from api.forms.recognition.vocabulary import Word, meaning_of

# The side that a call or a message comes from. If it goes out, that is the company.
CALLERS = frozenset({"ani", "caller", "calling", "clid", "from", "originator", "sender"})
# A chat's `from_id` is no phone.
_CALLER_IDS = (["caller", "id"], ["caller", "id", "num"], ["caller", "num"])
_RECEIVERS = frozenset(
    {
        *("to", "called", "callee", "destination", "dialed", "dialled", "did", "diversion", "dst"),
        "receiver",
    }
)
# What may stand beside such a word: "to_number" is the receiver's, "to_be_decided" says nothing.
_BESIDE_RECEIVER = frozenset(
    {
        *(Word.PHONE, Word.PHONE_MESSENGER, Word.TELEGRAM, Word.USERNAME, Word.NUMBER, Word.CONTACT),
        *(Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME, Word.ID, Word.GENERIC, Word.LINK),
    }
)
_YOU = frozenset({"you", "sie", "dich"})


def is_caller(words: list[str]) -> bool:
    """Return True for "from" and "caller_id"."""
    return words in _CALLER_IDS or (bool(words) and {*words} <= CALLERS)


def names_receiver(words: list[str]) -> bool:
    """Return True for "to", "to_phone", "dialed number", "number_to": the side that is called."""
    if not {*words[:1], *words[-1:]} & _RECEIVERS or _YOU & set(words):
        return False
    return all(word in _RECEIVERS or meaning_of(word) in _BESIDE_RECEIVER for word in words)
