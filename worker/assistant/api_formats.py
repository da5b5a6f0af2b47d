"""The two OpenAI APIs as JSON: what is asked, and what is read of the answer.

The SDK's own typed models take longer to build than all the rest of a call: they know every kind of output.
https://platform.openai.com/docs/api-reference/responses/create and …/chat/create
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import openai
from pydantic import BaseModel, Field

from worker.domain.assistant_port import AssistantError, Turn

# Far above the four sentences the prompts ask for: room for models that think first, an end for runaways.
MOST_TOKENS = 4_000

Body = Mapping[str, Any]


@dataclass(frozen=True)
class RawAnswer:
    """The text of an answer, None if the model refused; who gave it, and the tokens it took."""

    text: str | None
    model: str
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class Api:
    """One way to ask: where, with what, and how the answer is read.

    `read` raises pydantic.ValidationError for what is no answer, and AssistantError for half of one.
    """

    path: str
    body: Callable[[str, str, Sequence[Turn], type[BaseModel]], Body]
    read: Callable[[bytes], RawAnswer]


@cache
def _strict(shape: type[BaseModel]) -> Body:
    """A shape's name and its JSON schema with nothing left open."""
    function = openai.pydantic_function_tool(shape)["function"]
    return {"name": function["name"], "strict": True, "schema": function["parameters"]}


def _said_by(turn: Turn) -> str:
    return "assistant" if turn.ours else "user"


def _responses_body(model: str, instructions: str, turns: Sequence[Turn], shape: type[BaseModel]) -> Body:
    return {
        "model": model,
        "instructions": instructions,
        "input": [{"role": _said_by(turn), "content": turn.text} for turn in turns],
        "text": {"format": {"type": "json_schema", **_strict(shape)}},
        "max_output_tokens": MOST_TOKENS,
        "store": False,
    }


def _chat_body(model: str, instructions: str, turns: Sequence[Turn], shape: type[BaseModel]) -> Body:
    spoken = [{"role": _said_by(turn), "content": turn.text} for turn in turns]
    return {
        "model": model,
        "messages": [{"role": "system", "content": instructions}, *spoken],
        "response_format": {"type": "json_schema", "json_schema": _strict(shape)},
        "max_completion_tokens": MOST_TOKENS,
        "stream": False,
    }


class _Cached(BaseModel):
    cached_tokens: int | None = None


class _Content(BaseModel):
    type: str
    text: str | None = None


class _OutputMessage(BaseModel):
    phase: str | None = None
    content: Sequence[_Content] | None = None


class _ResponsesUsage(BaseModel):
    input_tokens: int | None = None
    # Compatible servers leave out what they do not count.
    input_tokens_details: _Cached | None = None
    output_tokens: int | None = None


class _Response(BaseModel):
    model: str = ""
    # Whatever is no message is not looked into.
    output: Sequence[Mapping[str, Any]]
    usage: _ResponsesUsage | None = None


def _read_response(body: bytes) -> RawAnswer:
    """The first text that is meant for the person: models that think aloud mark it as the final answer."""
    answer = _Response.model_validate_json(body)
    used = answer.usage or _ResponsesUsage()
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
    cached = used.input_tokens_details.cached_tokens if used.input_tokens_details else None
    return RawAnswer(next(texts, None), answer.model, used.input_tokens, cached, used.output_tokens)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _ChatUsage(BaseModel):
    prompt_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    model: str = ""
    choices: Sequence[_Choice] = Field(min_length=1)
    usage: _ChatUsage | None = None


def _read_completion(body: bytes) -> RawAnswer:
    answer = _Completion.model_validate_json(body)
    choice, used = answer.choices[0], answer.usage or _ChatUsage()
    if choice.finish_reason in {"length", "content_filter"}:
        raise AssistantError(f"the model's answer was cut off: {choice.finish_reason}")
    cached = used.prompt_tokens_details.cached_tokens if used.prompt_tokens_details else None
    text = None if choice.message.refusal else choice.message.content or None
    return RawAnswer(text, answer.model, used.prompt_tokens, cached, used.completion_tokens)


APIS = {
    "responses": Api("/responses", _responses_body, _read_response),
    "chat": Api("/chat/completions", _chat_body, _read_completion),
}
