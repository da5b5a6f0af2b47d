"""The corpus of the output guard: faithful answers that it must allow, and bad ones that it must refuse.

The answers in the files `guard_*_held_back.jsonl` were kept back while the guard was built: their figure says
how it judges answers that it has not been made for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from worker.assistant import guard_contexts
from worker.assistant.guard_contexts import CompanyFacts
from worker.assistant.guardrails import output_guard
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.prompts import prompt_files
from worker.domain.conversation import Conversation
from worker.evaluation.runner import NOW
from worker.settings import EXAMPLE_PROFILE

_DATA = files(__name__.rpartition(".")[0]).joinpath("data")
Label = Literal["faithful", "bad"]


class CorpusContext(BaseModel):
    """The conversation before an answer, and the company that answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: str
    name: str
    form: Mapping[str, str]
    turns: Sequence[tuple[Literal["we", "they"], str]]


class CorpusAnswer(BaseModel):
    """A text as a model writes it, and what the contact said before it (empty: the text is a greeting).

    `kind` says what is wrong with a bad text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    context: str
    said: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class GuardScores:
    """How many answers were judged, and the wrong judgements with their reasons."""

    faithful: int
    bad: int
    # Faithful answers that the guard refuses, with its reason.
    refused: Sequence[tuple[CorpusAnswer, str]]
    # Bad answers that the guard lets through.
    let_through: Sequence[CorpusAnswer]


def guard_scores(*, held_back: bool | None = None) -> GuardScores:
    """Judge the corpus; `held_back` restricts it to the held-back third or to the other two thirds."""
    parts = [False, True] if held_back is None else [held_back]
    faithful = [answer for part in parts for answer in load_answers("faithful", held_back=part)]
    bad = [answer for part in parts for answer in load_answers("bad", held_back=part)]
    judged = [(answer, find_problem(answer)) for answer in faithful]
    return GuardScores(
        len(faithful),
        len(bad),
        [(answer, why) for answer, why in judged if why is not None],
        [answer for answer in bad if find_problem(answer) is None],
    )


def load_answers(label: Label, *, held_back: bool) -> Sequence[CorpusAnswer]:
    """Return the answers of one file."""
    name = f"guard_{label}{'_held_back' if held_back else ''}.jsonl"
    lines = _DATA.joinpath(name).read_text(encoding="utf-8").splitlines()
    return [CorpusAnswer.model_validate_json(line) for line in lines]


def find_problem(answer: CorpusAnswer) -> str | None:
    """Return why the guard refuses the answer, or None."""
    context = load_contexts()[answer.context]
    conversation = _build_conversation(context, answer.said)
    brief, company = conversation.brief(NOW), _company_facts(context.company)
    guard = (
        guard_contexts.for_reply(company, brief, conversation.turns())
        if answer.said
        else guard_contexts.for_greeting(company, brief)
    )
    return output_guard.find_problem(output_guard.strip_markup(answer.text), guard)


@cache
def load_contexts() -> Mapping[str, CorpusContext]:
    """Return the contexts of the corpus by name."""
    contexts = _load_file()["contexts"]
    return {name: CorpusContext.model_validate(context) for name, context in contexts.items()}


@cache
def _load_file() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = json.loads(
        _DATA.joinpath("guard_contexts.json").read_text(encoding="utf-8")
    )
    return loaded


@cache
def _company_facts(company: str) -> CompanyFacts:
    lines = _load_file()["companies"][company]
    # Without lines of its own, the company is that of the shipped description.
    profile = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    profile = profile or EXAMPLE_PROFILE.read_text(encoding="utf-8")
    fingerprint = PromptFingerprint([prompt_files.read("reply"), prompt_files.read("greeting")])
    return CompanyFacts(f"{company}\n{profile}\n", fingerprint)


def _build_conversation(context: CorpusContext, said: str) -> Conversation:
    messages = [
        Message(
            lead_id=1,
            direction="out" if side == "we" else "in",
            kind="answer" if side == "we" else "reply",
            state="sent" if side == "we" else "handled",
            text=text,
        )
        for side, text in context.turns
    ]
    if said:
        messages.append(Message(lead_id=1, direction="in", kind="reply", state="received", text=said))
    lead = Lead(
        id=1, name=context.name, source="evals", status=LeadStatus.CONTACTED, extra=dict(context.form)
    )
    return Conversation(lead, messages)
