"""Fixed answers to some requests: a phone call, a broken booking page, another time for the call. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from shared.intents import Intent
from shared.statuses import LeadStatus
from worker.dialogue import templates

Case = Literal["call", "calendar", "move"]

_CALL = re.compile(
    r"\b(?:(?:по|пере)звоните|позвони|перезвони|наберите|набери)\b(?:\s+(?:мне|лучше|сами|пожалуйста))?"
    r"|\bcall me\b|\bgive me a call\b",
    re.IGNORECASE,
)
_NO_CALL = re.compile(r"\bне (?:по|пере)?звон|\bdon'?t call|\bсами? позвон", re.IGNORECASE)
_CALENDAR = re.compile(
    r"\b(?:ссылк|календар|сайт|страниц|calendly|запис)\w*\b.{0,40}"
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
    r"|\bre-?schedul\w*|\b(?:move|cancel) (?:the|our|my) (?:call|meeting)\b",
    re.IGNORECASE | re.DOTALL,
)
# Weaker words are enough if the contact has booked a call.
_MOVE_WHEN_BOOKED = re.compile(
    r"\bдругое время\b|\bне смогу\b|\banother time\b|\bcan'?t make it\b"
    r"|^\W*(?:(?:мне|нам|надо|нужно|хочу|хотел[аи]? бы|можно|придется|придётся)\W+){0,3}"
    r"(?:перен(?:ес|ос)|отмен)\w*\W*$",
    re.IGNORECASE,
)
REASONS: dict[Case, str] = {
    "call": "asks to be called",
    "calendar": "has trouble with the booking page",
    "move": "wants to move a booked meeting",
}


@dataclass(frozen=True)
class SpecialResponse:
    """The text of the answer, and the reason for the handoff that follows."""

    text: str
    reason: str


def match_special_request(
    status: LeadStatus, intent: Intent, text: str, language: str, link: str
) -> SpecialResponse | None:
    """Return the fixed answer to the contact's `text`, or None if none fits.

    `language` is an ISO 639-1 code (English unless `ru`), `link` the booking link.
    """
    case = _classify(status, intent, text)
    if case is None:
        return None
    response = templates.special_request(case, language)
    return SpecialResponse(f"{response}\n{link}" if case == "move" else response, REASONS[case])


def _classify(status: LeadStatus, intent: Intent, text: str) -> Case | None:
    has_link = status in {LeadStatus.SCHEDULED, LeadStatus.BOOKED}
    if has_link and _MOVE.search(text):
        return "move"
    if status is LeadStatus.BOOKED and _MOVE_WHEN_BOOKED.search(text):
        return "move"
    if has_link and _CALENDAR.search(text):
        return "calendar"
    is_open = intent in {Intent.ACCEPT, Intent.QUESTION, Intent.AMBIGUOUS}
    return "call" if is_open and _CALL.search(text) and not _NO_CALL.search(text) else None
