"""Fixed texts about a meeting and of follow-ups, in Russian and English. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.dialogue import dates

_WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")


@dataclass(frozen=True)
class Meeting:
    """A meeting as the person sees it: `start` is in their zone if `is_own_zone`, else in the owner's."""

    start: datetime
    is_own_zone: bool
    url: str | None = None
    reschedule_url: str | None = None


def format_time(meeting: Meeting, language: str) -> str:
    """Return the weekday, the day and the time of a meeting, and whose clock it is."""
    start = meeting.start
    if language == "ru":
        clock = "по вашему времени" if meeting.is_own_zone else _zone(start, "по московскому времени")
        return f"{_WEEKDAYS[start.weekday()]}, {dates.format_day(start, language)}, {start:%H:%M} ({clock})"
    clock = "your time" if meeting.is_own_zone else _zone(start, "Moscow time")
    return f"{start:%A}, {start:%B} {start.day}, {start:%H:%M} ({clock})"


def confirmation(meeting: Meeting, language: str, *, is_moved: bool) -> str:
    """Return the confirmation of a booking: when it is, where, and how to move it."""
    when = format_time(meeting, language)
    if language == "ru":
        head = f"Перенесли, новое время: {when}." if is_moved else f"Вы записаны на звонок: {when}."
    else:
        head = f"Moved, the new time is {when}." if is_moved else f"Your call is booked: {when}."
    return _lines(head, _where(meeting, language), _how_to_move(meeting, language))


def reminder(meeting: Meeting, language: str, now: datetime) -> str:
    """Return the reminder of a meeting; `now` decides between today and tomorrow."""
    days = (meeting.start.date() - now.astimezone(meeting.start.tzinfo).date()).days
    when = format_time(meeting, language)
    if language == "ru":
        day = {0: "сегодня", 1: "завтра"}.get(days)
        head = f"Напоминаем о звонке: {f'{day}, ' if day else ''}{when}."
    else:
        day = {0: "today", 1: "tomorrow"}.get(days)
        head = f"A reminder of our call: {f'{day}, ' if day else ''}{when}."
    is_soon = meeting.start - now <= timedelta(hours=2)
    return _lines(head, _where(meeting, language), "" if is_soon else _how_to_move(meeting, language))


def cancellation(language: str, link: str) -> str:
    """Acknowledge that the person has cancelled; the link is there again."""
    if language == "ru":
        return f"Запись отменена. Если захотите выбрать другое время, это можно сделать здесь:\n{link}"
    return f"Your booking is cancelled. If you would like another time, you can pick it here:\n{link}"


def no_show(language: str, link: str) -> str:
    """Return the message after a meeting to which the person did not come."""
    if language == "ru":
        return (
            "Кажется, сегодня созвониться не получилось — так бывает."
            f" Если звонок ещё нужен, выберите другое удобное время:\n{link}"
        )
    return (
        "It looks like we missed each other today, these things happen."
        f" If you would still like the call, pick another time that suits you:\n{link}"
    )


_NEVER_ANSWERED = {
    "ru": "Ваша заявка всё ещё у нас. Если вопрос актуален, ответьте здесь в любое удобное время."
    " Если уже нет — просто не отвечайте, больше не потревожим.",
    "en": "We still have your request. If it is still relevant, answer here whenever it suits you."
    " If not, there is no need to answer: we will not write again.",
}
_ANSWERED = {
    "ru": (
        "Возвращаемся к нашему разговору. Остались ли вопросы, на которые можно ответить?",
        "Больше не будем отвлекать. Если решите продолжить, напишите сюда — договоримся об удобном времени.",
    ),
    "en": (
        "Coming back to our conversation: is there any question left that we can answer?",
        "We will not take up more of your time. If you would like to go on, just write here.",
    ),
}
_HAS_LINK = {
    "ru": (
        "Получилось ли выбрать время для звонка? Если подходящего нет, напишите, когда вам удобно.",
        "Если звонок сейчас не к месту, всё в порядке. Напишите сюда, когда будет удобно, — договоримся.",
    ),
    "en": (
        "Did you manage to pick a time for the call? If none suits you, write when it would.",
        "If a call is not convenient now, that is fine. Write here when it suits you and we will arrange it.",
    ),
}


def follow_up(language: str, *, step: int, has_answered: bool, has_link: bool) -> str:
    """Return a follow-up without the model; `step` counts from 0. It has no link."""
    language = "ru" if language == "ru" else "en"
    if not has_answered and not has_link:
        return _NEVER_ANSWERED[language]
    texts = _HAS_LINK[language] if has_link else _ANSWERED[language]
    return texts[min(step, len(texts) - 1)]


def _zone(start: datetime, moscow: str) -> str:
    if str(start.tzinfo) == "Europe/Moscow":
        return moscow
    offset = start.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}"


def _where(meeting: Meeting, language: str) -> str:
    if not meeting.url:
        return ""
    return f"Ссылка на встречу: {meeting.url}" if language == "ru" else f"The meeting's link: {meeting.url}"


def _how_to_move(meeting: Meeting, language: str) -> str:
    if language == "ru":
        if meeting.reschedule_url:
            return f"Если планы изменятся, время можно перенести: {meeting.reschedule_url}"
        return "Если планы изменятся, напишите сюда — перенесём."
    if meeting.reschedule_url:
        return f"If your plans change, you can move it here: {meeting.reschedule_url}"
    return "If your plans change, write here and we will move it."


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
