"""Request and response JSON of the two OpenAI APIs: Responses and Chat Completions.

The SDK's typed response models are not used: they cover every kind of output, and building them takes longer
than the rest of a call.
https://platform.openai.com/docs/api-reference/responses/create and …/chat/create
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import openai
from pydantic import BaseModel, Field

from worker.domain.assistant_port import AssistantError, Turn

# The prompts ask for four sentences; reasoning models need far more tokens. The limit stops endless output.
MAX_OUTPUT_TOKENS = 4_000

Body = Mapping[str, Any]


@dataclass(frozen=True)
class RawAnswer:
    """An answer before validation: the text (None if the model refused), the model's name, token counts."""

    text: str | None
    model: str
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class ApiFormat:
    """One API: its path, its request body, and the parser of its response.

    `build_body` takes model, instructions, turns and output schema. `parse` raises pydantic.ValidationError
    for a malformed response, and AssistantError for one that was cut off.
    """

    path: str
    build_body: Callable[[str, str, Sequence[Turn], type[BaseModel]], Body]
    parse: Callable[[bytes], RawAnswer]


@cache
def _strict_schema(schema: type[BaseModel]) -> Body:
    """Return the name and the strict JSON schema of an output schema."""
    function = openai.pydantic_function_tool(schema)["function"]
    return {"name": function["name"], "strict": True, "schema": function["parameters"]}


def _role(turn: Turn) -> str:
    return "assistant" if turn.from_us else "user"


def _responses_body(model: str, instructions: str, turns: Sequence[Turn], schema: type[BaseModel]) -> Body:
    return {
        "model": model,
        "instructions": instructions,
        "input": [{"role": _role(turn), "content": turn.text} for turn in turns],
        "text": {"format": {"type": "json_schema", **_strict_schema(schema)}},
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "store": False,
    }


def _chat_body(model: str, instructions: str, turns: Sequence[Turn], schema: type[BaseModel]) -> Body:
    messages = [{"role": _role(turn), "content": turn.text} for turn in turns]
    return {
        "model": model,
        "messages": [{"role": "system", "content": instructions}, *messages],
        "response_format": {"type": "json_schema", "json_schema": _strict_schema(schema)},
        "max_completion_tokens": MAX_OUTPUT_TOKENS,
        "stream": False,
    }


class _TokenDetails(BaseModel):
    cached_tokens: int | None = None


class _Content(BaseModel):
    type: str
    text: str | None = None


class _OutputMessage(BaseModel):
    phase: str | None = None
    content: Sequence[_Content] | None = None


class _ResponsesUsage(BaseModel):
    input_tokens: int | None = None
    # OpenAI-compatible servers leave out counts that they do not have.
    input_tokens_details: _TokenDetails | None = None
    output_tokens: int | None = None


class _Response(BaseModel):
    model: str = ""
    # Only items of type `message` are parsed further.
    output: Sequence[Mapping[str, Any]]
    usage: _ResponsesUsage | None = None


def _parse_response(body: bytes) -> RawAnswer:
    """Return the first text of the answer; reasoning models mark it with the phase `final_answer`."""
    answer = _Response.model_validate_json(body)
    usage = answer.usage or _ResponsesUsage()
    messages = [
        _OutputMessage.model_validate(output) for output in answer.output if output.get("type") == "message"
    ]
    texts = (
        content.text
        for message in messages
        if message.phase in {None, "final_answer"}
        for content in message.content or ()
        if content.type == "output_text"
    )
    cached = usage.input_tokens_details.cached_tokens if usage.input_tokens_details else None
    return RawAnswer(next(texts, None), answer.model, usage.input_tokens, cached, usage.output_tokens)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _ChatUsage(BaseModel):
    prompt_tokens: int | None = None
    prompt_tokens_details: _TokenDetails | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    model: str = ""
    choices: Sequence[_Choice] = Field(min_length=1)
    usage: _ChatUsage | None = None


def _parse_completion(body: bytes) -> RawAnswer:
    answer = _Completion.model_validate_json(body)
    choice, usage = answer.choices[0], answer.usage or _ChatUsage()
    if choice.finish_reason in {"length", "content_filter"}:
        raise AssistantError(f"the model's answer was cut off: {choice.finish_reason}")
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    text = None if choice.message.refusal else choice.message.content or None
    return RawAnswer(text, answer.model, usage.prompt_tokens, cached, usage.completion_tokens)


APIS = {
    "responses": ApiFormat("/responses", _responses_body, _parse_response),
    "chat": ApiFormat("/chat/completions", _chat_body, _parse_completion),
}
