"""Making the answer of a turn: the stand-in's words, bent by a fault where one is due."""

import json

from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.faults import Empty, Fault, MalformedJson, Obey, Refusal, Truncated
from sandbox.fake_openai.rule_based_model.gullible_model import obey
from sandbox.fake_openai.rule_based_model.model import respond
from sandbox.fake_openai.rule_based_model.schema_filler import UnfillableError
from sandbox.fake_openai.turn import Answer, Turn
from sandbox.fake_openai.usage import count_tokens, truncate


def answer_turn(turn: Turn, fault: Fault | None, *, obedient: bool = False) -> Answer:
    """The answer to send. Raises ApiError (400) for a schema that the stand-in cannot fill.

    `obedient`: whatever is demanded in the conversation is done.
    """
    return _without_model(fault) or _from_model(_stand_in(turn, obedient=obedient), turn, fault)


def _without_model(fault: Fault | None) -> Answer | None:
    match fault:
        case Refusal(message=message):
            return Answer(refusal=message)
        case Empty():
            return Answer(empty=True)
        case Obey(answer=str(text)):
            return Answer(text=text)
        case Obey(answer=dict(value)):
            return Answer(text=json.dumps(value, ensure_ascii=False))
    return None


def _from_model(text: str, turn: Turn, fault: Fault | None) -> Answer:
    match fault:
        case Obey(fields=fields):
            return Answer(text=_overwritten(text, fields))
        case Truncated():
            return Answer(text=text[: len(text) // 2], cut=True)
        case MalformedJson():
            return Answer(text=f"Here is the answer:\n{text[:-1]},")
    return _limited(text, turn.max_output_tokens)


def _stand_in(turn: Turn, *, obedient: bool) -> str:
    try:
        usual = respond(turn)
    except UnfillableError as problem:
        message = f"Invalid schema for response_format '{turn.format.name}': {problem}."
        raise ApiError(400, message, code="invalid_json_schema") from problem
    if not obedient:
        return usual
    fields = obey([message.text for message in turn.messages if message.role == "user"], turn.instructions)
    known = {name: value for name, value in fields.items() if f'"{name}":' in usual}
    return _overwritten(usual, known)


def _overwritten(text: str, fields: dict[str, object]) -> str:
    try:
        usual = json.loads(text)
    except ValueError:
        return str(fields.get("text", text))
    return json.dumps({**usual, **fields}, ensure_ascii=False)


def _limited(text: str, limit: int | None) -> Answer:
    if limit is None or count_tokens(text) <= limit:
        return Answer(text=text)
    return Answer(text=truncate(text, limit), cut=True)
