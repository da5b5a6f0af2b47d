"""Detects a name by which the contact is addressed although it is not theirs. Pure."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from worker.assistant.guardrails.checks.first_names import FIRST_NAMES
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
# After a word of courtesy and a comma, or after a title, one capitalised word is a name, also an unusual one.
_COURTESY = re.compile(
    r"(?:^|[.!?…\n]\s?)(?i:отлично|спасибо(?: большое)?|хорошо|понял[аи]?|поняли вас|прекрасно|замечательно"
    r"|конечно"
    r"|извините|простите|благодар(?:ю|им)|супер|договорились|здорово|разумеется|пожалуйста|рад[аы]?|thanks"
    r"|thank you|great|sure|perfect|okay|ok|understood|sorry|of course|you're welcome|you are welcome"
    r"|got it"
    r"|excellent|wonderful|no problem)"
    rf",\s(?P<name>{_NAME})(?=\s?(?:[!.?…:\n—–]|,\s[a-zа-яё]|$))"
    r"|\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Господин|Госпожа|господин|госпожа"
    r"|[Дд]октор\w?)\.?\s(?P<titled>[A-ZА-ЯЁ][a-zа-яё’'-]+)",
    re.MULTILINE,
)
# "наш разработчик Антон", "у Ольги"; the first word of a sentence may be no name.
_INSIDE = re.compile(r"(?<=[a-zа-яё] )(?P<name>[A-ZА-ЯЁ][a-zа-яё]+)\b")
_ENDING = re.compile(r"(?:om|em|oi|a|u|i|e|ia|iu)$")
_FORMER_CLIENT = re.compile(
    r"\b(?i:делали|сделали|разрабатывали|разработали|создавали|создали|запускали|запустили|реализовали"
    r"|внедряли|built|made"
    r"|developed|created|launched)\b[^.!?…\n]{0,40}\b(?:для|for)\s[«\"“]?(?P<brand>[A-ZА-ЯЁ][\w-]+)"
)
# Capitalised words of politeness that follow a greeting.
_NOT_NAMES = frozenset(
    """
    вы вас вам ваш ваша ваше это мы пишу there this it we all everyone team коллеги друзья я i
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
_WORD = re.compile(r"[^\W\d_]+")
_MIN_PREFIX = 3
_MIN_LIKENESS = 0.8


def find_problem(text: str, contact_name: str, known: str) -> str | None:
    """Return why the text addresses another person; None if it does not.

    `known` holds the texts from which a name may come: what the contact wrote, our messages, the description.
    """
    visible = strip_invisible(text)
    names = [found["name"] for found in _GREETED.finditer(visible)]
    # The last word that could be a first name decides: "Спасибо, Анна".
    names += [found["name"] for found in _VOCATIVE.finditer(visible) if _has_first_name(found["name"])]
    names += [found["name"] or found["titled"] for found in _COURTESY.finditer(visible)]
    words = frozenset(_WORD.findall(transliterate(f"{contact_name} {known}")))
    if any(not _is_known(name, words) for name in _mentioned(visible)):
        return "it names a person whom nobody has mentioned"
    if any(not _is_known(found["brand"], words) for found in _FORMER_CLIENT.finditer(visible)):
        return "it names a client that is not in the description"
    return "it addresses somebody else" if any(not _is_known(name, words) for name in names) else None


def _mentioned(text: str) -> Iterable[str]:
    """Yield the first names inside sentences, in any case of the Russian grammar."""
    for found in _INSIDE.finditer(text):
        stem = transliterate(found["name"])
        if stem in FIRST_NAMES or _ENDING.sub("", stem) in FIRST_NAMES:
            yield found["name"]


def _has_first_name(name: str) -> bool:
    return transliterate(name.split(maxsplit=1)[0]) in FIRST_NAMES


def _is_known(name: str, words: frozenset[str]) -> bool:
    if name.split(maxsplit=1)[0].lower() in _NOT_NAMES:
        return True
    # A patronymic that was not mentioned is invented, too.
    return all(any(_is_same(part, word) for word in words) for part in _WORD.findall(transliterate(name)))


def _is_same(one: str, other: str) -> bool:
    """Return True for two forms or spellings of one name: Алекс and Александр, Dmitrii and Дмитрий."""
    if min(len(one), len(other)) < _MIN_PREFIX:
        return one == other
    if one[0] != other[0]:
        return False
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) or SequenceMatcher(None, one, other).ratio() >= _MIN_LIKENESS
