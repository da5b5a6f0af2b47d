"""Renders the form and the conversation for the model, bounded in size and as plain data. Pure."""

import re
from collections.abc import Sequence

from worker.assistant.guardrails.text_normalization import strip_invisible
from worker.domain.assistant_port import Brief, Turn
from worker.domain.conversation import tag_new_request

# The prompt names this line: everything before it has already been answered.
NEW_MESSAGES = "Новые сообщения:"
_EARLIER_SUMMARY = "Раньше в переписке, коротко:"
_LOCAL_TIME = "Сейчас у человека:"
_REFUSED_DRAFT = "Прошлый вариант ответа не отправлен:"
# Stands before the new messages, after the fixed text of the prompt, which the provider caches.
UNCONFIRMED = "Заявка не подтверждена:"
_UNCONFIRMED_RULES = (
    "человек ещё не подтвердил, что оставлял её. Его спросили только об этом; звонка ему не предлагали."
    " Поэтому сейчас `accept` — он подтверждает, что оставлял заявку, даже если заодно о чём-то спрашивает;"
    " `reject` — не оставлял, ошиблись человеком или отказывается. О чём заявка, тебе неизвестно."
    " В `text` не говори, что он её оставлял (контакт указан в заявке на сайте), и не предлагай звонок:"
    " вопрос, оставлял ли он заявку, программа добавит сама."
)
CONFIRMED = "Заявка подтверждена:"
_CONFIRMED_RULES = (
    "ты уже поздоровался и спросил, оставлял ли человек эту заявку, и он подтвердил. Не здоровайся снова."
    " Если в новых сообщениях он о чём-то спросил, сначала ответь на это по описанию компании."
)
FIRST_WORDS = "Человек написал первым:"
_FIRST_WORDS_RULES = (
    "он оставил эту заявку и сам уже написал, раньше тебя. Поздоровайся и скажи о заявке, как сказано выше."
    " Если в новых сообщениях он о чём-то спросил, ответь на это по описанию компании."
)
SILENCE = "Человек не ответил:"
_NOT_LAST_RULE = "напиши ему одно напоминание о разговоре."
_LAST_RULE = "напиши ему последнее сообщение: больше ты сам писать не будешь."
_PROMPT_LINES = re.compile(
    rf"^([^\S\n]*(?:{NEW_MESSAGES[:-1]}|{_EARLIER_SUMMARY[:-1]}|{_LOCAL_TIME[:-1]}|{_REFUSED_DRAFT[:-1]}"
    rf"|{UNCONFIRMED[:-1]}|{CONFIRMED[:-1]}|{FIRST_WORDS[:-1]}"
    rf"|{SILENCE[:-1]}"
    r"|Заявка с сайта)[^\S\n]*):?",
    re.I | re.M,
)

# The latest turns are whole, each earlier turn is one line. Lengths are in characters.
MAX_TURNS = 16
MAX_TURN_LENGTH = 4_000
MAX_SUMMARY_LINE = 160
MAX_SUMMARY_LENGTH = 2_000
_DAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")


def render_form(brief: Brief, company: str) -> Turn:
    """Return the form as the first turn of the contact."""
    lines = [f"Имя: {sanitize(brief.name) or 'не указано'}", f"Компания: {company}"]
    lines += [f"{sanitize(key)}: {sanitize(value)}" for key, value in brief.request.items()]
    if brief.is_returning:
        lines.append("Раньше: компания уже переписывалась с этим человеком")
    lines += [sanitize(tag_new_request(text)) for text in brief.later_requests]
    return Turn(from_us=False, text="Заявка с сайта\n" + "\n".join(lines))


def render_history(turns: Sequence[Turn]) -> list[Turn]:
    """Return the answered turns: the last 16, each up to 4,000 characters, and a summary of those before."""
    old, recent = turns[:-MAX_TURNS], turns[-MAX_TURNS:]
    rendered = [Turn(turn.from_us, truncate_middle(sanitize(turn.text), MAX_TURN_LENGTH)) for turn in recent]
    return [Turn(from_us=False, text=f"{_EARLIER_SUMMARY}\n{summarize(old)}"), *rendered] if old else rendered


def render_greeting_request(brief: Brief, company: str, refusal: str | None = None) -> Turn:
    """Return the form in one turn, with the local time and what else the model must know about it."""
    lines = [*_refusal_line(refusal), render_form(brief, company).text, *_local_time_line(brief)]
    if brief.confirmation:
        said = truncate_middle(sanitize(brief.confirmation), MAX_TURN_LENGTH)
        lines += [f"{CONFIRMED} {_CONFIRMED_RULES}", NEW_MESSAGES, said]
    elif brief.first_words:
        said = truncate_middle(sanitize(brief.first_words), MAX_TURN_LENGTH)
        lines += [f"{FIRST_WORDS} {_FIRST_WORDS_RULES}", NEW_MESSAGES, said]
    return Turn(from_us=False, text="\n".join(lines))


def render_latest(brief: Brief, new_messages: str, refusal: str | None = None) -> Turn:
    """Return the new messages in one turn, after the local time and what the model must know about them."""
    lines = [
        *_local_time_line(brief),
        *_refusal_line(refusal),
        *([f"{UNCONFIRMED} {_UNCONFIRMED_RULES}"] if brief.is_unconfirmed else []),
        NEW_MESSAGES,
        truncate_middle(sanitize(new_messages), MAX_TURN_LENGTH),
    ]
    return Turn(from_us=False, text="\n".join(lines))


def render_silence(
    brief: Brief, company: str, turns: Sequence[Turn], *, is_last: bool, refusal: str | None = None
) -> list[Turn]:
    """Return the form, the conversation, and the task: the person has not answered since then."""
    task = [
        *_local_time_line(brief),
        *_refusal_line(refusal),
        f"{SILENCE} {_LAST_RULE if is_last else _NOT_LAST_RULE}",
    ]
    task_turn = Turn(from_us=False, text="\n".join(task))
    return [render_form(brief, company), *render_history(turns), task_turn]


def _local_time_line(brief: Brief) -> list[str]:
    now = brief.local_time
    return [f"{_LOCAL_TIME} {_DAYS[now.weekday()]}, {now:%d.%m.%Y, %H:%M}"] if now else []


def _refusal_line(refusal: str | None) -> list[str]:
    return [f"{_REFUSED_DRAFT} {refusal}. Верни решение с другим текстом, по правилам."] if refusal else []


def summarize(turns: Sequence[Turn]) -> str:
    """Return one line per turn; if they are longer than 2,000 characters, only the newest."""
    lines: list[str] = []
    for turn in reversed(turns):
        text = re.sub(r"\s+", " ", sanitize(turn.text))
        line = f"{'Мы' if turn.from_us else 'Человек'}: {truncate_middle(text, MAX_SUMMARY_LINE)}"
        if sum(map(len, lines)) + len(line) > MAX_SUMMARY_LENGTH:
            break
        lines.insert(0, line)
    return "\n".join(lines)


def sanitize(text: str) -> str:
    """Return the contact's text without invisible characters, tags and imitated lines of the prompt."""
    cleaned = _PROMPT_LINES.sub(r"\1 —", strip_invisible(text).replace("<", "‹").replace(">", "›"))
    # Restore the only tag of the prompt: worker.domain.conversation removes it from the contact's texts.
    return re.sub(r"‹(/?new_request)›", r"<\1>", cleaned)


def truncate_middle(text: str, max_length: int) -> str:
    """Return the text, or its beginning and end if it is longer than `max_length` characters."""
    return text if len(text) <= max_length else f"{text[: max_length * 2 // 3]} … {text[-max_length // 3 :]}"
