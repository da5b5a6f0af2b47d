"""Reads the responses of the two OpenAI APIs, also as other servers send them. Pure.

The SDK's typed models are not used: building them takes longer than the rest of a call, and they refuse what
compatible servers send, such as token counts as floats or content as a list of parts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.assistant.cleaning import clean_count, clean_line
from worker.assistant.failures.error_bodies import ErrorBody, read_error, read_error_value
from worker.assistant.model_client.event_streams import join_events
from worker.assistant.model_client.wire_forms import Api
from worker.domain.assistant_port import AssistantError

_MAX_MODEL_LENGTH = 100
_MAX_REFUSAL_LENGTH = 100
_CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_WITHHELD = frozenset(
    {
        "content_filter",
        "content-filter",
        "safety",
        "blacklist",
        "prohibited_content",
        "blocklist",
        "sensitive",
    }
)
# The fields that hold the answer in the two APIs.
_ANSWER = frozenset({"choices", "output"})
_WITHHELD_TEXT = "the model's answer was withheld by the provider's filter"


class ErrorBodyError(Exception):
    """A successful status with an error as its body."""

    def __init__(self, body: ErrorBody) -> None:
        super().__init__(body.sentence)
        self.body = body


class EmptyAnswerError(AssistantError):
    """There is no text: some servers and models answer so if they cannot write the form of the request."""


class UnfinishedThoughtError(EmptyAnswerError):
    """The output limit was reached before the answer began: the model thinks, and needs a larger limit."""


@dataclass(frozen=True)
class RawAnswer:
    """An answer before it is read: its text, the model's name (empty: unknown) and token counts.

    `is_cut`: the output limit ended the text.
    """

    text: str
    model: str = ""
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    is_cut: bool = False

    @property
    def is_runaway(self) -> bool:
        """True if the model wrote spaces until the output limit: a grammar may let it write nothing else."""
        return self.is_cut and len(self.text.rstrip()) * 2 < len(self.text)


def parse_answer(api: Api, content: bytes) -> RawAnswer:
    """Return the answer of a response. Raises ErrorBodyError, or AssistantError for one without a text."""
    text = content.decode("utf-8-sig", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        body = join_events(text)
        if body is None:
            raise ErrorBodyError(read_error(text)) from error
    body = _unwrap(body)
    if not isinstance(body, dict):
        raise ErrorBodyError(read_error_value(body))
    if body.get("error") and not _list(body.get("choices")) and not _list(body.get("output")):
        raise ErrorBodyError(read_error_value(body))
    # Some gateways answer each API in the shape of the other.
    is_completion = "choices" in body or (api == "chat" and "output" not in body)
    return _parse_completion(body) if is_completion else _parse_response(body)


def parse_transcript(content: bytes) -> str:
    """Return the words of a transcription, which some servers send as plain text.

    Raises AssistantError for anything else, such as a web page: the person has not said that.
    """
    text = content.decode("utf-8-sig", "replace").strip()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    if isinstance(body, dict) and isinstance(body.get("text"), str):
        return str(body["text"])
    if body is None:
        return ""
    if not isinstance(body, dict | list) and not text.startswith(("{", "[", "<")):
        return str(body)
    said = read_error(text).sentence or "no text in it"
    raise AssistantError(f"the transcript is unusable: {said}")


def _unwrap(body: object) -> object:
    """Return the object with the answer: some gateways put it into a list or into `data`."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict) or not _ANSWER.isdisjoint(body):
        return body
    inner = (body.get(wrapping) for wrapping in ("data", "result", "response"))
    return next((one for one in inner if isinstance(one, dict) and not _ANSWER.isdisjoint(one)), body)


def _parse_completion(body: Mapping[str, Any]) -> RawAnswer:
    choices = [choice for choice in _list(body.get("choices")) if isinstance(choice, dict)]
    if not choices:
        raise ErrorBodyError(read_error_value(body))
    choice = choices[0]
    finish = str(choice.get("finish_reason") or "").lower()
    message = choice.get("message") or choice.get("delta")
    message = {"content": message} if isinstance(message, str) else _dict(message)
    text = _text_of(message.get("content")) or _text_of(choice.get("text"))
    if choice.get("error") or finish == "error":
        raise ErrorBodyError(read_error_value(choice.get("error") or body.get("error") or "error"))
    if finish in _WITHHELD:
        raise AssistantError(f"{_WITHHELD_TEXT}: {finish}")
    if message.get("refusal"):
        raise _refused(message["refusal"])
    if not text.strip():
        text = _arguments(message)
    if not text.strip():
        text = _whole_json(message.get("reasoning_content") or message.get("reasoning"))
    if not text.strip():
        raise _without_text(
            calls_tool=bool(message.get("tool_calls") or message.get("function_call")), finish=finish
        )
    return _with_usage(text, body, is_cut=finish in _CUT)


def _parse_response(body: Mapping[str, Any]) -> RawAnswer:
    """Return the first text of the answer; reasoning models mark it with the phase `final_answer`."""
    if "output" not in body and not body.get("output_text"):
        raise ErrorBodyError(read_error_value(body))
    reason = str(_dict(body.get("incomplete_details")).get("reason") or "").lower()
    if body.get("status") == "failed":
        raise ErrorBodyError(read_error_value(body.get("error") or "the response failed"))
    if reason in _WITHHELD:
        raise AssistantError(f"{_WITHHELD_TEXT}: {reason}")
    items = [item for item in _list(body.get("output")) if isinstance(item, dict)]
    # Some servers leave out the type.
    contents = [
        _parts(item.get("content"))
        for item in items
        if item.get("type", "message") == "message"
        and str(item.get("phase") or "final_answer") == "final_answer"
    ]
    parts = [part for content in contents for part in content]
    texts = (
        "".join(str(part.get("text") or "") for part in content if part.get("type") != "refusal")
        for content in contents
    )
    text = next(filter(str.strip, texts), "") or _text_of(body.get("output_text"))
    refusal = next((part.get("refusal") for part in parts if part.get("refusal")), None)
    if not text.strip() and refusal:
        raise _refused(refusal)
    if not text.strip():
        text = next(filter(None, map(_call_arguments, items)), "")
    if not text.strip():
        raise _without_text(calls_tool=any("call" in str(item.get("type")) for item in items), finish=reason)
    return _with_usage(text, body, is_cut=reason in _CUT)


def _refused(refusal: object) -> AssistantError:
    return AssistantError(
        f"the model refused to answer: {clean_line(_text_of(refusal), _MAX_REFUSAL_LENGTH)}"
    )


def _without_text(*, calls_tool: bool, finish: str) -> AssistantError:
    if finish in _CUT:
        return UnfinishedThoughtError("the model's answer was cut off before it began")
    if calls_tool:
        return EmptyAnswerError("the model called a tool instead of answering")
    return EmptyAnswerError("the model's answer was empty")


def _with_usage(text: str, body: Mapping[str, Any], *, is_cut: bool) -> RawAnswer:
    usage = _dict(body.get("usage"))
    details = _dict(usage.get("prompt_tokens_details")) or _dict(usage.get("input_tokens_details"))
    model = body.get("model")
    return RawAnswer(
        text,
        clean_line(model, _MAX_MODEL_LENGTH) if isinstance(model, str) else "",
        _count(usage, "prompt_tokens", "input_tokens"),
        _count(details, "cached_tokens") if details else _count(usage, "prompt_cache_hit_tokens"),
        _count(usage, "completion_tokens", "output_tokens"),
        is_cut,
    )


def _count(usage: Mapping[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := clean_count(usage.get(name))) is not None), None)


def _text_of(content: object) -> str:
    """Return the text of content: a text, a part, or a list of them."""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in _parts(content))


def _parts(content: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(content, str):
        return [{"type": "output_text", "text": content}]
    if isinstance(content, dict):
        return [_as_part(content)]
    parts = [
        {"text": part} if isinstance(part, str) else _as_part(part) if _is_answer(part) else part
        for part in _list(content)
    ]
    return [
        part
        for part in parts
        if isinstance(part, dict) and not str(part.get("type")).startswith(("think", "reason"))
    ]


def _as_part(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part; an object without a type is the answer itself, which the server has parsed."""
    return value if "type" in value else {"text": json.dumps(value, ensure_ascii=False)}


def _is_answer(part: object) -> bool:
    return isinstance(part, dict) and "type" not in part and part.keys() != {"text"}


def _arguments(message: Mapping[str, Any]) -> str:
    """Return the arguments of a called function: some models answer as if the schema were a tool."""
    calls = [_dict(_dict(call).get("function")) for call in _list(message.get("tool_calls"))]
    calls.append(_dict(message.get("function_call")))
    return next(filter(None, map(_call_arguments, calls)), "")


def _call_arguments(call: Mapping[str, Any]) -> str:
    arguments = call.get("arguments")
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments, ensure_ascii=False)
    text = _whole_json(arguments)
    return "" if text.strip("{} \r\n\t") == "" else text


def _whole_json(text: object) -> str:
    """Return the text if it is nothing but JSON: with some settings vLLM takes an answer for a thought."""
    bare = text.strip() if isinstance(text, str) else ""
    return bare if bare.startswith("{") and bare.endswith("}") else ""


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
