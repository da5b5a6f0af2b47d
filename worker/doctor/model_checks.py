"""Checks of the model: one real reply by each provider, the form of request, and the size of the context."""

import re
from contextlib import suppress
from dataclasses import dataclass

import httpx2
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.localized_messages import cause_of, edited, joined, sentence
from worker.assistant.assistant import ModelAssistant
from worker.assistant.failures import error_words
from worker.assistant.model_client.api_formats import MAX_OUTPUT_TOKENS
from worker.assistant.model_client.client import AnswerT, ModelAnswer, OpenAIModelClient
from worker.assistant.model_client.context_size import PATHS, find_context
from worker.doctor.findings import Finding, failed, passed
from worker.domain.assistant_port import (
    AccountFault,
    AssistantError,
    AssistantPausedError,
    AssistantRefusedError,
    AssistantUnavailableError,
    Brief,
    Turn,
    Usage,
)
from worker.domain.config.model_servers import OPENAI_HOST
from worker.monitoring import model_servers
from worker.settings import AssistantSettings

MODEL, SECOND_MODEL = "model", "second model"
TIMEOUT_SECONDS = 5
# A reply to this is composed as for a real person, with the whole prompt.
_PROBE = [
    Turn(from_us=True, text="Здравствуйте! Удобно ли вам созвониться?"),
    Turn(from_us=False, text="А чем вы занимаетесь?"),
]
_REMEDIES = {
    AccountFault.KEY: "correct OPENAI_API_KEY: platform.openai.com/api-keys",
    AccountFault.MONEY: "top up the account: platform.openai.com → Billing",
    AccountFault.COUNTRY: "set OPENAI_PROXY, or OPENAI_BASE_URL of another provider",
    AccountFault.MODEL: "correct OPENAI_MODEL; some servers also want OPENAI_API=chat",
    AccountFault.WIRE_FORM: "set OPENAI_API=auto, and correct OPENAI_BASE_URL: it usually ends with /v1",
}
# The same for a provider that is not OpenAI.
_REMEDIES_ELSEWHERE = {
    AccountFault.KEY: "correct OPENAI_API_KEY: copy it again from the provider's page",
    AccountFault.MONEY: "top up the account at the provider",
}
_LARGER = (
    "start the server with a larger context, such as 8192 (Ollama: num_ctx, llama.cpp: -c, "
    "vLLM: --max-model-len)"
)
_OTHER_WORDS = (
    "the provider's filter refuses the prompt: take another model, or describe the company in other words"
)
# A Russian text has two to five characters a token. With more of them the server has cut the prompt off.
_MOST_CHARACTERS_A_TOKEN = 9
_SETTING = re.compile(r"\bOPENAI_(?=(?:API_KEY|BASE_URL|MODEL|PROXY|API)\b)")


@dataclass
class _MeasuredModel:
    """Counts the characters that a client sends."""

    client: OpenAIModelClient
    characters: int = 0

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Ask the client."""
        self.characters = len(instructions) + sum(len(turn.text) for turn in turns)
        return await self.client.ask(instructions, turns, schema)

    async def transcribe(self, audio: bytes) -> str:
        """Ask the client."""
        return await self.client.transcribe(audio)


async def check_models(settings: AssistantSettings, database: Database | None) -> list[Finding]:
    """Return a finding for each configured provider."""
    findings = [await _check(MODEL, settings, database)]
    if (second := settings.second_provider) is not None:
        found = await _check(SECOND_MODEL, second, database)
        remedy = edited(found.remedy, _name_second) if found.remedy else None
        findings.append(Finding(found.name, found.is_well, edited(found.said, _name_second), remedy))
    return findings


def _name_second(text: str) -> str:
    """Return a text about the first provider's settings, with those of the second in their place."""
    return _SETTING.sub("OPENAI_FALLBACK_", text)


async def _check(name: str, settings: AssistantSettings, database: Database | None) -> Finding:
    """Ask for one reply as the worker does: it checks key, balance, country, model, form and context."""
    client = OpenAIModelClient(settings)
    stored = await _stored_form(client, database)
    if stored is not None:
        client.restore_form(stored)
    model = _MeasuredModel(client)
    address = settings.openai_base_url or "OpenAI"
    where = sentence("{model} at {address}", model=settings.openai_model, address=address)
    try:
        verdict = await ModelAssistant(settings, model).reply(Brief("Анна"), _PROBE)
    except AssistantError as error:
        return failed(name, joined(": ", [where, cause_of(error)]), _remedy(error, settings, client.host))
    finally:
        await client.close()
    usage = verdict.usage or Usage(settings.openai_model)
    context = await _find_context(settings)
    if context is not None:
        await _store_context(client, context, database)
    # The model may have been asked twice.
    tokens = None if usage.tokens_in is None else usage.tokens_in // max(usage.calls, 1)
    size, problem = size_up(tokens, model.characters, context, client.output_limit)
    if problem is not None:
        return failed(name, joined(": ", [where, problem]), _LARGER)
    return passed(
        name,
        "{model} answers ({form}; {size}), in {latency} ms",
        model=where,
        form=client.form,
        size=size,
        latency=usage.latency_ms,
    )


async def _stored_form(client: OpenAIModelClient, database: Database | None) -> str | None:
    """Return the form that the worker has found; None without one, or without a usable database."""
    if database is None:
        return None
    with suppress(*DATABASE_DOWN, SQLAlchemyError, OSError):
        async with database.reading() as session:
            return await model_servers.find_form(session, client.host, client.model)
    return None


async def _store_context(client: OpenAIModelClient, tokens: int, database: Database | None) -> None:
    """Keep the size of the context for `python -m worker status`; without a usable database, do nothing."""
    if database is None:
        return
    with suppress(*DATABASE_DOWN, SQLAlchemyError, OSError):
        async with database.writing() as session:
            await model_servers.save_context(session, client.host, client.model, tokens=tokens, now=utc_now())


def _remedy(error: AssistantError, settings: AssistantSettings, host: str) -> str:
    if isinstance(error, AssistantPausedError):
        elsewhere = _REMEDIES_ELSEWHERE if host != OPENAI_HOST and settings.openai_base_url else {}
        return elsewhere.get(error.fault, _REMEDIES[error.fault])
    if isinstance(error, AssistantUnavailableError):
        slow = sentence(
            "raise OPENAI_TIMEOUT_SECONDS (now {seconds:g}), or a faster model",
            seconds=settings.openai_timeout_seconds,
        )
        return slow if error.slow else "see OPENAI_BASE_URL and OPENAI_PROXY, or wait"
    if isinstance(error, AssistantRefusedError):
        is_too_long = error_words.TOO_LONG.search(str(error).lower()) is not None
        return _LARGER if is_too_long else _OTHER_WORDS
    return "a model with structured answers, or OPENAI_API=auto"


def size_up(
    tokens: int | None, characters: int, context: int | None, answer: int = MAX_OUTPUT_TOKENS
) -> tuple[str, str | None]:
    """Return what to say of the prompt's size, and the problem if the context does not hold it.

    `answer`: the most tokens of an answer.
    """
    if tokens is None:
        text = "a prompt of {characters} characters, the server counts no tokens"
        return sentence(text, characters=characters), None
    if tokens * _MOST_CHARACTERS_A_TOKEN < characters:
        text = "the server has read only {tokens} tokens of a prompt of {characters} characters"
        return "", sentence(text, tokens=tokens, characters=characters)
    needed = tokens + answer
    if context is not None and context < needed:
        text = "the context of {context} tokens does not hold a prompt of {tokens} and its answer"
        return "", sentence(text, context=context, tokens=tokens)
    if context is None:
        return sentence("a prompt of {tokens} tokens", tokens=tokens), None
    text = "a prompt of {tokens} tokens, and the context holds {context}"
    return sentence(text, tokens=tokens, context=context), None


async def _find_context(settings: AssistantSettings) -> int | None:
    """Ask the server how much its context holds; None if it does not tell."""
    if settings.openai_base_url is None:
        return None
    root = re.sub(r"/v1/?$", "", settings.openai_base_url)
    headers = {"Authorization": f"Bearer {settings.openai_api_key.get_secret_value()}"}
    async with httpx2.AsyncClient(
        proxy=settings.openai_proxy, timeout=TIMEOUT_SECONDS, headers=headers
    ) as http:
        for path in PATHS:
            with suppress(httpx2.HTTPError, ValueError):
                answer = await http.get(f"{root}{path}")
                context = find_context(answer.json(), settings.openai_model)
                if context is not None:
                    return context
    return None
