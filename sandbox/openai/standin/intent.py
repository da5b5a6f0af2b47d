"""Telling from a person's words whether they accept, decline, ask, or leave it open."""

import re
from collections.abc import Callable
from typing import Literal

from sandbox.openai.standin import signals
from sandbox.openai.standin.language import without_links
from sandbox.openai.standin.words import normal

Intent = Literal["accept", "reject", "question", "ambiguous"]
# So many words before a yes may carry the "not" that undoes it.
NEGATION_REACH = 2
CLAUSE_END = re.compile(r"[.,!;:\n—–()]+|\?+| - | (?:но|а|but|and then|however|зато|поэтому) ")


def classify(text: str) -> Intent:
    """The intent of a person's message, Russian or English, of one line or several."""
    said = re.sub(r"\[[^\]]*\]", " ", normal(without_links(text)))
    said = signals.NEITHER.sub(" ", signals.YES_BY_NEGATION.sub(" да ", said))
    return next((intent for intent, holds in RULES if holds(said)), "ambiguous")


def clauses(text: str) -> list[str]:
    """The parts of a text between punctuation and contrasting conjunctions."""
    return [part for piece in CLAUSE_END.split(f" {text} ") if (part := piece.strip())]


def asks(text: str) -> bool:
    """Whether there is a question in a normalised text that a company could answer."""
    for sentence in re.findall(r"[^.!?\n]*\?", text):
        if not signals.VACUOUS.fullmatch(re.sub(r"[^\w\s]+", "", sentence).strip()):
            return True
    return any(
        signals.QUESTION.search(clause) and not signals.VACUOUS.fullmatch(clause) for clause in clauses(text)
    )


def wants_human(text: str) -> bool:
    """Whether the person asks for a human being."""
    return signals.HUMAN.search(normal(text)) is not None


def wants_quiet(text: str) -> bool:
    """Whether the person asks not to be written to any more."""
    # "Do not call, write here" is not that.
    return classify(text) == "reject" and signals.QUIET.search(normal(text)) is not None


def _affirms(text: str, pattern: re.Pattern[str]) -> bool:
    return any(_affirmed(clause, pattern) for clause in clauses(text))


def _affirmed(clause: str, pattern: re.Pattern[str]) -> bool:
    for found in pattern.finditer(clause):
        before = " ".join(clause[: found.start()].split()[-NEGATION_REACH:])
        if not signals.NEGATION.search(before):
            return True
    return False


def _found(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda said: pattern.search(said) is not None


def _hedged(said: str) -> bool:
    hedged = signals.HEDGE.search(said) is not None
    return hedged or (_not_now(said) and not _names_a_time(said))


def _plain_no(said: str) -> bool:
    return any(signals.BARE_NO.fullmatch(clause) for clause in clauses(said))


_rather_in_writing = _found(signals.RATHER_IN_WRITING)
_refuses = _found(signals.REJECT)
_not_now = _found(signals.NOT_NOW)
_names_a_time = _found(signals.TIME)

# The first that holds decides. A clear yes outweighs a question, a question outweighs a bare "no" or "ok".
RULES: tuple[tuple[Intent, Callable[[str], bool]], ...] = (
    ("question", lambda said: _rather_in_writing(said) and asks(said)),
    ("ambiguous", _rather_in_writing),
    ("reject", _refuses),
    ("ambiguous", lambda said: _affirms(said, signals.ACCEPT) and _hedged(said)),
    ("accept", lambda said: _affirms(said, signals.ACCEPT)),
    ("question", asks),
    ("reject", _plain_no),
    ("accept", lambda said: _affirms(said, signals.WEAK_ACCEPT) and not _hedged(said)),
)
