"""Answers a lead's messages: the intent, the language and the text to send."""

import re
from dataclasses import dataclass, replace
from typing import assert_never

from sandbox.fake_openai.rule_based_model.conversation import (
    NEW_REQUEST,
    is_unconfirmed,
    last_messages,
    new_requests,
)
from sandbox.fake_openai.rule_based_model.greeting import snippet
from sandbox.fake_openai.rule_based_model.intent import (
    Intent,
    classify,
    classify_confirmation,
    wants_human,
    wants_quiet,
)
from sandbox.fake_openai.rule_based_model.knowledge import find_answer
from sandbox.fake_openai.rule_based_model.wishes import find_wish
from sandbox.fake_openai.rule_based_model.words.dates import parse_requested_time, read_local_time
from sandbox.fake_openai.rule_based_model.words.language import Language, first_known
from sandbox.fake_openai.rule_based_model.words.marks import words_of
from sandbox.fake_openai.rule_based_model.words.phrases import (
    ACCEPTED,
    NAMED_IN_FORM,
    NOTED,
    OFFER,
    ORIGIN,
    REJECTED,
    UNCLEAR,
    UNKNOWN,
    pick,
)
from sandbox.fake_openai.turn import Message

ASKS_ORIGIN = re.compile(
    r"откуда\b.{0,30}\b(?:номер|контакт|телефон|ник)|where did you get|how did you get my", re.IGNORECASE
)


@dataclass(frozen=True)
class Reply:
    """A verdict about the lead's last messages."""

    intent: Intent
    language: Language
    text: str
    said: str
    source: str | None
    wants_human: bool
    wants_quiet: bool
    wish: str = "none"
    # Local time of the lead, as in ISO 8601 without an offset.
    write_at: str | None = None


def reply(messages: list[Message], instructions: str) -> Reply:
    """Classify the last messages of a conversation and answer them in their language."""
    return _with_wish(_classified(messages, instructions), messages)


def _with_wish(verdict: Reply, messages: list[Message]) -> Reply:
    users = [message.text for message in messages if message.role == "user"]
    now = read_local_time(users[-1]) if users else None
    moment = parse_requested_time(verdict.said, now) if now is not None else None
    wish = find_wish(verdict.said, verdict.intent, names_time=moment is not None)
    write_at = f"{moment:%Y-%m-%dT%H:%M}" if moment is not None and wish == "write_later" else None
    return replace(verdict, wish=wish, write_at=write_at)


def _classified(messages: list[Message], instructions: str) -> Reply:
    received = last_messages(messages)
    said, forms = NEW_REQUEST.sub("", received).strip(), new_requests(received)
    if forms and not said:
        return _reply_to_forms(forms)
    said = words_of(said)
    earlier = [words_of(message.text) for message in reversed(messages) if message.role == "user"]
    language = first_known([said, *earlier])
    if is_unconfirmed(messages):
        return _reply_to_unconfirmed(said, language, instructions)
    intent = classify(said)
    asked = intent == "question" or (intent == "accept" and "?" in said)
    source = (_origin(said, language) or find_answer(said, instructions, language)) if asked else None
    text = " ".join([*_acknowledge(forms, language), _text(intent, language, said, source)])
    return Reply(intent, language, text, said, source, wants_human(said), wants_quiet(said))


def _reply_to_unconfirmed(said: str, language: Language, instructions: str) -> Reply:
    """Reply to a lead who was only asked whether they left a request: no call is offered."""
    intent = classify_confirmation(said)
    source = None
    if intent == "question":
        asks_origin = ASKS_ORIGIN.search(said) is not None
        source = NAMED_IN_FORM[language] if asks_origin else find_answer(said, instructions, language)
        text = _sentence(source) if source else pick(UNKNOWN[language], said)
    else:
        text = _text(intent, language, said, None)
    return Reply(intent, language, text, said, source, wants_human(said), wants_quiet(said))


def _reply_to_forms(forms: list[str]) -> Reply:
    language = first_known(forms)
    text = " ".join(_acknowledge(forms, language))
    return Reply("question", language, text, "", None, wants_human=False, wants_quiet=False)


def _acknowledge(forms: list[str], language: Language) -> list[str]:
    marks = ": «{}»" if language == "ru" else ": “{}”"
    topics = [marks.format(said) if (said := snippet(form)) else "" for form in forms]
    return [pick(NOTED[language], topic).format(topic=topic) for topic in topics]


def _text(intent: Intent, language: Language, said: str, source: str | None) -> str:
    match intent:
        case "accept":
            answered = [_sentence(source)] if source else []
            return " ".join([*answered, pick(ACCEPTED[language], said)])
        case "reject":
            return pick(REJECTED[language], said)
        case "ambiguous":
            return pick(UNCLEAR[language], said)
        case "question":
            answer = _sentence(source) if source else pick(UNKNOWN[language], said)
            return f"{answer} {pick(OFFER[language], said)}"
    assert_never(intent)


def _origin(said: str, language: Language) -> str | None:
    """Return where the contact came from, if the lead asks that."""
    return ORIGIN[language] if ASKS_ORIGIN.search(said) else None


def _sentence(text: str) -> str:
    return text if text[-1] in ".!?…" else f"{text}."
