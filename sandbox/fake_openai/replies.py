"""Makes the answer to a turn: the text of the rule-based model, changed by a fault if there is one."""

import json
import re

from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.faults import Fault, Obey, Refusal, SimpleFault
from sandbox.fake_openai.rule_based_model.gullible_model import obey
from sandbox.fake_openai.rule_based_model.model import respond
from sandbox.fake_openai.rule_based_model.schema_filler import UnfillableError
from sandbox.fake_openai.rule_based_model.small_model import blunder
from sandbox.fake_openai.turn import Answer, Turn
from sandbox.fake_openai.usage import count_tokens, truncate


def answer_turn(turn: Turn, fault: Fault | None, *, obedient: bool = False, small: bool = False) -> Answer:
    """Return the answer to send. Raises ApiError (400) for a schema that the model cannot fill.

    `obedient`: the model follows every instruction in the conversation. `small`: it is a bad small model.
    """
    if (answer := _without_model(fault)) is not None:
        return answer
    return _from_model(_model_text(turn, obedient=obedient, small=small), turn, fault)


def _without_model(fault: Fault | None) -> Answer | None:
    match fault:
        case Refusal(message=message):
            return Answer(refusal=message)
        case SimpleFault(kind="empty"):
            return Answer(empty=True)
        case Obey(answer=str(text)):
            return Answer(text=text)
        case Obey(answer=dict(value)):
            return Answer(text=json.dumps(value, ensure_ascii=False))
    return None


def _from_model(text: str, turn: Turn, fault: Fault | None) -> Answer:
    match fault:
        case Obey(fields=fields):
            return Answer(text=_replace_fields(text, fields))
        case SimpleFault(kind="truncated"):
            return Answer(text=text[: len(text) // 2], cut=True)
        case SimpleFault(kind="malformed_json"):
            # Without quotes and braces: a reader that repairs JSON must not find the answer.
            return Answer(text="Here is the answer:\n" + re.sub('[{}"]', "", text))
    return _limit(text, turn.max_output_tokens)


def _model_text(turn: Turn, *, obedient: bool, small: bool) -> str:
    try:
        usual = respond(turn)
    except UnfillableError as problem:
        message = f"Invalid schema for response_format '{turn.format.name}': {problem}."
        raise ApiError(400, message, code="invalid_json_schema") from problem
    if small:
        return _replace_fields(usual, blunder(turn.messages, usual))
    if not obedient:
        return usual
    fields = obey([message.text for message in turn.messages if message.role == "user"], turn.instructions)
    known = {name: value for name, value in fields.items() if f'"{name}":' in usual}
    return _replace_fields(usual, known)


def _replace_fields(text: str, fields: dict[str, object]) -> str:
    try:
        usual = json.loads(text)
    except ValueError:
        return str(fields.get("text", text))
    return json.dumps({**usual, **fields}, ensure_ascii=False)


def _limit(text: str, limit: int | None) -> Answer:
    if limit is None or count_tokens(text) <= limit:
        return Answer(text=text)
    return Answer(text=truncate(text, limit), cut=True)
