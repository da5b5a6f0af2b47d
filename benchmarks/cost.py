"""What a turn takes of the model, ours against the usual two calls: first classify, then generate."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, SecretStr

from benchmarks.bench_parts import Bench, BenchError
from benchmarks.figures import Figure, Ratio
from benchmarks.running_product import sandbox
from shared.statuses import Intent
from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import AnswerT, Model, ModelAnswer, ModelClient
from worker.assistant.output_schemas import ReplyAnswer
from worker.domain.assistant_port import Turn, Usage
from worker.evaluation.cases import Reply, replies
from worker.evaluation.runner import play
from worker.evaluation.scoring import Took, took
from worker.settings import AssistantSettings

TURNS = 100
# A greeting, and this many replies of the person's: a question and a yes.
REPLIES_A_LEAD = 2
NAIVE = "classify, then generate"


class Classified(BaseModel):
    """The first call's answer."""

    model_config = ConfigDict(extra="forbid")

    intent: Intent


class ClassifyThenGenerate:
    """Our prompts, our guard, but two calls a turn: the second is told what the first has found."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """As Model.ask; a greeting has nothing to classify."""
        if shape is not ReplyAnswer:
            return await self._model.ask(instructions, turns, shape)
        first = await self._model.ask(instructions, turns, Classified)
        told = f"{instructions}\n\nThe intent of the latest words: {first.value.intent}"
        second = await self._model.ask(told, turns, shape)
        return replace(second, usage=_both(first.usage, second.usage))

    async def transcribe(self, audio: bytes) -> str:
        """As Model.transcribe."""
        return await self._model.transcribe(audio)


async def measure(bench: Bench) -> Sequence[Figure]:
    """Some replies of the golden set, over the real SDK, against the stand-in."""
    cases = replies()
    cases = cases[:: max(1, len(cases) // (5 if bench.smoke else TURNS))]
    ours, naive = await _play(bench, cases, naive=False), await _play(bench, cases, naive=True)
    figures: list[Figure] = []
    for name, one in ((NAIVE, naive), ("", ours)):
        figures += _figures(name, one, len(cases))
    return figures


async def _play(bench: Bench, cases: Sequence[Reply], *, naive: bool) -> Took:
    # Each against a stand-in of its own: neither finds its prompts in a cache that the other has filled.
    async with sandbox(bench.folder) as beside:
        return await _ask(str(beside.facts["openai"]), cases, naive=naive)


async def _ask(base: str, cases: Sequence[Reply], *, naive: bool) -> Took:
    settings = AssistantSettings(_env_file=None, openai_api_key=SecretStr("key"), openai_base_url=base)
    model = Model(settings)
    try:
        asker: ModelClient = ClassifyThenGenerate(model) if naive else model
        played = await play(ModelAssistant(settings, asker), cases, lambda *_: None)
    finally:
        await model.close()
    if failed := [one.error for one in played if one.verdict is None]:
        raise BenchError(f"{len(failed)} of {len(cases)} replies got no answer: {failed[0]}")
    return took([one.verdict.usage for one in played if one.verdict and one.verdict.usage])


def _figures(name: str, one: Took, turns: int) -> Sequence[Figure]:
    def figure(what: str, unit: str, value: float, note: str = "") -> Figure:
        full = f"{what}, {name}" if name else what
        return Figure(full, unit, [value], ratios=() if name else [Ratio(f"{what}, {NAIVE}")], note=note)

    estimated = (
        f"the mean of {turns} replies of the golden set; tokens and the cache are the stand-in's estimate, by"
        " characters and OpenAI's published rules: `python -m worker evaluate` counts with a real model"
    )
    fresh = one.tokens_in - one.tokens_cached
    life = "a greeting, then a question and a yes; a text that the guard refuses takes one more"
    return [
        figure("prompt tokens a turn", "tokens", one.tokens_in, "" if name else estimated),
        figure("prompt tokens not from the cache, a turn", "tokens", fresh),
        figure("cached share", "", one.tokens_cached / one.tokens_in if one.tokens_in else 0.0),
        figure("tokens written a turn", "tokens", one.tokens_out),
        figure("calls a turn", "calls", one.calls),
        figure("calls a lead", "calls", 1 + REPLIES_A_LEAD * one.calls, "" if name else life),
    ]


def _both(one: Usage, other: Usage) -> Usage:
    return replace(
        other,
        calls=one.calls + other.calls,
        tokens_in=(one.tokens_in or 0) + (other.tokens_in or 0),
        tokens_cached=(one.tokens_cached or 0) + (other.tokens_cached or 0),
        tokens_out=(one.tokens_out or 0) + (other.tokens_out or 0),
        latency_ms=one.latency_ms + other.latency_ms,
    )
