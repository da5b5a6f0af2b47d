"""The stand-in itself: a turn in, the text of its answer out."""

import json
from collections.abc import Iterable, Sequence

from sandbox.fake_openai.rule_based_model.conversation import Lead, read_lead
from sandbox.fake_openai.rule_based_model.greeting import greet, language_of
from sandbox.fake_openai.rule_based_model.language import NAMES
from sandbox.fake_openai.rule_based_model.reply import Reply, reply
from sandbox.fake_openai.rule_based_model.schema_filler import Filler
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
CERTAIN, UNCERTAIN = 0.93, 0.5
Known = dict[str, list[object]]


def respond(turn: Turn) -> str:
    """The answer's text: JSON after the schema, any JSON object, or plain text.

    Raises UnfillableError when no value fits the schema.
    """
    schema = turn.format.json_schema
    if turn.format.type == "json_schema" and schema is not None:
        known = _reply_values(turn) if "intent" in names(schema) else _values(turn)
        return json.dumps(Filler(schema, known).fill(), ensure_ascii=False)
    if turn.format.type == "json_object":
        known = _reply_values(turn) if "intent" in turn.prompt() else _values(turn)
        chosen = {
            name: known[name][0] for name in ("intent", "language", "confidence", "text") if name in known
        }
        return json.dumps(chosen, ensure_ascii=False)
    return str(_values(turn)["text"][0])


def names(node: object, root: Schema | None = None, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of all properties a schema mentions, references followed."""
    if isinstance(node, list):
        return set().union(*(names(item, root, seen) for item in node))
    if not isinstance(node, dict):
        return set()
    top = node if root is None else root
    ref = str(node.get("$ref", ""))
    if ref and ref not in seen:
        return names(resolve(node, top), top, seen | {ref})
    found = set(node.get("properties", {}))
    parts = [*node.get("properties", {}).values(), node.get("items")]
    for key in ("anyOf", "oneOf", "allOf"):
        parts += node.get(key, [])
    return found | names(parts, top, seen)


def _orders(turn: Turn) -> str:
    inside = [message.text for message in turn.messages if message.role in ("system", "developer")]
    return "\n".join([turn.instructions, *inside])


def _spoken(turn: Turn) -> list[Message]:
    return [message for message in turn.messages if message.role in ("user", "assistant")]


def _values(turn: Turn) -> Known:
    """A greeting when the last message describes a lead, else a reply."""
    spoken = _spoken(turn)
    users = [message.text for message in spoken if message.role == "user"]
    lead = read_lead(users[-1]) if users else Lead()
    # A person without a name and a word is still greeted, unless a conversation is under way.
    under_way = any(message.role == "assistant" for message in spoken)
    if lead == Lead() and (under_way or turn.format.type == "text"):
        return _reply_values(turn)
    text, language = greet(lead, _orders(turn)), language_of(lead)
    return {**_same(TEXT_NAMES, [text]), **_same(LANGUAGE_NAMES, NAMES[language]), "company": [lead.company]}


def _reply_values(turn: Turn) -> Known:
    verdict = reply(_spoken(turn), _orders(turn))
    confidence = UNCERTAIN if verdict.intent == "ambiguous" else CERTAIN
    return {
        **_same(TEXT_NAMES, [verdict.text]),
        **_same(INTENT_NAMES, SYNONYMS[verdict.intent]),
        **_same(("confidence", "certainty", "score"), [confidence, round(confidence * 100), "high"]),
        **_same(LANGUAGE_NAMES, NAMES[verdict.language]),
        **_about(verdict),
    }


def _about(verdict: Reply) -> Known:
    sources = [verdict.source] if verdict.source else []
    return {
        **_same(("needs_human", "wants_human", "handoff", "hand_off", "escalate"), [verdict.wants_human]),
        "reason": ["asks for a person"] if verdict.wants_human else [None, ""],
        **_same(("asks_not_to_be_contacted", "do_not_contact", "unsubscribe"), [verdict.wants_quiet]),
        **_same(("answered", "grounded", "found", "known", "from_profile"), [bool(sources)]),
        **_same(("sources", "facts", "quotes"), [sources]),
        **_same(("wants_call", "call", "agreed"), [verdict.intent == "accept"]),
        "questions": [[verdict.said] if verdict.intent == "question" else []],
    }


def _same(names_of: Iterable[str], candidates: Sequence[object]) -> Known:
    return {name: list(candidates) for name in names_of}
