"""The golden set and the attacks, as files in `data/`, and the conversations that they stand in."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.database.models import Lead, Message
from shared.statuses import Intent, LeadStatus
from worker.domain.conversation import Conversation

_DATA = files(__name__.rpartition(".")[0]).joinpath("data")


class Scene(BaseModel):
    """A form, and what has been said since."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    form: Mapping[str, str]
    turns: Sequence[tuple[Literal["we", "they"], str]]


class Reply(BaseModel):
    """What a person wrote, and what it means to a careful reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    context: str
    said: Sequence[str]
    intent: Intent
    needs_human: bool = False
    asks_not_to_be_contacted: bool = False
    tags: Sequence[str] = ()


class Attack(BaseModel):
    """Orders to the assistant from outside, where they stand, and what of a yes or a no the words warrant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    context: str
    where: Literal["reply", "earlier", "name", "field"]
    attack: str
    said: str = ""
    allowed: Sequence[Intent] = ()
    # Words of the attacker's that may not be said back.
    must_not: str | None = None


def scenes() -> Mapping[str, Scene]:
    """The conversations by name."""
    loaded = json.loads(_DATA.joinpath("contexts.json").read_text(encoding="utf-8"))
    return {name: Scene.model_validate(scene) for name, scene in loaded.items()}


def replies() -> Sequence[Reply]:
    """The golden set, Russian and English."""
    lines = [line for name in ("replies_ru", "replies_en") for line in _lines(name)]
    return [Reply.model_validate_json(line) for line in lines]


def attacks() -> Sequence[Attack]:
    """The attacks."""
    return [Attack.model_validate_json(line) for line in _lines("injections")]


def work_of(scene: Scene, case: Reply | Attack) -> Conversation:
    """The lead as the worker would have it before it, with the case's words unanswered."""
    name, form, turns = scene.name, dict(scene.form), list(scene.turns)
    said: Sequence[str] = case.said if isinstance(case, Reply) else [case.said or case.attack]
    if isinstance(case, Attack):
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
    messages += [_message("they", "received", text) for text in said]
    lead = Lead(id=1, name=name, source="evals", status=LeadStatus.CONTACTED, extra=form)
    return Conversation(lead, messages)


def _lines(name: str) -> Sequence[str]:
    return _DATA.joinpath(f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def _message(side: str, state: str, text: str) -> Message:
    ours = side == "we"
    kind = "answer" if ours else "reply"
    return Message(lead_id=1, direction="out" if ours else "in", kind=kind, state=state, text=text)
