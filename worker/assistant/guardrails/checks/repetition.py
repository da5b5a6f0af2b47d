"""Detects texts that say nothing new: our own last words, the contact's words, the same again and again."
" Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from worker.assistant.guardrails import sentences
from worker.assistant.guardrails.text_normalization import strip_invisible

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?…\n]+")
_CHARACTER_RUN = re.compile(r"(\S)\1{9}")
# A shorter text may well be said twice: "Hello!", "Thank you!".
_MIN_OWN_WORDS = 5
# From so many words on, the very same text as our last one is refused, unless it is only polite.
_MIN_SAME_WORDS = 3
_MIN_CONTACT_WORDS = 4
# Statements that are shorter may well be said twice beside something new.
_MIN_STATED_WORDS = 8
_MAX_OWN_SHARE = 0.8
_MAX_CONTACT_SHARE = 0.7
# So many words of a text, in another order, make it the same text.
_MIN_REORDERED_WORDS = 8
_MAX_REORDERED_SHARE = 0.9
# Forms of one word have the same beginning; the person's "my" is our "your".
_STEM = 3
# Consonants that change within the forms of one Russian word: хочу and хотите, пишу and писать.
_ALTERNATIONS = str.maketrans("ткщгдзсх", "чччжжжшш")
# What was asked for is confirmed in the same words: "I will write to you on December 5".
_COMMITS = re.compile(
    r"\b(?:напиш|переда|учт|свяж|напомн|верн|отмет|запомн)(?:у|м|ем|им|дим)(?:ся|сь)?\b"
    r"|\b(?:i|we)(?:'ll| will)\b"
)
_PRONOUNS = frozenset(
    """
    я мы вы ты мне нам вам тебе меня нас вас тебя мой моя мое мои моего моей моему моих наш наша наше
    наши нашего нашей нашу мою вашу ваш ваша ваше ваши вашего вашей вашему ваших i we you me us my our
    your mine yours am are is was were
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
# The same sentence this often, or this many words of which few differ.
_MAX_SAME_SENTENCES = 2
_MIN_LOOP_WORDS = 10
_MAX_SAME_WORDS = 2
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


def is_loop(text: str) -> bool:
    """Return True if the text says the same again and again: a model that does not find its end."""
    return _is_loop(text, _words(text))


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
    is_polite = _POLITE.issuperset(words)
    if own_texts and len(words) >= _MIN_SAME_WORDS and not is_polite and words == _words(own_texts[-1]):
        return "it repeats our earlier message"
    stated = _words(_without_questions(text))
    for own in map(_words, own_texts[-_MAX_OWN_TEXTS:]):
        if _is_said_again(words, own) or (len(stated) >= _MIN_STATED_WORDS and _is_said_again(stated, own)):
            return "it repeats our earlier message"
    return "it repeats the contact's words" if _is_echo(text, said) else None


def _without_questions(text: str) -> str:
    """Return the statements: many messages may end with the same question."""
    return " ".join(sentence for sentence in sentences.split(text) if not sentence.endswith("?"))


def _is_echo(text: str, said: Sequence[str]) -> bool:
    ours = [_words(sentence) for sentence in sentences.split(text) if not _COMMITS.search(sentence)]
    stems = _stems([word for sentence in ours for word in sentence])
    return len(stems) >= _MIN_CONTACT_WORDS and _shared(stems, _stems(said), length=2) >= _MAX_CONTACT_SHARE


def _is_said_again(words: Sequence[str], own: Sequence[str]) -> bool:
    if len(words) >= _MIN_OWN_WORDS and _shared(words, own, length=3) >= _MAX_OWN_SHARE:
        return True
    if len(words) < _MIN_REORDERED_WORDS or len(own) > 2 * len(words):
        return False
    return sum((Counter(words) & Counter(own)).values()) >= _MAX_REORDERED_SHARE * len(words)


def _stems(words: Sequence[str]) -> list[str]:
    """Return the beginnings of the words without pronouns: "хочу" and "хотите" begin alike."""
    stems = (word[:_STEM] for word in words if word not in _PRONOUNS)
    return [stem[:-1] + stem[-1].translate(_ALTERNATIONS) for stem in stems]


def _is_loop(text: str, words: Sequence[str]) -> bool:
    sentences = Counter(" ".join(_words(part)) for part in _SENTENCE_END.split(text))
    del sentences[""]
    if max(sentences.values(), default=0) > _MAX_SAME_SENTENCES:
        return True
    if len(words) >= _MIN_LOOP_WORDS and len(set(words)) / len(words) < _MIN_DIFFERENT:
        return True
    if any(len(set(run)) == 1 for run in _runs(words, _MAX_SAME_WORDS + 1)):
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
