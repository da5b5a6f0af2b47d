"""Telling from a person's words whether they accept, decline, ask, or leave it open."""

import re
from collections.abc import Callable
from typing import Literal

from sandbox.fake_openai.rule_based_model import intent_phrases
from sandbox.fake_openai.rule_based_model.language import without_links
from sandbox.fake_openai.rule_based_model.stemming import normal

Intent = Literal["accept", "reject", "question", "ambiguous"]
# So many words before a yes may carry the "not" that undoes it.
NEGATION_REACH = 2
CLAUSE_END = re.compile(r"[.,!;:\n—–()]+|\?+| - | (?:но|а|but|and then|however|зато|поэтому) ")


def classify(text: str) -> Intent:
    """The intent of a person's message, Russian or English, of one line or several."""
    said = re.sub(r"\[[^\]]*\]", " ", normal(without_links(text)))
    said = intent_phrases.NEITHER.sub(" ", intent_phrases.YES_BY_NEGATION.sub(" да ", said))
    return next((intent for intent, holds in RULES if holds(said)), "ambiguous")


def clauses(text: str) -> list[str]:
    """The parts of a text between punctuation and contrasting conjunctions."""
    return [part for piece in CLAUSE_END.split(f" {text} ") if (part := piece.strip())]


def asks(text: str) -> bool:
    """Whether there is a question in a normalised text that a company could answer."""
    for sentence in re.findall(r"[^.!?\n]*\?", text):
        if not intent_phrases.VACUOUS.fullmatch(re.sub(r"[^\w\s]+", "", sentence).strip()):
            return True
    return any(
        intent_phrases.QUESTION.search(clause) and not intent_phrases.VACUOUS.fullmatch(clause)
        for clause in clauses(text)
    )


def wants_human(text: str) -> bool:
    """Whether the person asks for a human being."""
    return intent_phrases.HUMAN.search(normal(text)) is not None


def wants_quiet(text: str) -> bool:
    """Whether the person asks not to be written to any more."""
    # "Do not call, write here" is not that.
    return classify(text) == "reject" and intent_phrases.QUIET.search(normal(text)) is not None


def _affirms(text: str, pattern: re.Pattern[str]) -> bool:
    return any(_affirmed(clause, pattern) for clause in clauses(text))


def _affirmed(clause: str, pattern: re.Pattern[str]) -> bool:
    for found in pattern.finditer(clause):
        before = " ".join(clause[: found.start()].split()[-NEGATION_REACH:])
        if not intent_phrases.NEGATION.search(before):
            return True
    return False


def _found(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda said: pattern.search(said) is not None


def _hedged(said: str) -> bool:
    hedged = intent_phrases.HEDGE.search(said) is not None
    return hedged or (_not_now(said) and not _names_a_time(said))


def _plain_no(said: str) -> bool:
    return any(intent_phrases.BARE_NO.fullmatch(clause) for clause in clauses(said))


_rather_in_writing = _found(intent_phrases.RATHER_IN_WRITING)
_refuses = _found(intent_phrases.REJECT)
_not_now = _found(intent_phrases.NOT_NOW)
_names_a_time = _found(intent_phrases.TIME)

# The first that holds decides. A clear yes outweighs a question, a question outweighs a bare "no" or "ok".
RULES: tuple[tuple[Intent, Callable[[str], bool]], ...] = (
    ("question", lambda said: _rather_in_writing(said) and asks(said)),
    ("ambiguous", _rather_in_writing),
    ("reject", _refuses),
    ("ambiguous", lambda said: _affirms(said, intent_phrases.ACCEPT) and _hedged(said)),
    ("accept", lambda said: _affirms(said, intent_phrases.ACCEPT)),
    ("question", asks),
    ("reject", _plain_no),
    ("accept", lambda said: _affirms(said, intent_phrases.WEAK_ACCEPT) and not _hedged(said)),
)
