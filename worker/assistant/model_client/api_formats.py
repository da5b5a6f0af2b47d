"""Request JSON of the two OpenAI APIs: Responses and Chat Completions.

https://platform.openai.com/docs/api-reference/responses/create and …/chat/create
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import openai
from pydantic import BaseModel

from worker.assistant.model_client.wire_forms import Api, WireForm
from worker.domain.assistant_port import Turn

# The prompts ask for four sentences, which is 500 tokens in Russian. The limit stops endless output.
MAX_OUTPUT_TOKENS = 1_500
# What an answer needs, for servers that allow no more.
MIN_OUTPUT_TOKENS = 800
# Models that think first spend most of the limit on it.
MAX_THINKING_TOKENS = 6_000
_THINKING_MODELS = re.compile(
    r"(?:^|[/:-])o\d|gpt-5|-r1\b|reason|think|qwq|qwen3|magistral|gpt-oss", re.IGNORECASE
)

PATHS: Mapping[Api, str] = {"responses": "/responses", "chat": "/chat/completions"}
SCHEMA_RULES = (
    "\n\n# Формат ответа\n\n"
    "Верни только один объект JSON по этой схеме, со всеми полями, без пояснений и разметки:\n"
)

Body = Mapping[str, Any]


def output_limit(model: str) -> int:
    """Return the most tokens that an answer of this model may have."""
    return MAX_THINKING_TOKENS if _THINKING_MODELS.search(model) else MAX_OUTPUT_TOKENS


def smaller_limit(limit: int) -> int | None:
    """Return the next smaller limit for a server that refuses this one; None if an answer needs more."""
    return next((one for one in (MAX_OUTPUT_TOKENS, MIN_OUTPUT_TOKENS) if one < limit), None)


def build_body(
    form: WireForm,
    model: str,
    instructions: str,
    turns: Sequence[Turn],
    schema: type[BaseModel],
    *,
    limit: int = MAX_OUTPUT_TOKENS,
) -> Body:
    """Return the body of a request in this form; without a strict schema, the prompt contains the schema."""
    if form.output != "schema":
        instructions += SCHEMA_RULES + json.dumps(_strict_schema(schema)["schema"], ensure_ascii=False)
    if form.api == "responses":
        return _responses_body(form, model, instructions, turns, schema, limit)
    return _chat_body(form, model, instructions, turns, schema, limit)


@cache
def _strict_schema(schema: type[BaseModel]) -> Body:
    """Return the name and the strict JSON schema of an output schema."""
    function = openai.pydantic_function_tool(schema)["function"]
    return {"name": function["name"], "strict": True, "schema": function["parameters"]}


def _role(turn: Turn) -> str:
    return "assistant" if turn.from_us else "user"


def _messages(form: WireForm, instructions: str, turns: Sequence[Turn]) -> list[dict[str, str]]:
    """Return the turns as messages; with plain roles also the instructions, and the sides take turns."""
    messages = [{"role": _role(turn), "content": turn.text} for turn in turns]
    if not form.plain_roles:
        return messages
    merged = [{"role": "user", "content": instructions}]
    for message in messages:
        if message["role"] == merged[-1]["role"]:
            merged[-1]["content"] += f"\n\n{message['content']}"
        else:
            merged.append(message)
    return merged


def _responses_body(
    form: WireForm,
    model: str,
    instructions: str,
    turns: Sequence[Turn],
    schema: type[BaseModel],
    limit: int,
) -> Body:
    output: Body = {"type": form.output}
    if form.output == "schema":
        output = {"type": "json_schema", **_strict_schema(schema)}
    return {
        "model": model,
        **({} if form.plain_roles else {"instructions": instructions}),
        # llama.cpp refuses our own turns without a type.
        "input": [{"type": "message", **message} for message in _messages(form, instructions, turns)],
        "text": {"format": output},
        "max_output_tokens": limit,
        **({"store": False} if form.with_store else {}),
    }


def _chat_body(
    form: WireForm,
    model: str,
    instructions: str,
    turns: Sequence[Turn],
    schema: type[BaseModel],
    limit: int,
) -> Body:
    messages = _messages(form, instructions, turns)
    if not form.plain_roles:
        messages.insert(0, {"role": "system", "content": instructions})
    output: Body = {}
    if form.output == "schema":
        output = {"response_format": {"type": "json_schema", "json_schema": _strict_schema(schema)}}
    elif form.output == "json_object":
        output = {"response_format": {"type": "json_object"}}
    return {
        "model": model,
        "messages": messages,
        **output,
        form.limit: limit,
        "stream": False,
    }
