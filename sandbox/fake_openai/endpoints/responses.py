"""The Responses API: parses `POST /v1/responses` and renders the answer."""

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
from sandbox.fake_openai.turn import Answer, Message, Turn
from sandbox.fake_openai.usage import Usage

# The parameters of ResponseCreateParams in openai 3.54.
PARAMS_TEXT = (
    "access_programs background background_options context_management conversation image include input "
    "instructions max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls "
    "previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning "
    "safety_identifier service_tier store stream_options temperature text tool_choice tools top_logprobs "
    "top_p truncation user"
)
PARAMS = frozenset(PARAMS_TEXT.split())
ROLES = ("assistant", "system", "developer", "user")
MIN_OUTPUT_TOKENS = 16


def parse(body: Body) -> Turn:
    """Return the turn of a request body. Raises ApiError (400) in the same cases as OpenAI."""
    check_params(body, PARAMS)
    model = read_str(body, "model", required=True)
    text = body.get("text") or {}
    if not isinstance(text, dict):
        raise invalid_type("text", "an object")
    wanted = read_format(text.get("format"), "text.format", schema_code="invalid_json_schema")
    turn = Turn(
        model=model or "",
        instructions=read_str(body, "instructions") or "",
        messages=_read_input(body.get("input")),
        format=wanted,
        max_output_tokens=read_tokens(body, "max_output_tokens", MIN_OUTPUT_TOKENS),
    )
    if wanted.type == "json_object" and "json" not in turn.prompt().lower():
        raise ApiError(400, "Input messages must contain the word 'json' to use json_object.", param="input")
    return turn


def _read_input(given: object) -> list[Message]:
    if given is None:
        raise missing("input")
    if isinstance(given, str):
        return [Message(role="user", text=given)]
    if not isinstance(given, list):
        raise invalid_type("input", "a string or an array of input items")
    messages = [_read_item(item, index) for index, item in enumerate(given)]
    return require_messages(messages, "input")


def _read_item(item: object, index: int) -> Message:
    where = f"input[{index}]"
    if not isinstance(item, dict):
        raise invalid_type(where, "an object")
    if item.get("type", "message") != "message":
        raise invalid_value(f"{where}.type", item["type"], ("message",))
    role = item.get("role")
    if role not in ROLES:
        raise invalid_value(f"{where}.role", role, ROLES)
    if "content" not in item:
        raise missing(f"{where}.content")
    types = ("output_text", "refusal") if role == "assistant" else ("input_text",)
    known = cast("Literal['system', 'developer', 'user', 'assistant']", role)
    return Message(role=known, text=read_content(item["content"], f"{where}.content", types))


def render(turn: Turn, answer: Answer, usage: Usage, body: Body) -> dict[str, Any]:
    """Return the `response` object for an answer; it repeats the request's parameters."""
    now = time.time()
    return {
        "id": f"resp_{uuid4().hex}",
        "object": "response",
        "created_at": int(now),
        "completed_at": None if answer.cut else int(now),
        "status": "incomplete" if answer.cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
        "model": turn.model,
        "output": _output(answer),
        "usage": _usage(usage),
        **_request_parameters(turn, body),
    }


def _request_parameters(turn: Turn, body: Body) -> dict[str, Any]:
    return {
        "instructions": turn.instructions or None,
        "max_output_tokens": turn.max_output_tokens,
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": [],
        "top_p": body.get("top_p", 1.0),
        "truncation": body.get("truncation", "disabled"),
    }


def _output(answer: Answer) -> list[dict[str, Any]]:
    if answer.empty:
        return []
    content: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    if answer.refusal is not None:
        content = {"type": "refusal", "refusal": answer.refusal}
    status = "incomplete" if answer.cut else "completed"
    message = {"id": f"msg_{uuid4().hex}", "type": "message", "role": "assistant", "status": status}
    return [{**message, "content": [content]}]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
