"""Classifies a message: the lead accepts, rejects, asks a question, or is ambiguous."""

import re
from collections.abc import Callable
from typing import Literal

from sandbox.fake_openai.rule_based_model.words import intent_phrases
from sandbox.fake_openai.rule_based_model.words.language import without_links
from sandbox.fake_openai.rule_based_model.words.marks import words_of
from sandbox.fake_openai.rule_based_model.words.stemming import normal

Intent = Literal["accept", "reject", "question", "ambiguous"]
# How many words before a yes are searched for a "not".
NEGATION_REACH = 2
CLAUSE_END = re.compile(r"[.,!;:\n—–()]+|\?+| - | (?:но|а|but|and then|however|зато|поэтому) ")


def classify(text: str) -> Intent:
    """Return the intent of a Russian or English message of one or more lines."""
    said = normal(without_links(words_of(text)))
    said = intent_phrases.NEITHER.sub(" ", intent_phrases.YES_BY_NEGATION.sub(" да ", said))
    return next((intent for intent, matches in RULES if matches(said)), "ambiguous")


def classify_confirmation(text: str) -> Intent:
    """Return the intent of the answer to the question whether the lead left a request: a yes accepts."""
    said = normal(without_links(words_of(text)))
    denies = intent_phrases.DENIAL.search(said) or _rejects(said) or _is_plain_no(said)
    if denies:
        return "reject"
    if _affirms(said, intent_phrases.CONFIRMATION) or _affirms(said, intent_phrases.ACCEPT):
        return "accept"
    return "question" if asks_question(said) else "ambiguous"


def clauses(text: str) -> list[str]:
    """Split a text at punctuation and contrasting conjunctions."""
    return [part for piece in CLAUSE_END.split(f" {text} ") if (part := piece.strip())]


def asks_question(text: str) -> bool:
    """True if a normalised text contains a question that a company could answer."""
    for sentence in re.findall(r"[^.!?\n]*\?", text):
        if not intent_phrases.VACUOUS.fullmatch(re.sub(r"[^\w\s]+", "", sentence).strip()):
            return True
    return any(
        intent_phrases.QUESTION.search(clause) and not intent_phrases.VACUOUS.fullmatch(clause)
        for clause in clauses(text)
    )


def wants_human(text: str) -> bool:
    """True if the lead asks for a human."""
    return intent_phrases.HUMAN.search(normal(words_of(text))) is not None


def wants_quiet(text: str) -> bool:
    """True if the lead asks not to be contacted again."""
    # "Do not call, write here" is not such a request.
    return classify(text) == "reject" and intent_phrases.QUIET.search(normal(words_of(text))) is not None


def _affirms(text: str, pattern: re.Pattern[str]) -> bool:
    return any(_is_affirmed(clause, pattern) for clause in clauses(text))


def _is_affirmed(clause: str, pattern: re.Pattern[str]) -> bool:
    for found in pattern.finditer(clause):
        before = " ".join(clause[: found.start()].split()[-NEGATION_REACH:])
        if not intent_phrases.NEGATION.search(before):
            return True
    return False


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda said: pattern.search(said) is not None


def _is_hedged(said: str) -> bool:
    hedged = intent_phrases.HEDGE.search(said) is not None
    return hedged or (_is_not_now(said) and not _names_a_time(said))


def _is_plain_no(said: str) -> bool:
    return any(intent_phrases.BARE_NO.fullmatch(clause) for clause in clauses(said))


_prefers_writing = _matches(intent_phrases.PREFERS_WRITING)
_rejects = _matches(intent_phrases.REJECT)
_is_not_now = _matches(intent_phrases.NOT_NOW)
_names_a_time = _matches(intent_phrases.TIME)

# The first rule that matches decides. A clear yes wins over a question, a question over a bare "no" or "ok".
RULES: tuple[tuple[Intent, Callable[[str], bool]], ...] = (
    ("question", lambda said: _prefers_writing(said) and asks_question(said)),
    ("ambiguous", _prefers_writing),
    ("reject", _rejects),
    ("ambiguous", lambda said: _affirms(said, intent_phrases.ACCEPT) and _is_hedged(said)),
    ("accept", lambda said: _affirms(said, intent_phrases.ACCEPT)),
    ("question", asks_question),
    ("reject", _is_plain_no),
    ("accept", lambda said: _affirms(said, intent_phrases.WEAK_ACCEPT) and not _is_hedged(said)),
)
