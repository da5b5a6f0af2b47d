"""Joins the events of a server that streams although no stream was asked for. Pure.

They are lines of `data: {…}`, or of JSON alone.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Not `splitlines`: a text may have other signs that end a line, such as U+2028.
_LINE_END = re.compile(r"\r\n|\r|\n")


def join_events(text: str) -> Mapping[str, Any] | None:
    """Return the body that the events are parts of; None if the text is no stream of events."""
    events = list(_events(text))
    if not events:
        return None
    wrong = next((event for event in events if event.get("error") or event.get("type") == "error"), None)
    if wrong is not None:
        return {"error": wrong.get("error") or wrong}
    whole = next(
        (event for event in events if isinstance(event.get("response"), dict) and _ends(event)), None
    )
    if whole is not None:
        body: Mapping[str, Any] = whole["response"]
        return body
    if any(isinstance(event.get("choices"), list) for event in events):
        return _completion(events)
    if any(str(event.get("type")).startswith("response.") for event in events):
        is_text = [event for event in events if event.get("type") == "response.output_text.delta"]
        return {"output_text": "".join(str(event.get("delta") or "") for event in is_text), "output": []}
    # One whole answer as the only event, or an error in a form of its own.
    return events[-1]


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in _LINE_END.split(text):
        name, _, data = line.partition(":")
        if line.startswith("{"):
            data = line
        elif name.strip() != "data":
            continue
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            # `[DONE]` ends the stream.
            continue
        if isinstance(event, dict):
            yield event


def _ends(event: Mapping[str, Any]) -> bool:
    return str(event.get("type")) in {"response.completed", "response.incomplete", "response.failed"}


def _completion(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return a completion whose message has the text of all deltas."""
    content: list[Any] = []
    thought, finish, refusal, arguments = "", None, "", ""
    for event in events:
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            continue
        finish = choice.get("finish_reason") or finish
        part = choice.get("delta") or choice.get("message")
        if isinstance(part, dict):
            content += _pieces(part.get("content"))
            refusal += _text(part.get("refusal"))
            thought += _text(part.get("reasoning_content") or part.get("reasoning"))
            arguments += _arguments(part.get("tool_calls"))
        else:
            content += _pieces(choice.get("text"))
    message: dict[str, Any] = {"content": content, "reasoning_content": thought, "refusal": refusal}
    if arguments:
        message["function_call"] = {"arguments": arguments}
    found = {key: event[key] for event in events for key in ("model", "usage") if event.get(key)}
    return {**found, "choices": [{"finish_reason": finish, "message": message}]}


def _pieces(content: object) -> list[Any]:
    """Return the parts of a delta; a text is one part."""
    return content if isinstance(content, list) else [_text(content)]


def _arguments(calls: object) -> str:
    """Return what a delta adds to the arguments of the first called function."""
    call = calls[0] if isinstance(calls, list) and calls else None
    function = call.get("function") if isinstance(call, dict) and not call.get("index") else None
    return _text(function.get("arguments")) if isinstance(function, dict) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
