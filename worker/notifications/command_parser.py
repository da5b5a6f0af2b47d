"""Pure: the short commands of the owner's Saved Messages and their brief answers, in Russian or English."""

import re
from dataclasses import dataclass
from typing import Literal

Act = Literal["take", "release", "reply", "status", "help"]
Language = Literal["ru", "en"]

_WORDS: dict[Act, frozenset[str]] = {
    "take": frozenset({"take", "беру", "взять", "возьму"}),
    "release": frozenset({"release", "верни", "вернуть", "возвращаю", "отдаю"}),
    "status": frozenset({"status", "статус"}),
    "help": frozenset({"help", "помощь", "команды"}),
}
_ABOUT_LEAD = re.compile(
    r"#?(?P<lead>\d{1,18})\s*(?::\s*(?P<text>\S.*)|\s(?P<word>[^\W\d]+)[.!]?)", re.DOTALL
)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)

_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "take": "Лид {lead}: чат ваш, ассистент молчит.",
        "release": "Лид {lead}: ассистент снова отвечает.",
        "reply": "Лид {lead}: отправляю. Чат ваш, ассистент молчит.",
        "unknown": "Лида {lead} нет.",
        "refused": "Лид {lead}: не вышло: {why}.",
        "status": "Лиды: {leads}. У вас: {taken}. Ждут отправки: {queued}, ответа: {unanswered}.",
        "help": "17 беру — дальше пишете вы\n17 верни — дальше пишет ассистент\n17: текст — отправить его"
        " лиду 17\nстатус — что сейчас происходит",
        "nobody": "никого",
    },
    "en": {
        "take": "Lead {lead}: the chat is yours, the assistant is silent.",
        "release": "Lead {lead}: the assistant answers again.",
        "reply": "Lead {lead}: on its way. The chat is yours, the assistant is silent.",
        "unknown": "There is no lead {lead}.",
        "refused": "Lead {lead}: it did not work: {why}.",
        "status": "Leads: {leads}. Yours: {taken}. To be sent: {queued}, to be answered: {unanswered}.",
        "help": "17 take — you go on from here\n17 release — the assistant goes on\n17: text — send it"
        " to lead 17\nstatus — how things stand",
        "nobody": "none",
    },
}


@dataclass(frozen=True)
class Command:
    """What the owner wants; `lead` is 0 where it is about none, `text` is a reply's."""

    act: Act
    lead: int
    text: str
    language: Language


def parse(note: str) -> Command | None:
    """The command that a note is; None for all the rest that people keep in Saved Messages."""
    note = note.strip()
    language: Language = "ru" if _CYRILLIC.search(note) else "en"
    found = _ABOUT_LEAD.fullmatch(note)
    if found is None:
        act = _act(note)
        return Command(act, 0, "", language) if act in {"status", "help"} else None
    lead = int(found["lead"])
    if found["text"]:
        return Command("reply", lead, found["text"].strip(), language)
    act = _act(found["word"])
    return Command(act, lead, "", language) if act in {"take", "release"} else None


def render(language: Language, what: str, **values: object) -> str:
    """One of the answers; none of them reads as a command."""
    return _TEXTS[language][what].format(**values)


def _act(word: str) -> Act | None:
    return next((act for act, words in _WORDS.items() if word.lower() in words), None)
