"""Splits a text into sentences, and tells what they deny and what they leave open. Pure."""

import re

from worker.assistant.guardrails.text_normalization import search_form

_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…\n](?=\d))?[^.!?…\n]*[.!?…\n]?")
_LETTER = re.compile(r"[^\W\d_]")
# What the sentence says is not so.
_NEGATED = re.compile(
    r"\b(?:не|нет|нету|ни|нельзя|no|not|none|never|cannot|unfortunately)\b|n't\b|\bк сожалению\b"
)
# The sentence leaves its subject to a colleague who knows, to a later talk, or to the contact.
_DEFERRED = re.compile(
    r"\b(?:обсуд|обговор|расскаж|рассказ|ответ[яи]|отвеч|уточн|узна|подскаж|спрос|вопрос|завис|объясн|проконсульт"
    r"|переда[мдюе]|подбер|посмотр|проясн|скаж|назов|рассчит|посчит|оцен|понима|понял|поняла|важн|интерес|учт|учет"
    r"|discuss|talk|tell|say|ask|answer|clarif|question|depend|explain|check with|understand|note|look into"
    r"|go (?:through|over)|find out|pass on|take into|consider)\w*"
)


def split(text: str) -> list[str]:
    """Return the sentences of a text in its search form, each with its closing sign."""
    parts = _SENTENCE.findall(search_form(text).replace("’", "'"))
    return [part.strip() for part in parts if _LETTER.search(part)]


def is_negated(clause: str) -> bool:
    """Return True if the clause says that something is not so."""
    return _NEGATED.search(clause) is not None


def is_left_open(sentence: str) -> bool:
    """Return True if the sentence leaves its subject to a talk, to another person, or to the contact."""
    return _DEFERRED.search(sentence) is not None
