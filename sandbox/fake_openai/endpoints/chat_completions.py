"""The Chat Completions API: parses `POST /v1/chat/completions` and renders the answer."""

import time
from typing import Any, Literal, cast
from uuid import uuid4

from sandbox.fake_openai.endpoints.request_parsing import (
    Body,
    check_params,
    invalid_type,
    invalid_value,
    missing,
    read_content,
    read_format,
    read_str,
    read_tokens,
    require_messages,
)
from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.turn import Answer, Message, OutputFormat, Turn
from sandbox.fake_openai.usage import Usage

# The parameters of CompletionCreateParams in openai 3.54.
PARAMS_TEXT = (
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens "
    "messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty "
    "prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format "
    "safety_identifier seed service_tier stop store stream_options temperature tool_choice tools "
    "top_logprobs top_p user verbosity web_search_options"
)
PARAMS = frozenset(PARAMS_TEXT.split())
ROLES = ("system", "developer", "user", "assistant")


def parse(body: Body) -> Turn:
    """Return the turn of a request body. Raises ApiError (400) in the same cases as OpenAI."""
    check_params(body, PARAMS)
    model = read_str(body, "model", required=True)
    limit = read_tokens(body, "max_completion_tokens", 1)
    given = body.get("messages")
    if given is None:
        raise missing("messages")
    if not isinstance(given, list):
        raise invalid_type("messages", "an array")
    messages = require_messages([_read_message(item, index) for index, item in enumerate(given)], "messages")
    instructions = [message.text for message in messages if message.role in ("system", "developer")]
    turn = Turn(
        model=model or "",
        instructions="\n".join(instructions),
        messages=[message for message in messages if message.role in ("user", "assistant")],
        format=_read_format(body.get("response_format")),
        max_output_tokens=limit if limit is not None else read_tokens(body, "max_tokens", 1),
    )
    if turn.format.type == "json_object" and "json" not in turn.prompt().lower():
        raise ApiError(400, "'messages' must contain the word 'json' to use json_object.", param="messages")
    return turn


def _read_format(given: object) -> OutputFormat:
    if isinstance(given, dict) and given.get("type") == "json_schema":
        spec = given.get("json_schema")
        if not isinstance(spec, dict):
            raise missing("response_format.json_schema")
        given = {**spec, "type": "json_schema"}
    return read_format(given, "response_format", schema_code=None)


def _read_message(item: object, index: int) -> Message:
    where = f"messages[{index}]"
    if not isinstance(item, dict):
        raise invalid_type(where, "an object")
    role = item.get("role")
    if role not in ROLES:
        raise invalid_value(f"{where}.role", role, ROLES)
    if item.get("content") is None:
        raise missing(f"{where}.content")
    known = cast("Literal['system', 'developer', 'user', 'assistant']", role)
    return Message(role=known, text=read_content(item["content"], f"{where}.content", ("text", "refusal")))


def render(turn: Turn, answer: Answer, usage: Usage, body: Body) -> dict[str, Any]:
    """Return the `chat.completion` object for an answer."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.text,
        "refusal": None,
        "annotations": [],
    }
    if answer.refusal is not None:
        message |= {"content": None, "refusal": answer.refusal}
    finish = "length" if answer.cut else "stop"
    return {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": turn.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": _usage(usage),
        "service_tier": body.get("service_tier") or "default",
        "system_fingerprint": "fp_sandbox",
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
