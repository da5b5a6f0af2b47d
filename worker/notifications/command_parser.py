"""Parses the owner's commands in Saved Messages and renders the answers, in Russian or English; no I/O."""

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal["take", "release", "reply", "status", "help", "pause", "pause_all", "resume", "approve"]
Language = Literal["ru", "en"]

_KEYWORDS: dict[Action, frozenset[str]] = {
    "take": frozenset({"take", "беру", "взять", "возьму"}),
    "release": frozenset({"release", "верни", "вернуть", "возвращаю", "отдаю"}),
    "approve": frozenset({"approve", "одобряю", "одобрить", "отправляй"}),
    "status": frozenset({"status", "статус"}),
    "help": frozenset({"help", "помощь", "команды"}),
    "pause": frozenset({"pause", "пауза"}),
    "pause_all": frozenset({"pause all", "пауза все", "пауза всё", "стоп", "stop"}),
    "resume": frozenset({"resume", "продолжай", "продолжить", "дальше"}),
}
_LEAD_COMMAND = re.compile(
    r"#?(?P<lead>\d{1,18})\s*(?::\s*(?P<text>\S.*)|\s(?P<word>[^\W\d]+)[.!]?)", re.DOTALL
)
_WITHOUT_A_LEAD = frozenset({"status", "help", "pause", "pause_all", "resume"})
_REPLY_WITHOUT_TEXT = re.compile(r"#?(?P<lead>\d{1,18})\s*:")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)

_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "take": "Лид {lead}: чат ваш, ассистент молчит.",
        "release": "Лид {lead}: ассистент снова отвечает.",
        "reply": "Лид {lead}: отправляю. Чат ваш, ассистент молчит.",
        "approve": "Лид {lead}: отправляю черновик.",
        "no_draft": "Лид {lead}: черновика нет.",
        "unknown": "Лида {lead} нет.",
        "not_text": "Лид {lead}: не отправлено. Так уходит только обычный текст: файл, фото или ссылку под"
        " словом отправьте сами прямо в чате с человеком, а адрес ссылки можно написать целиком.",
        "refused": "Лид {lead}: не вышло: {reason}.",
        "status": "Лиды: {leads}. У вас: {taken}. Ждут отправки: {queued}, ответа: {unanswered}.",
        "help": "17 беру — дальше пишете вы\n17 верни — дальше пишет ассистент\n17: текст — отправить его"
        " лиду 17\n17 одобряю — отправить черновик\nстатус — что сейчас происходит"
        "\nпауза — новым людям не писать; пауза всё — не писать никому\nпродолжай — конец паузы",
        "pause": "Пауза: новым людям ассистент не пишет, начатые разговоры идут."
        " Конец паузы: слово «продолжай».",
        "pause_all": "Пауза: ассистент никому не пишет. Что пишут люди, сохраняется, ваши тексты уходят."
        " Конец паузы: слово «продолжай».",
        "resume": "Пауза окончена: ассистент снова пишет.",
        "no_pause": "Паузы не было: ассистент пишет.",
        "paused": "Сейчас пауза: новым людям ассистент не пишет.",
        "paused_all": "Сейчас пауза: ассистент никому не пишет.",
        "none": "никого",
    },
    "en": {
        "take": "Lead {lead}: the chat is yours, the assistant is silent.",
        "release": "Lead {lead}: the assistant answers again.",
        "reply": "Lead {lead}: on its way. The chat is yours, the assistant is silent.",
        "approve": "Lead {lead}: the draft is on its way.",
        "no_draft": "Lead {lead}: there is no draft.",
        "unknown": "There is no lead {lead}.",
        "not_text": "Lead {lead}: not sent. Only plain text can be sent this way: send a file, a photo or a"
        " link behind words yourself, in the chat with the person, or write the link's address in full.",
        "refused": "Lead {lead}: it did not work: {reason}.",
        "status": "Leads: {leads}. Yours: {taken}. To be sent: {queued}, to be answered: {unanswered}.",
        "help": "17 take — you go on from here\n17 release — the assistant goes on\n17: text — send it"
        " to lead 17\n17 approve — send the draft\nstatus — how things stand\npause — write to nobody new;"
        " pause all — write to nobody\nresume — end the pause",
        "pause": "Paused: nobody new is written to, and open conversations go on. To end it: resume.",
        "pause_all": "Paused: the assistant writes to nobody. What people write is stored, and your texts are"
        " sent. To end it: resume.",
        "resume": "The pause has ended: the assistant writes again.",
        "no_pause": "There was no pause: the assistant writes.",
        "paused": "Paused now: nobody new is written to.",
        "paused_all": "Paused now: the assistant writes to nobody.",
        "none": "none",
    },
}


@dataclass(frozen=True)
class Command:
    """A parsed command. `lead`: id, 0 if the command has no lead; `text`: the reply to send, else empty."""

    action: Action
    lead: int
    text: str
    language: Language


def parse(note: str, *, has_more: bool = False) -> Command | None:
    """Return the command in a note, or None if the note is not a command.

    `has_more`: the note holds more than its text, so `17:` alone is a reply too.
    """
    note = note.strip()
    if has_more and (bare := _REPLY_WITHOUT_TEXT.fullmatch(note)):
        return Command("reply", int(bare["lead"]), "", "ru")
    language: Language = "ru" if _CYRILLIC.search(note) else "en"
    match = _LEAD_COMMAND.fullmatch(note)
    if match is None:
        action = _action_of(" ".join(note.rstrip(".!").split()))
        return Command(action, 0, "", language) if action in _WITHOUT_A_LEAD else None
    lead = int(match["lead"])
    if match["text"]:
        return Command("reply", lead, match["text"].strip(), language)
    action = _action_of(match["word"])
    return Command(action, lead, "", language) if action in {"take", "release", "approve"} else None


def render(language: Language, template: str, **values: object) -> str:
    """Fill in one of the answer templates. No answer parses as a command."""
    return _TEXTS[language][template].format(**values)


def _action_of(word: str) -> Action | None:
    return next((action for action, words in _KEYWORDS.items() if word.lower() in words), None)
