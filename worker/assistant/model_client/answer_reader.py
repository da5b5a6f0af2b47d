"""Turns the text of a model into an answer: tolerant in form, strict about the intent. Pure."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.intents import Intent
from worker.assistant.cleaning import clean_number, clean_text
from worker.assistant.model_client.answer_json import field_name, find_object
from worker.assistant.output_schemas import ReplyAnswer
from worker.domain.assistant_port import AssistantError, Wish

AnswerT = TypeVar("AnswerT", bound=BaseModel)

# The confidence of an answer that states none: enough for a clear yes or no, which needs evidence anyway.
_USUAL_CONFIDENCE = 0.8
_TRUE = frozenset({"true", "yes", "1", "да"})
_NO_REASON = frozenset({"null", "none", "n/a", "-", "нет"})
MALFORMED = "the model's answer was malformed or cut off"


class IncompleteAnswerError(AssistantError):
    """The answer is JSON without a usable `field`: the model is asked for it once more."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{MALFORMED}: no usable {field}")
        self.field = field


def read_answer(text: str, schema: type[AnswerT], *, is_cut: bool = False) -> AnswerT:
    """Return the answer in `schema`.

    Raises AssistantError; IncompleteAnswerError if there is JSON without an intent.
    """
    keys = schema.model_fields.keys()
    found = find_object(text, keys, is_cut=is_cut)
    if found is None:
        raise AssistantError(f"{MALFORMED}: {'the output limit is reached' if is_cut else 'no JSON in it'}")
    fields = {field_name(name): _clean(value) for name, value in found.items()}
    if schema is ReplyAnswer:
        fields = _reply_fields(fields)
    if "text" in keys:
        # The guardrails refuse an empty text, ask for another one, and replace it if need be.
        fields["text"] = _words(fields.get("text"))
    try:
        return schema.model_validate({name: value for name, value in fields.items() if name in keys})
    except ValidationError as error:
        raise IncompleteAnswerError(str(error.errors()[0]["loc"][0])) from error


def _reply_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a ReplyAnswer; what is missing beside the intent has its default."""
    return {
        "intent": _intent(fields.get("intent")),
        "text": fields.get("text"),
        "confidence": _confidence(fields.get("confidence")),
        "language": _words(fields.get("language")) or "ru",
        # Prompts that owners have changed may still have the earlier name.
        "do_not_contact": _flag(fields.get("do_not_contact")),
        "needs_human": _flag(fields.get("needs_human")),
        "reason": _reason(fields.get("reason")),
        "wish": _wish(fields.get("wish")),
        "write_at": _reason(fields.get("write_at")) or None,
        "facts": _facts(fields.get("facts")),
    }


def _intent(value: object) -> Intent:
    try:
        return Intent(_name(value))
    except ValueError:
        raise IncompleteAnswerError("intent") from None


def _wish(value: object) -> Wish:
    try:
        return Wish(re.sub(r"[\s-]+", "_", _name(value)))
    except ValueError:
        return Wish.NONE


def _name(value: object) -> str:
    """Return the name of an enumeration's member: `Intent.ACCEPT` and `intent: accept` are usual too."""
    word = value[0] if isinstance(value, list) and len(value) == 1 else value
    name = str(word).strip().strip("\"'`*.<>").lower()
    return name.replace(":", ".").rsplit(".", 1)[-1].strip()


def _words(value: object) -> str:
    """Return the words of a text or of a list of texts; empty for anything else."""
    if isinstance(value, list):
        return " ".join(filter(None, map(_words, value)))
    return value.strip() if isinstance(value, str) else ""


def _confidence(value: object) -> float:
    if isinstance(value, str):
        value = value.strip().rstrip("%").replace(",", ".")
    number = clean_number(value)
    if number is None or number < 0:
        return _USUAL_CONFIDENCE
    # Some models answer in percent.
    return number / 100 if 10 < number <= 100 else min(number, 1.0)


def _flag(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _TRUE
    return bool(value) if isinstance(value, bool | int) else False


def _reason(value: object) -> str:
    words = _words(value)
    return "" if words.lower() in _NO_REASON else words


def _facts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [words for item in values if (words := _words(item))]


def _clean(value: object) -> object:
    """Return the value without what a database refuses."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
