"""Finds the JSON object in the text of a model, wherever it stands. Pure.

Around it may be Markdown fences, sentences, `<think>…</think>`, and tokens such as `<|im_end|>`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

MAX_LENGTH = 60_000
# Each opening brace is tried; more of them are no answer.
_MAX_STARTS = 40
_MAX_REPAIRED = 6_000
# The time of a repair grows with the cube of the open braces: 2,000 of them took a minute.
_MAX_REPAIRED_BRACES = 40
_THOUGHT = re.compile(r"<(?:think(?:ing)?|reasoning|thought)>", re.IGNORECASE)
_THOUGHT_END = re.compile(r"</(?:think(?:ing)?|reasoning|thought)>", re.IGNORECASE)
_TOKENS = re.compile(r"<[|｜][^<>|｜]{1,40}[|｜]>|\[/?INST\]|</?s>|\ufeff|\u200b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPACES = re.compile(r"[\s-]+")
_DECODER = json.JSONDecoder(strict=False)
# How the text of a complete object may end; otherwise its last string was cut off.
_ENDS = ("]", '"', "'", ",", "`", "true", "false", "null", *"0123456789")


def find_object(text: str, keys: Collection[str], *, is_cut: bool = False) -> Mapping[str, Any] | None:
    """Return the object that has most of the `keys`; the last one of several. None if there is none.

    `is_cut`: the output limit ended the text, so an incomplete object is not repaired.
    """
    bare = _strip(text)
    found = list(_objects(bare))
    if not any(_score(one, keys) for one in found) and not is_cut:
        found += _repaired(bare)
    # `max` returns the first of several: here that is the last one in the text.
    best = max(reversed(found), key=lambda one: _score(one, keys), default=None)
    return best if best is not None and _score(best, keys) else None


def field_name(name: object) -> str:
    """Return a field's name as our schemas write it: `doNotContact` and `Do-not-contact` are usual too."""
    return _SPACES.sub("_", _CAMEL.sub("_", str(name).strip())).lower()


def _strip(text: str) -> str:
    text = text[:MAX_LENGTH]
    # The beginning of a thought may be part of the prompt's template: then only its end is in the text.
    if ends := list(_THOUGHT_END.finditer(text)):
        after = text[ends[-1].end() :]
        begin = _THOUGHT.search(text)
        text = after if "{" in after or begin is None else text[: begin.start()]
    return _TOKENS.sub("", text).strip()


def _score(value: Mapping[str, Any], keys: Collection[str]) -> int:
    # A field that holds an object is a wrapping: {"type": "output_text", "text": {…}}.
    names = {field_name(name) for name, part in value.items() if not isinstance(part, dict)}
    return len(names & set(keys))


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the complete objects of the text, and those inside them or inside a text of theirs."""
    place, starts = text.find("{"), 0
    while place >= 0 and starts < _MAX_STARTS:
        starts += 1
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            yield from _unwrap(value)
        place = text.find("{", end)
    if text.startswith('"'):
        # The whole object as one JSON string.
        try:
            inner = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            yield from _objects(inner)


def _unwrap(value: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield an object, and the objects of its fields: some models wrap the answer into its schema's name."""
    if isinstance(value, dict):
        if depth < 3:
            for inner in value.values():
                yield from _unwrap(inner, depth + 1)
        yield value
    elif isinstance(value, list) and depth < 3:
        for inner in value:
            yield from _unwrap(inner, depth + 1)
    elif isinstance(value, str) and depth and value.lstrip().startswith("{"):
        try:
            yield from _unwrap(json.loads(value, strict=False), depth + 1)
        except (ValueError, RecursionError):
            return


def _repaired(text: str) -> list[Mapping[str, Any]]:
    """Return the object that is meant: quotes, commas or the last brace are missing or wrong.

    A text that stops inside a string was cut off: it is not repaired.
    """
    # Imported here: most models write correct JSON, and the package takes 3 MiB.
    import json_repair  # noqa: PLC0415

    start = text.find("{")
    if start < 0:
        return []
    rest = text[start : start + _MAX_REPAIRED].rstrip()
    if rest.count("{") > _MAX_REPAIRED_BRACES:
        return []
    whole = rest[: rest.rfind("}") + 1]
    # A brace inside a sentence, as in "{name}", does not end the object.
    is_whole = whole[:-1].rstrip().endswith(_ENDS)
    for part in (rest if rest.endswith(_ENDS) else "", whole if is_whole else ""):
        try:
            value: object = json_repair.loads(part, skip_json_loads=True) if part else None
        except (ValueError, RecursionError, TypeError, IndexError):
            continue
        found = [one for item in (value if isinstance(value, list) else [value]) for one in _unwrap(item)]
        if found:
            return found
    return []
