"""Texts of the owner's notices in Russian and English: lead ids and names, phones masked; no I/O."""

from collections.abc import Mapping, Sequence
from typing import Literal

from shared.logging_setup import mask_phones

Language = Literal["ru", "en"]

MAX_LINES = 15
MAX_LINE_LENGTH = 200
# An error text of the API lists fields of the form. The line about refused calls may be longer than others.
MAX_REASON_LENGTH = 300
_MAX_SOURCES_LENGTH = 60
# Telegram accepts 4,096 characters.
MAX_TEXT_LENGTH = 4000
_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "scheduled": "Лид {lead}, {name}: согласие на звонок, ссылка отправлена.",
        "handed_off": "Лид {lead}, {name}: нужен человек ({reason}).",
        "returned": "Лид {lead}, {name}: не удалось написать, но человек пишет сам. Разговор идёт дальше.",
        "stranger": "Пишет человек без заявки, {name}: «{words}».",
        "limited": "Аккаунт {account}: Telegram ограничил первые сообщения ({reason}).",
        "needs_login": "Аккаунт {account}: нужен новый вход ({reason}).",
        "banned": "Аккаунт {account}: заблокирован ({reason}).",
        "model": "Модель недоступна, людям не отвечаем: {reason}.",
        "summary": "Вчера, {day}: заявок {leads}, согласились на звонок {scheduled}."
        " Сейчас ждут человека {taken}, ответа ассистента {unanswered}.",
        "refused": "Не удалось прочитать {count} {calls} с форм ({sources}). Последняя причина: {reason}."
        " Посмотреть: GET /deliveries?outcome=refused; после исправления: POST /deliveries/{delivery}/replay",
        "more": "…и ещё {count}",
        "nameless": "без имени",
    },
    "en": {
        "scheduled": "Lead {lead}, {name}: agreed to a call, the link is sent.",
        "handed_off": "Lead {lead}, {name}: a human is needed ({reason}).",
        "returned": "Lead {lead}, {name}: could not be written to, but now writes. The conversation goes on.",
        "stranger": "Somebody without a request writes, {name}: “{words}”.",
        "limited": "Account {account}: Telegram limits first messages ({reason}).",
        "needs_login": "Account {account}: has to be signed in again ({reason}).",
        "banned": "Account {account}: banned ({reason}).",
        "model": "The model is away, people get no answers: {reason}.",
        "summary": "Yesterday, {day}: {leads} leads, {scheduled} agreed to a call."
        " Now {taken} wait for a human, {unanswered} for the assistant.",
        "refused": "{count} {calls} from forms could not be read ({sources}). The last reason: {reason}."
        " See GET /deliveries?outcome=refused; once it is fixed: POST /deliveries/{delivery}/replay",
        "more": "…and {count} more",
        "nameless": "no name",
    },
}


def render_line(language: Language, template: str, **values: object) -> str:
    """Fill in one template; returns a single line of at most `MAX_LINE_LENGTH` characters."""
    values["name"] = str(values.get("name") or "").strip() or _TEXTS[language]["nameless"]
    return _cut(_render(language, template, values), MAX_LINE_LENGTH)


def render_refused(
    language: Language, counts: Sequence[tuple[str, int]], reason: str, delivery_id: int
) -> str:
    """Return the line about refused webhook calls; `counts`: by source, `delivery_id`: the last call."""
    count = sum(number for _, number in counts)
    sources = ", ".join(f"{source}: {number}" for source, number in counts)
    values = {
        "count": count,
        "calls": _calls(language, count),
        "sources": _cut(sources, _MAX_SOURCES_LENGTH),
        "reason": _cut(mask_phones(reason).rstrip(".") or "?", MAX_REASON_LENGTH),
        "delivery": delivery_id,
    }
    return _render(language, "refused", values)


def join_lines(language: Language, lines: Sequence[str]) -> str:
    """Join lines into one message; lines for which there is no room are replaced with their count."""
    shown = [*lines[:MAX_LINES]]
    while sum(map(len, shown)) > MAX_TEXT_LENGTH:
        shown.pop()
    if len(lines) > len(shown):
        shown.append(_TEXTS[language]["more"].format(count=len(lines) - len(shown)))
    return "\n".join(shown)


def _render(language: Language, template: str, values: Mapping[str, object]) -> str:
    return " ".join(mask_phones(_TEXTS[language][template].format(**values)).split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _calls(language: Language, count: int) -> str:
    if language == "en":
        return "call" if count == 1 else "calls"
    if count % 10 in {1, 2, 3, 4} and count % 100 not in {11, 12, 13, 14}:
        return "обращение" if count % 10 == 1 else "обращения"
    return "обращений"
