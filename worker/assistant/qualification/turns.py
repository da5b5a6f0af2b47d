"""The turns of the qualification, in `data/turns.jsonl`, and what is wrong with an answer to one. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.intents import Intent
from shared.localized_messages import sentence
from worker.domain.assistant_port import Brief, Turn, Verdict, Wish

# The afternoon of a Tuesday.
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=ZoneInfo("Europe/Moscow"))
FALSE_YES = "taken for a yes"
_DATA = files(__name__.rpartition(".")[0]).joinpath("data", "turns.jsonl")
_CHATS = {
    "ru": (
        Brief("Анна", {"Комментарий": "Нужен сайт для кофейни"}, NOW),
        "Здравствуйте, Анна! Пишу из GordovCode по вашей заявке на сайт для кофейни."
        " Удобно ли вам коротко созвониться и обсудить?",
    ),
    "en": (
        Brief("Anna", {"Comment": "We need a website for a coffee shop"}, NOW),
        "Hello Anna! This is GordovCode, about your request for a coffee shop website."
        " Would a short call suit you?",
    ),
}


class QualificationTurn(BaseModel):
    """What a person says, and what is right as an answer.

    `also`: further intents that are right. `mentions`: the text must have one of these parts of words.
    `write_at`: the day of a wish to be written to later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    said: Sequence[str]
    language: Literal["ru", "en"] = "ru"
    intent: Intent
    also: Sequence[Intent] = Field((), alias="or")
    needs_human: bool = False
    do_not_contact: bool = False
    wish: Wish | None = None
    write_at: date | None = None
    mentions: Sequence[str] = ()

    @property
    def brief(self) -> Brief:
        """The form of the person."""
        return _CHATS[self.language][0]

    @property
    def conversation(self) -> Sequence[Turn]:
        """The greeting, and what the person says."""
        greeting = _CHATS[self.language][1]
        return [Turn(from_us=True, text=greeting), Turn(from_us=False, text="\n".join(self.said))]


def load_turns() -> Sequence[QualificationTurn]:
    """Return all turns."""
    lines = _DATA.read_text(encoding="utf-8").splitlines()
    return [QualificationTurn.model_validate_json(line) for line in lines]


def find_mistake(turn: QualificationTurn, verdict: Verdict) -> str | None:
    """Return what is wrong with the answer to a turn; None if it is right."""
    if verdict.intent not in {turn.intent, *turn.also}:
        is_yes = verdict.intent is Intent.ACCEPT
        return FALSE_YES if is_yes else sentence("taken for {intent}", intent=verdict.intent.value)
    return _wrong_side(turn, verdict) or _wrong_text(turn, verdict)


def _wrong_side(turn: QualificationTurn, verdict: Verdict) -> str | None:
    if verdict.do_not_contact is not turn.do_not_contact:
        return "do-not-contact missed" if turn.do_not_contact else "do-not-contact made up"
    if (verdict.needs_human is not None) is not turn.needs_human:
        return "a human missed" if turn.needs_human else "a human called for nothing"
    if turn.wish is not None and verdict.wish is not turn.wish:
        return sentence("the wish {wish} taken for {other}", wish=str(turn.wish), other=str(verdict.wish))
    day = verdict.write_at.date() if verdict.write_at else None
    if turn.write_at and day != turn.write_at:
        return sentence("the day {day} taken for {other}", day=str(turn.write_at), other=str(day))
    return None


def _wrong_text(turn: QualificationTurn, verdict: Verdict) -> str | None:
    if verdict.refused is not None:
        return sentence("an unfit text: {why}", why=verdict.refused)
    text = verdict.text.lower()
    if turn.mentions and not any(part in text for part in turn.mentions):
        return "a text that does not answer the question"
    return None
