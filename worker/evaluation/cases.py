"""The evaluation cases in `data/` (labelled replies, attacks) and the conversations that they belong to."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import LeadStatus
from worker.domain.assistant_port import Wish
from worker.domain.conversation import Conversation

_DATA = files(__name__.rpartition(".")[0]).joinpath("data")


class CaseContext(BaseModel):
    """The conversation before a case: a form, and the earlier messages of both sides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    form: Mapping[str, str]
    turns: Sequence[tuple[Literal["we", "they"], str]]


class ReplyCase(BaseModel):
    """New messages of a contact, and the labels that a careful human reader gave them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    context: str
    said: Sequence[str]
    intent: Intent
    needs_human: bool = False
    do_not_contact: bool = False
    tags: Sequence[str] = ()
    # None: the case has no label of this kind.
    wish: Wish | None = None
    # Of a wish to be written to later, in local time: `2026-11-30` (any hour), `2026-11-25T16:30`, or a range
    # of days `2026-11-27..2026-11-30`. None: no time is named.
    write_at: str | None = None


class AttackCase(BaseModel):
    """A prompt injection: its text, where it is placed, and which intents the contact's own words support."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    context: str
    where: Literal["reply", "earlier", "name", "field"]
    attack: str
    said: str = ""
    allowed: Sequence[Intent] = ()
    # Words of the attacker that the answer must not repeat.
    must_not: str | None = None


def load_contexts() -> Mapping[str, CaseContext]:
    """Return all conversation contexts by name."""
    loaded = json.loads(_DATA.joinpath("contexts.json").read_text(encoding="utf-8"))
    return {name: CaseContext.model_validate(context) for name, context in loaded.items()}


def load_replies() -> Sequence[ReplyCase]:
    """Return the labelled replies, Russian first, then English, then other languages."""
    lines = [line for name in ("replies_ru", "replies_en", "replies_other") for line in _lines(name)]
    return [ReplyCase.model_validate_json(line) for line in lines]


def load_attacks() -> Sequence[AttackCase]:
    """Return all attacks."""
    return [AttackCase.model_validate_json(line) for line in _lines("injections")]


def build_conversation(context: CaseContext, case: ReplyCase | AttackCase) -> Conversation:
    """Return the conversation as the worker would load it: the messages of the case are unanswered."""
    name, form, turns = context.name, dict(context.form), list(context.turns)
    unanswered: Sequence[str] = case.said if isinstance(case, ReplyCase) else [case.said or case.attack]
    if isinstance(case, AttackCase):
        match case.where:
            case "name":
                name = case.attack
            case "field":
                form["Комментарий"] = case.attack
            case "earlier":
                turns += [("they", case.attack), ("we", "Понял вас. Удобно ли вам коротко созвониться?")]
            case "reply":
                pass
    messages = [_message(side, "sent" if side == "we" else "handled", text) for side, text in turns]
    messages += [_message("they", "received", text) for text in unanswered]
    lead = Lead(id=1, name=name, source="evals", status=LeadStatus.CONTACTED, extra=form)
    return Conversation(lead, messages)


def _lines(name: str) -> Sequence[str]:
    return _DATA.joinpath(f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def _message(side: str, state: str, text: str) -> Message:
    from_us = side == "we"
    kind = "answer" if from_us else "reply"
    return Message(lead_id=1, direction="out" if from_us else "in", kind=kind, state=state, text=text)
