"""Parses the owner's commands and renders the answers, in Russian or English; no I/O."""

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal[
    "take",
    "release",
    "reply",
    "status",
    "help",
    "pause",
    "pause_all",
    "resume",
    "approve",
    "booked",
    "not_booked",
    "owner",
    # Words that need another try: which of several leads, no lead at all, one lead but no clear wish.
    "which",
    "no_lead",
    "unclear",
]
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
    "owner": frozenset({"new owner", "новый владелец"}),
}
_LEAD_COMMAND = re.compile(
    # `17:30 call Anna` is a note about a time, not words for lead 17.
    r"#?(?P<lead>\d{1,18})\s*(?::(?!\d)\s*(?P<text>\S.*)|\s(?P<word>[^\W\d]+)[.!]?)",
    re.DOTALL,
)
_MEETING = re.compile(
    r"#?(?P<lead>\d{1,18})\s+(?P<no>не |not )?(?:записан[ао]?|записал(?:ся|ась)|booked)\b[:,]?\s*"
    r"(?P<when>.*)",
    re.DOTALL | re.IGNORECASE,
)
_WITHOUT_A_LEAD = frozenset({"status", "help", "pause", "pause_all", "resume", "owner"})
_ABOUT_A_LEAD = frozenset({"take", "release", "approve"})
# Fewer words, such as «ок» or «спасибо большое», are rarely meant for the person.
_MIN_WORDS = 4
# In so few words a command word is meant for us: «ок, беру», «не одобряю, перепиши».
_FEW_WORDS = 6
_REPLY_WITHOUT_TEXT = re.compile(r"#?(?P<lead>\d{1,18})\s*:")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)

_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "take": "Лид {lead}: чат ваш, ассистент молчит.",
        "release": "Лид {lead}: ассистент снова отвечает.",
        "reply": "Лид {lead}: отправляю. Чат ваш, ассистент молчит.",
        "approve": "Лид {lead}: отправляю черновик.",
        "no_draft": "Лид {lead}: черновика нет.",
        "booked": "Лид {lead}: встреча {text}. Напомню человеку за день и за час.",
        "not_booked": "Лид {lead}: встречи больше нет.",
        "booked_elsewhere": "Лид {lead}: эта встреча из календаря, отмените её там.",
        "no_meeting": "Лид {lead}: встречи и не было.",
        "when": "Лид {lead}: не понял, когда встреча. Напишите, например: {lead} записан пятница 15:00",
        "unknown": "Лида {lead} нет.",
        "not_text": "Лид {lead}: не отправлено. Так уходит только обычный текст: файл, фото или ссылку под"
        " словом отправьте сами прямо в чате с человеком, а адрес ссылки можно написать целиком.",
        "refused": "Лид {lead}: не вышло: {reason}.",
        "status": "Лиды: {leads}. У вас: {taken}. Ждут отправки: {queued}, ответа: {unanswered}.",
        "help": "17 беру — дальше пишете вы\n17 верни — дальше пишет ассистент\n17: текст — отправить его"
        " лиду 17\n17 одобряю — отправить черновик\n17 записан пятница 15:00 — встреча"
        "\nстатус — что сейчас происходит"
        "\nпауза — новым людям не писать; пауза всё — не писать никому\nпродолжай — конец паузы",
        "pause": "Пауза: новым людям ассистент не пишет, начатые разговоры идут."
        " Конец паузы: слово «продолжай».",
        "pause_all": "Пауза: ассистент никому не пишет. Что пишут люди, сохраняется, ваши тексты уходят."
        " Конец паузы: слово «продолжай».",
        "resume": "Пауза окончена: ассистент снова пишет.",
        "no_pause": "Паузы не было: ассистент пишет.",
        "paused": "Сейчас пауза: новым людям ассистент не пишет.",
        "paused_all": "Сейчас пауза: ассистент никому не пишет.",
        "which": "О каком лиде речь: {text}? Напишите номер и слово, например «17 беру» или «17: текст».",
        "no_lead": "Это сообщение не о лиде. Напишите номер и слово, например «17 беру».",
        "unclear": "Лид {lead}: ничего не отправлено. Чтобы взять чат, ответьте одним словом: беру. Чтобы"
        " отправить человеку именно эти слова, напишите: {lead}: {text}",
        "too_late": "«{text}»: не выполнено, сообщение дошло слишком поздно. Если ещё нужно, напишите снова.",
        "failed": "«{text}»: не выполнено из-за ошибки, она в журнале воркера. Попробуйте иначе.",
        "owner": "Понял: кому принадлежит имя из OWNER_CHAT, проверю заново.",
        "owner_moved": "Имя @{username} (OWNER_CHAT) теперь у другого аккаунта Telegram: его команды не"
        " выполняются, сообщения для вас идут сюда. Если это ваш новый аккаунт, напишите здесь:"
        " новый владелец",
        "owner_renamed": "С вашего аккаунта пришла команда, но имени @{username} (OWNER_CHAT) у него больше"
        " нет: она не выполнена. Впишите новое имя в OWNER_CHAT. Здесь команды работают.",
        "none": "никого",
    },
    "en": {
        "take": "Lead {lead}: the chat is yours, the assistant is silent.",
        "release": "Lead {lead}: the assistant answers again.",
        "reply": "Lead {lead}: on its way. The chat is yours, the assistant is silent.",
        "approve": "Lead {lead}: the draft is on its way.",
        "no_draft": "Lead {lead}: there is no draft.",
        "booked": "Lead {lead}: the meeting is on {text}. The person is reminded a day and an hour before.",
        "not_booked": "Lead {lead}: the meeting is off.",
        "booked_elsewhere": "Lead {lead}: this meeting is from the calendar, cancel it there.",
        "no_meeting": "Lead {lead}: there was no meeting.",
        "when": "Lead {lead}: when is the meeting? Write, for example: {lead} booked Friday 15:00",
        "unknown": "There is no lead {lead}.",
        "not_text": "Lead {lead}: not sent. Only plain text can be sent this way: send a file, a photo or a"
        " link behind words yourself, in the chat with the person, or write the link's address in full.",
        "refused": "Lead {lead}: it did not work: {reason}.",
        "status": "Leads: {leads}. Yours: {taken}. To be sent: {queued}, to be answered: {unanswered}.",
        "help": "17 take — you go on from here\n17 release — the assistant goes on\n17: text — send it"
        " to lead 17\n17 approve — send the draft\n17 booked Friday 15:00 — a meeting"
        "\nstatus — how things stand\npause — write to nobody new;"
        " pause all — write to nobody\nresume — end the pause",
        "pause": "Paused: nobody new is written to, and open conversations go on. To end it: resume.",
        "pause_all": "Paused: the assistant writes to nobody. What people write is stored, and your texts are"
        " sent. To end it: resume.",
        "resume": "The pause has ended: the assistant writes again.",
        "no_pause": "There was no pause: the assistant writes.",
        "paused": "Paused now: nobody new is written to.",
        "paused_all": "Paused now: the assistant writes to nobody.",
        "which": "Which lead is it: {text}? Write the number and a word, such as 17 take or 17: text.",
        "no_lead": "That message is about no lead. Write the number and a word, such as 17 take.",
        "unclear": "Lead {lead}: nothing is sent. To take the chat, answer with one word: take. To send these"
        " very words to the person, write: {lead}: {text}",
        "too_late": "“{text}”: not done, the message came too late. Write it again if it is still wanted.",
        "failed": "“{text}”: not done because of an error, which is in the worker's log. Try another way.",
        "owner": "I will check again whose username OWNER_CHAT is.",
        "owner_moved": "The username @{username} (OWNER_CHAT) belongs to another Telegram account now: its"
        " commands are refused, and messages to you come here. If that is your new account, write here:"
        " new owner",
        "owner_renamed": "A command came from your account, which no longer has the username @{username}"
        " (OWNER_CHAT): it is refused. Set OWNER_CHAT to the new username. Commands work here.",
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
    if meeting := _MEETING.fullmatch(note):
        about: Action = "not_booked" if meeting["no"] else "booked"
        return Command(about, int(meeting["lead"]), meeting["when"].strip(), language)
    match = _LEAD_COMMAND.fullmatch(note)
    if match is None:
        action = _action_of(" ".join(note.rstrip(".!").split()))
        return Command(action, 0, "", language) if action in _WITHOUT_A_LEAD else None
    lead = int(match["lead"])
    if match["text"]:
        return Command("reply", lead, match["text"].strip(), language)
    action = _action_of(match["word"])
    return Command(action, lead, "", language) if action in _ABOUT_A_LEAD else None


def parse_reply(note: str, lead: int, language: Language, *, has_more: bool, asks: bool) -> Command:
    """Return the command of words without a number that reply to a message about `lead`.

    Words that are no command are for the person. `asks`: the message has a question of the person. If it has
    none, up to three words are not sent. Few words with a command word in them are never sent: they mean us.
    """
    words = note.split()
    if not has_more and _MEETING.fullmatch(numbered := f"{lead} {note.strip()}"):
        return parse(numbered) or Command("unclear", lead, note.strip(), language)
    action = _action_of(note.strip().rstrip(".!"))
    if action in _ABOUT_A_LEAD and not has_more:
        return Command(action, lead, "", language)
    commands = [word for word in words if _action_of(word.strip('.,!?:;()«»"')) is not None]
    is_for_us = commands[:1] == words[:1] or (commands and len(words) < _FEW_WORDS)
    if not has_more and (is_for_us or (len(words) < _MIN_WORDS and not asks)):
        return Command("unclear", lead, note.strip(), language)
    return Command("reply", lead, note.strip(), language)


def is_numbered_command(note: str) -> bool:
    """Return True for a number and a word, such as `17 take`; a number and a text may be about a time."""
    command = parse(note)
    return command is not None and command.action in _ABOUT_A_LEAD


def is_lead_command(note: str) -> bool:
    """Return True for a word that needs the number of a lead."""
    return _action_of(note.strip().rstrip(".!")) in _ABOUT_A_LEAD


def render(language: Language, template: str, **values: object) -> str:
    """Fill in one of the answer templates. No answer parses as a command."""
    return _TEXTS[language][template].format(**values)


def _action_of(word: str) -> Action | None:
    return next((action for action, words in _KEYWORDS.items() if word.lower() in words), None)
