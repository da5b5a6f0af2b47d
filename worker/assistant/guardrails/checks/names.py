"""Detects a name by which the contact is addressed although it is not theirs. Pure."""

import re
from difflib import SequenceMatcher

from worker.assistant.guardrails.first_names import FIRST_NAMES
from worker.assistant.guardrails.text_normalization import strip_invisible, transliterate

_NAME = r"[A-ZА-ЯЁ][a-zа-яё’'-]+(?: [A-ZА-ЯЁ][a-zа-яё’'-]+){0,2}"
# After these words a capitalised word is a name.
_GREETED = re.compile(
    r"(?:(?i:\b(?:здравствуй(?:те)?|привет(?:ствую)?|добр(?:ый|ого) (?:день|дня|вечер|вечера|утра)"
    r"|доброе утро"
    r"|уважаем(?:ый|ая)|дорог(?:ой|ая)|приятно познакомиться|рад[аы]? знакомству|доброго времени суток"
    r"|hello|hi|hey"
    r"|dear|good (?:morning|afternoon|evening|day)|greetings|nice to meet you)\b),?\s)(?:(?:Mr|Ms|Mrs"
    r"|Dr)\.? )?"
    rf"(?P<name>{_NAME})(?=\s?(?:[!,.?:;…—–)\n]|$))"
)
# A name between commas, or at the edge of a sentence, if it is a known first name.
_VOCATIVE = re.compile(rf"(?:^|[,.!?…\n—–]\s?)(?P<name>{_NAME})(?=\s?[!,.?…—–]|$)", re.MULTILINE)
# Capitalised words of politeness that follow a greeting.
_NOT_NAMES = frozenset(
    """
    вы вас вам ваш ваша ваше это мы пишу there this it we all everyone team коллеги друзья я i
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
_MIN_PREFIX = 3
_MIN_LIKENESS = 0.8


def find_problem(text: str, contact_name: str, known: str) -> str | None:
    """Return why the text addresses somebody else; None if it does not.

    `known` holds the texts from which a name may come: what the contact wrote, our messages, the description.
    """
    visible = strip_invisible(text)
    names = [found["name"] for found in _GREETED.finditer(visible)]
    # The last word that could be a first name decides: "Спасибо, Анна".
    names += [found["name"] for found in _VOCATIVE.finditer(visible) if _has_first_name(found["name"])]
    words = frozenset(re.findall(r"[^\W\d_]+", transliterate(f"{contact_name} {known}")))
    return "it addresses somebody else" if any(not _is_known(name, words) for name in names) else None


def _has_first_name(name: str) -> bool:
    return transliterate(name.split(maxsplit=1)[0]) in FIRST_NAMES


def _is_known(name: str, words: frozenset[str]) -> bool:
    if name.split(maxsplit=1)[0].lower() in _NOT_NAMES:
        return True
    parts = re.findall(r"[^\W\d_]+", transliterate(name))
    return any(_is_same(part, word) for part in parts for word in words)


def _is_same(one: str, other: str) -> bool:
    """Return True for two forms or spellings of one name: Алекс and Александр, Dmitrii and Дмитрий."""
    if min(len(one), len(other)) < _MIN_PREFIX:
        return one == other
    if one[0] != other[0]:
        return False
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) or SequenceMatcher(None, one, other).ratio() >= _MIN_LIKENESS
