"""Pure: what the owner is told, in Russian or English; names and numbers of leads, never their phones."""

from collections.abc import Sequence
from typing import Literal

from shared.logging_setup import mask_phones

Language = Literal["ru", "en"]

MOST_LINES = 15
MOST_CHARACTERS = 200
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


def say(language: Language, what: str, **values: object) -> str:
    """One line about one thing."""
    values["name"] = str(values.get("name") or "").strip() or _TEXTS[language]["nameless"]
    line = mask_phones(_TEXTS[language][what].format(**values))
    line = " ".join(line.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def bundle(language: Language, lines: Sequence[str]) -> str:
    """One message of many lines; those beyond what anybody reads are counted."""
    shown = [*lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(_TEXTS[language]["more"].format(count=len(lines) - MOST_LINES))
    return "\n".join(shown)
