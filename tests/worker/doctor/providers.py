"""Set-ups with a provider of each kind, played by the sandbox's model, and the doctor's output for them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from sandbox.fake_openai.app import build_router
from sandbox.fake_openai.faults import RawAnswer
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from tests.conftest import ROOT
from tests.support.model_failures import CASES, Case
from worker.doctor import model_checks
from worker.doctor.findings import as_text
from worker.settings import AssistantSettings

PAGE = ROOT / "docs" / "operate" / "proxies-and-providers.md"
BEGIN, END = "<!-- doctor: begin -->", "<!-- doctor: end -->"


def failure(provider: str, says: str) -> Case:
    """Return the failure of a provider that says this."""
    return next(case for case in CASES if case.provider == provider and says in case.text)


@dataclass(frozen=True)
class Played:
    """A provider that the sandbox's model plays.

    `refuses`: it answers requests that have this text with this failure. `routes`: what it answers at further
    addresses, instead of the sandbox. `settings`: the settings that differ.
    """

    model: str
    refuses: Mapping[str, Case] = field(default_factory=dict)
    routes: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def models(name: str, **figures: int) -> dict[str, Any]:
    """A list of models with one entry."""
    return {"/v1/models": {"object": "list", "data": [{"id": name, "object": "model", **figures}]}}


SETUPS: dict[str, Played] = {
    "OpenAI": Played("gpt-4.1-mini", settings={"openai_api": "responses"}),
    "DeepSeek: no JSON schema": Played(
        "deepseek-chat", refuses={'"json_schema"': failure("DeepSeek", "response_format type")}
    ),
    "OpenRouter: no money left": Played(
        "deepseek/deepseek-chat", refuses={"": failure("OpenRouter", "more credits")}
    ),
    "Mistral: knows only `max_tokens`": Played(
        "mistral-small-latest",
        refuses={'"max_completion_tokens"': failure("Mistral", "extra_forbidden")},
        routes=models("mistral-small-latest", max_context_length=131_072),
    ),
    "Azure: the deployment has another name": Played(
        "gpt-4.1-mini", refuses={"": failure("Azure", "DeploymentNotFound")}
    ),
    "GigaChat by gpt2giga: the token has expired": Played(
        "GigaChat-2", refuses={"": failure("gpt2giga", "Token has expired")}
    ),
    "Ollama: the context is too small": Played(
        "qwen3:8b", routes={"/api/ps": {"models": [{"name": "qwen3:8b", "context_length": 4096}]}}
    ),
    "vLLM": Played("Qwen/Qwen3-8B", routes=models("Qwen/Qwen3-8B", max_model_len=32_768)),
    "llama.cpp": Played("qwen3-8b", routes={"/props": {"default_generation_settings": {"n_ctx": 16_384}}}),
    "LiteLLM: the proxy's key is wrong": Played(
        "through-litellm", refuses={"": failure("LiteLLM", "Invalid proxy server token")}
    ),
}


@asynccontextmanager
async def playing(played: Played) -> AsyncIterator[str]:
    """Run the provider; yields its base URL."""
    app, state = FastAPI(), OpenAIState()
    for path, answer in played.routes.items():
        app.add_api_route(path, _endpoint(answer))
    app.include_router(build_router(state))
    for match, case in played.refuses.items():
        state.faults.add(
            RawAnswer(status=case.status, headers=case.headers, body=case.body, times=None, match=match)
        )
    http = HttpServer(app, "127.0.0.1", 0)
    await http.start()
    try:
        yield f"http://127.0.0.1:{http.port}/v1"
    finally:
        await http.stop()


def _endpoint(answer: object) -> Any:  # noqa: ANN401 - FastAPI's own type of an endpoint
    async def respond() -> object:
        return answer

    return respond


async def output(name: str) -> str:
    """Return the doctor's lines about the model of a set-up."""
    played = SETUPS[name]
    async with playing(played) as url:
        settings = AssistantSettings(
            _env_file=None,
            **{
                "openai_api_key": "sk-doctor-0123456789",
                "openai_base_url": url,
                "openai_model": played.model,
                **played.settings,
            },
        )
        findings = await model_checks.check_models(settings, None)
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", as_text(findings, colours=False))
    text = re.sub(r"in \d+ ms", "in 350 ms", text)
    # The prompt grows now and then.
    return re.sub(r"prompt of \d+", "prompt of 2400", text)


async def section() -> str:
    """Return the part of the page that is generated."""
    parts = [f"**{name}**\n\n```\n{await output(name)}\n```\n" for name in SETUPS]
    return f"{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}"


def generated(page: Path = PAGE) -> str:
    """Return the part between the marks on the page."""
    text = page.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]
