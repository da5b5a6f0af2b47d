"""What a lead wishes beside an answer to the offer of a call: rules in Russian and English."""

import re

from sandbox.fake_openai.rule_based_model.intent import Intent, wants_human
from sandbox.fake_openai.rule_based_model.words.intent_phrases import DENIAL

_CALL = re.compile(
    r"\b(?:(?:по|пере)звоните|позвони|перезвони|наберите|набери)\b(?:\s+(?:мне|лучше|сами|пожалуйста))?"
    r"|\bcall me\b|\bgive me a call\b",
    re.IGNORECASE,
)
_NO_CALL = re.compile(r"\bне (?:по|пере)?звон|\bdon'?t call|\bсами? позвон", re.IGNORECASE)
_CALENDAR = re.compile(
    r"\b(?:ссылк|календар|страниц|calendly|запис)\w*\b.{0,40}"
    r"\bне (?:открыва|работа|груз|получа|выход)\w*"
    r"|\bне (?:открыва|работа|груз|получа|выход|могу)\w*\b.{0,40}\b(?:ссылк|календар|calendly|запис)\w*"
    r"|\bнет (?:подходящего|удобного|свободного) времени\b"
    r"|\b(?:link|calendar|page)\b.{0,40}(?:\bnot|n'?t|\bnever) (?:work|open|load)\w*",
    re.IGNORECASE | re.DOTALL,
)
_MEETING = r"(?:встреч|созвон|звон|запис)\w*"
_DAY = (
    r"на (?:друг\w+ (?:день|час|врем|дат)|завтра|послезавтра|понедельник|вторник|сред|четверг|пятниц"
    r"|суббот|воскресен|утро|вечер|недел|следующ|попозже|пораньше|\d)\w*"
)
# Data, sites and subscriptions are moved or cancelled too: the text must name a meeting or another day.
_MOVE = re.compile(
    rf"\bперен(?:ес|ос)\w*.{{0,30}}(?:\b{_MEETING}|\b{_DAY})|\b{_MEETING}.{{0,30}}\bперен(?:ес|ос)\w*"
    rf"|\bотмен\w*.{{0,20}}\b{_MEETING}|\b{_MEETING}.{{0,20}}\bотмен\w*"
    r"|\bre-?schedul\w*|\b(?:move|cancel) (?:the|our|my) (?:call|meeting)\b"
    r"|^\W*(?:(?:мне|нам|надо|нужно|хочу|хотел[аи]? бы|можно|прид[её]тся)\W+){0,3}перен(?:ес|ос)\w*\W*$",
    re.IGNORECASE | re.DOTALL,
)
_CANNOT = re.compile(
    r"\b(?:сегодня|завтра|в (?:понедельник|вторник|среду|четверг|пятницу)) не смогу\b|\bcan'?t make it\b",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"\bошибл\w+|\bне туда\b|\bэто не (?:я|ко мне)\b|\bничего не оставлял\w*|\bwrong (?:number|person)\b",
    re.IGNORECASE,
)


def find_wish(said: str, intent: Intent, *, names_time: bool) -> str:
    """Return the wish of a lead's words; `names_time`: they ask to be written to at a time."""
    if wants_human(said):
        return "human"
    if intent == "reject" and (_WRONG.search(said) or DENIAL.search(said.lower())):
        return "wrong_person"
    if _MOVE.search(said) or _CANNOT.search(said):
        return "reschedule"
    if _CALENDAR.search(said):
        return "booking_trouble"
    if intent != "reject" and _CALL.search(said) and not _NO_CALL.search(said):
        return "call_me"
    return "write_later" if names_time and intent != "reject" else "none"
