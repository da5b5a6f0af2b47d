"""Tokens and calls per turn: one call (the product) compared with two (first classify, then generate)."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, SecretStr

from benchmarks.harness.bench import Bench, BenchError
from benchmarks.harness.running_product import sandbox
from benchmarks.reporting.figures import Figure, Ratio
from shared.intents import Intent
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.client import AnswerT, ModelAnswer, ModelClient, OpenAIModelClient
from worker.assistant.output_schemas import ReplyAnswer
from worker.domain.assistant_port import Turn, Usage
from worker.evaluation.cases import ReplyCase, load_replies
from worker.evaluation.runner import run_cases
from worker.evaluation.scoring import UsageStats, summarize_usage
from worker.settings import AssistantSettings

TURNS = 100
# After the greeting a person replies this often: a question and a yes.
REPLIES_A_LEAD = 2
NAIVE = "classify, then generate"


class Classified(BaseModel):
    """The result of the first call."""

    model_config = ConfigDict(extra="forbid")

    intent: Intent


class ClassifyThenGenerate:
    """The product's prompts and guardrails with two calls per turn; the second gets the first's intent."""

    def __init__(self, model: OpenAIModelClient) -> None:
        self._model = model

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Like OpenAIModelClient.ask; a greeting needs no classification."""
        if schema is not ReplyAnswer:
            return await self._model.ask(instructions, turns, schema)
        first = await self._model.ask(instructions, turns, Classified)
        prompt = f"{instructions}\n\nThe intent of the latest words: {first.value.intent}"
        second = await self._model.ask(prompt, turns, schema)
        return replace(second, usage=_both(first.usage, second.usage))

    async def transcribe(self, audio: bytes) -> str:
        """Like OpenAIModelClient.transcribe."""
        return await self._model.transcribe(audio)


async def measure(bench: Bench) -> Sequence[Figure]:
    """Runs a sample of the golden set with the real SDK against the sandbox's fake OpenAI."""
    cases = load_replies()
    cases = cases[:: max(1, len(cases) // (5 if bench.smoke else TURNS))]
    ours, naive = await _play(bench, cases, naive=False), await _play(bench, cases, naive=True)
    figures: list[Figure] = []
    for name, one in ((NAIVE, naive), ("", ours)):
        figures += _figures(name, one, len(cases))
    return figures


async def _play(bench: Bench, cases: Sequence[ReplyCase], *, naive: bool) -> UsageStats:
    # Each variant gets its own fake OpenAI, so that it finds no prompts of the other one in the cache.
    async with sandbox(bench.folder) as running_sandbox:
        return await _ask(str(running_sandbox.facts["openai"]), cases, naive=naive)


async def _ask(base: str, cases: Sequence[ReplyCase], *, naive: bool) -> UsageStats:
    settings = AssistantSettings(_env_file=None, openai_api_key=SecretStr("key"), openai_base_url=base)
    model = OpenAIModelClient(settings)
    try:
        asker: ModelClient = ClassifyThenGenerate(model) if naive else model
        played = await run_cases(ModelAssistant(settings, asker), cases, lambda *_: None)
    finally:
        await model.close()
    if failed := [one.error for one in played if one.verdict is None]:
        raise BenchError(f"{len(failed)} of {len(cases)} replies got no answer: {failed[0]}")
    return summarize_usage([one.verdict.usage for one in played if one.verdict and one.verdict.usage])


def _figures(name: str, one: UsageStats, turns: int) -> Sequence[Figure]:
    def figure(what: str, unit: str, value: float, note: str = "") -> Figure:
        full = f"{what}, {name}" if name else what
        return Figure(full, unit, [value], ratios=() if name else [Ratio(f"{what}, {NAIVE}")], note=note)

    estimated = (
        f"the mean of {turns} replies of the golden set; the fake OpenAI estimates tokens and cache, by"
        " characters and OpenAI's published rules: `python -m worker evaluate` counts with a real model"
    )
    uncached = one.tokens_in - one.tokens_cached
    conversation = "a greeting, then a question and a yes; a text that a guardrail refuses takes one more"
    return [
        figure("prompt tokens a turn", "tokens", one.tokens_in, "" if name else estimated),
        figure("prompt tokens not from the cache, a turn", "tokens", uncached),
        figure("cached share", "", one.tokens_cached / one.tokens_in if one.tokens_in else 0.0),
        figure("tokens written a turn", "tokens", one.tokens_out),
        figure("calls a turn", "calls", one.calls),
        figure("calls a lead", "calls", 1 + REPLIES_A_LEAD * one.calls, "" if name else conversation),
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
