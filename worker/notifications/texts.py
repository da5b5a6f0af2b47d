"""Texts of the owner's notices in Russian and English: lead ids and names, phones masked; no I/O."""

from collections.abc import Sequence
from typing import Literal

from shared.logging_setup import mask_phones

Language = Literal["ru", "en"]

MAX_LINES = 15
MAX_LINE_LENGTH = 200
_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "scheduled": "Лид {lead}, {name}: согласие на звонок, ссылка отправлена.",
        "handed_off": "Лид {lead}, {name}: нужен человек ({reason}).",
        "limited": "Аккаунт {account}: Telegram ограничил первые сообщения ({reason}).",
        "needs_login": "Аккаунт {account}: нужен новый вход ({reason}).",
        "banned": "Аккаунт {account}: заблокирован ({reason}).",
        "model": "Модель недоступна, людям не отвечаем: {reason}.",
        "summary": "Вчера, {day}: заявок {leads}, согласились на звонок {scheduled}."
        " Сейчас ждут человека {taken}, ответа ассистента {unanswered}.",
        "more": "…и ещё {count}",
        "nameless": "без имени",
    },
    "en": {
        "scheduled": "Lead {lead}, {name}: agreed to a call, the link is sent.",
        "handed_off": "Lead {lead}, {name}: a human is needed ({reason}).",
        "limited": "Account {account}: Telegram limits first messages ({reason}).",
        "needs_login": "Account {account}: has to be signed in again ({reason}).",
        "banned": "Account {account}: banned ({reason}).",
        "model": "The model is away, people get no answers: {reason}.",
        "summary": "Yesterday, {day}: {leads} leads, {scheduled} agreed to a call."
        " Now {taken} wait for a human, {unanswered} for the assistant.",
        "more": "…and {count} more",
        "nameless": "no name",
    },
}


def render_line(language: Language, template: str, **values: object) -> str:
    """Fill in one template; returns a single line of at most `MAX_LINE_LENGTH` characters."""
    values["name"] = str(values.get("name") or "").strip() or _TEXTS[language]["nameless"]
    line = mask_phones(_TEXTS[language][template].format(**values))
    line = " ".join(line.split())
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[: MAX_LINE_LENGTH - 1]}…"


def join_lines(language: Language, lines: Sequence[str]) -> str:
    """Join lines into one message; lines beyond `MAX_LINES` are replaced with their count."""
    shown = [*lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(_TEXTS[language]["more"].format(count=len(lines) - MAX_LINES))
    return "\n".join(shown)
