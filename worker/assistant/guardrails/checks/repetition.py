"""Detects texts that say nothing new: our own last words, the contact's words, the same again and again."
" Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from worker.assistant.guardrails.text_normalization import strip_invisible

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?…\n]+")
_CHARACTER_RUN = re.compile(r"(\S)\1{9}")
# A shorter text may well be said twice: "Hello!", "Thank you!".
_MIN_OWN_WORDS = 5
_MIN_CONTACT_WORDS = 4
_MAX_OWN_SHARE = 0.8
_MAX_CONTACT_SHARE = 0.75
# The same sentence this often, or this many words of which few differ.
_MAX_SAME_SENTENCES = 2
_MIN_LOOP_WORDS = 10
_MIN_DIFFERENT = 0.34
# Words with which both sides may greet and thank each other.
_POLITE = frozenset(
    {
        *("добрый", "день", "вечер", "утро", "доброе", "здравствуйте", "привет", "спасибо", "пожалуйста"),
        *("хорошо", "отлично", "hello", "hi", "good", "morning", "afternoon", "evening", "thanks", "thank"),
        *("you", "great"),
    }
)
# Older texts are too far away to be noticed.
_MAX_OWN_TEXTS = 6
_MAX_COMPARED = 4_000


def find_problem(text: str, own_texts: Sequence[str], latest_text: str) -> str | None:
    """Return what the text repeats; None if it says something of its own."""
    words = _words(text)
    if not words:
        return "it has no words"
    said = _words(latest_text)
    if words == said and not _POLITE.issuperset(words):
        return "it repeats the contact's words"
    if _is_loop(text, words):
        return "it repeats itself"
    if len(words) >= _MIN_OWN_WORDS and any(
        _shared(words, _words(own), length=3) >= _MAX_OWN_SHARE for own in own_texts[-_MAX_OWN_TEXTS:]
    ):
        return "it repeats our earlier message"
    if len(words) >= _MIN_CONTACT_WORDS and _shared(words, said, length=2) >= _MAX_CONTACT_SHARE:
        return "it repeats the contact's words"
    return None


def _is_loop(text: str, words: Sequence[str]) -> bool:
    sentences = Counter(" ".join(_words(part)) for part in _SENTENCE_END.split(text))
    del sentences[""]
    if max(sentences.values(), default=0) > _MAX_SAME_SENTENCES:
        return True
    if len(words) >= _MIN_LOOP_WORDS and len(set(words)) / len(words) < _MIN_DIFFERENT:
        return True
    return _CHARACTER_RUN.search(text) is not None


def _shared(words: Sequence[str], other: Sequence[str], *, length: int) -> float:
    """Return the share of the runs of `length` words that the other text has too."""
    runs = list(_runs(words, length))
    known = set(_runs(other, length))
    return sum(run in known for run in runs) / len(runs) if runs else 0.0


def _runs(words: Sequence[str], length: int) -> Iterable[tuple[str, ...]]:
    return (tuple(words[at : at + length]) for at in range(len(words) - length + 1))


def _words(text: str) -> list[str]:
    return _WORD.findall(strip_invisible(text[:_MAX_COMPARED]).lower().replace("ё", "е"))
