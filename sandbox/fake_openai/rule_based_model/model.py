"""The rule-based model: turns a request into the text of its answer."""

import json
from collections.abc import Iterable, Sequence

from sandbox.fake_openai.rule_based_model.conversation import Lead, read_lead
from sandbox.fake_openai.rule_based_model.greeting import greet, language_of
from sandbox.fake_openai.rule_based_model.reply import Reply, reply
from sandbox.fake_openai.rule_based_model.schema_filler import Filler
from sandbox.fake_openai.rule_based_model.words.language import NAMES
from sandbox.fake_openai.strict_schema import resolve
from sandbox.fake_openai.turn import Message, Schema, Turn

TEXT_NAMES = ("text", "reply", "answer", "message", "greeting", "response", "content", "body")
LANGUAGE_NAMES = ("language", "lang", "locale")
INTENT_NAMES = ("intent", "verdict", "decision", "classification")
SYNONYMS: dict[str, tuple[str, ...]] = {
    "accept": ("accept", "ACCEPT", "accepted", "yes", "positive"),
    "reject": ("reject", "REJECT", "rejected", "no", "negative"),
    "question": ("question", "QUESTION", "ask"),
    "ambiguous": ("ambiguous", "AMBIGUOUS", "unclear", "unknown", "other"),
}
CLEAR_CONFIDENCE, AMBIGUOUS_CONFIDENCE = 0.93, 0.5
# What a plain JSON object has of the known values.
JSON_NAMES = ("intent", "language", "confidence", "wish", "write_at", "text")
Known = dict[str, list[object]]
# The line of a prompt that says that the person has not answered.
SILENCE = "Человек не ответил:"
_FOLLOW_UPS = (
    "Возвращаюсь к нашему разговору. Если вопрос ещё актуален, ответьте, когда будет минутка.",
    "Больше не буду отвлекать. Если захотите вернуться к вопросу, напишите сюда в любое время.",
)


def respond(turn: Turn) -> str:
    """Return the text of the answer: JSON for the schema, a JSON object, or plain text.

    Raises UnfillableError if no value fits the schema.
    """
    schema = turn.format.json_schema
    if turn.format.type == "json_schema" and schema is not None:
        known = _reply_values(turn) if "intent" in property_names(schema) else _values(turn)
        return json.dumps(Filler(schema, known).fill(), ensure_ascii=False)
    if turn.format.type == "json_object":
        known = _reply_values(turn) if "intent" in turn.prompt() else _values(turn)
        chosen = {name: known[name][0] for name in JSON_NAMES if name in known}
        return json.dumps(chosen, ensure_ascii=False)
    return str(_values(turn)["text"][0])


def property_names(node: object, root: Schema | None = None, seen: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of all properties in a schema, following references."""
    if isinstance(node, list):
        return set().union(*(property_names(item, root, seen) for item in node))
    if not isinstance(node, dict):
        return set()
    top = node if root is None else root
    ref = str(node.get("$ref", ""))
    if ref and ref not in seen:
        return property_names(resolve(node, top), top, seen | {ref})
    found = set(node.get("properties", {}))
    parts = [*node.get("properties", {}).values(), node.get("items")]
    for key in ("anyOf", "oneOf", "allOf"):
        parts += node.get(key, [])
    return found | property_names(parts, top, seen)


def _instructions(turn: Turn) -> str:
    system_texts = [message.text for message in turn.messages if message.role in ("system", "developer")]
    return "\n".join([turn.instructions, *system_texts])


def _conversation(turn: Turn) -> list[Message]:
    return [message for message in turn.messages if message.role in ("user", "assistant")]


def _values(turn: Turn) -> Known:
    """Return the values of a greeting if the last message describes a lead, else those of a reply."""
    conversation = _conversation(turn)
    users = [message.text for message in conversation if message.role == "user"]
    if users and SILENCE in users[-1]:
        text = _FOLLOW_UPS["последнее" in users[-1]]
        return _for_names(TEXT_NAMES, [text])
    lead = read_lead(users[-1]) if users else Lead()
    # A lead without name and request is still greeted, unless the conversation has begun.
    has_begun = any(message.role == "assistant" for message in conversation)
    if lead == Lead() and (has_begun or turn.format.type == "text"):
        return _reply_values(turn)
    text, language = greet(lead, _instructions(turn)), language_of(lead)
    return {
        **_for_names(TEXT_NAMES, [text]),
        **_for_names(LANGUAGE_NAMES, NAMES[language]),
        "company": [lead.company],
    }


def _reply_values(turn: Turn) -> Known:
    verdict = reply(_conversation(turn), _instructions(turn))
    confidence = AMBIGUOUS_CONFIDENCE if verdict.intent == "ambiguous" else CLEAR_CONFIDENCE
    return {
        **_for_names(TEXT_NAMES, [verdict.text]),
        **_for_names(INTENT_NAMES, SYNONYMS[verdict.intent]),
        **_for_names(("confidence", "certainty", "score"), [confidence, round(confidence * 100), "high"]),
        **_for_names(LANGUAGE_NAMES, NAMES[verdict.language]),
        **_verdict_values(verdict),
    }


def _verdict_values(verdict: Reply) -> Known:
    sources = [verdict.source] if verdict.source else []
    return {
        **_for_names(
            ("needs_human", "wants_human", "handoff", "hand_off", "escalate"), [verdict.wants_human]
        ),
        "reason": ["asks for a person"] if verdict.wants_human else [None, ""],
        **_for_names(("do_not_contact", "unsubscribe"), [verdict.wants_quiet]),
        **_for_names(("answered", "grounded", "found", "known", "from_profile"), [bool(sources)]),
        **_for_names(("sources", "facts", "quotes"), [sources]),
        **_for_names(("wants_call", "call", "agreed"), [verdict.intent == "accept"]),
        "wish": [verdict.wish],
        "write_at": [verdict.write_at],
        "questions": [[verdict.said] if verdict.intent == "question" else []],
    }


def _for_names(names_of: Iterable[str], candidates: Sequence[object]) -> Known:
    return {name: list(candidates) for name in names_of}
