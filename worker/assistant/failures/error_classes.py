"""Classifies failed calls by what providers say: codes, types and words first, the HTTP status last. Pure.

The words are in error_words.py.
"""

import re
from enum import StrEnum

from worker.assistant.failures import error_words
from worker.assistant.failures.error_bodies import ErrorBody


class FailureKind(StrEnum):
    """Whom or what a failed call concerns."""

    # These messages: the same call fails again, for this person only.
    INPUT = "input"
    # This lead: the call is tried again and counted.
    LEAD = "lead"
    # Everybody, until the owner acts.
    KEY = "key"
    MONEY = "money"
    COUNTRY = "country"
    MODEL = "model"
    WIRE_FORM = "wire form"
    # Everybody, for some time.
    RATE = "rate"
    OUTAGE = "outage"
    # No answer in time: this lead, unless others get none either.
    SLOW = "slow"


# Accounts and keys are named by these; "not allowed" may be about anything.
_NAMES_KEY = re.compile(r"api[ _-]?key|permission|\btoken\b|credential")
_KEY_STATUSES = frozenset({200, 400, 403, 404, 422, 500, 502, 503})
_FORM_STATUSES = frozenset({200, 400, 404, 405, 415, 422, 500, 501})


def _has(pattern: re.Pattern[str], words: str) -> bool:
    return pattern.search(words) is not None


def classify(status: int, body: ErrorBody, *, asks_to_wait: bool = False) -> FailureKind:
    """Return the kind of a failed call; `asks_to_wait`: the answer says when to try again.

    `status` is the HTTP status. A code in the body counts instead if the status says no more than success,
    a bad request or a broken server: proxies answer 200, 400 or 500 for whatever they got.
    """
    if body.code is not None and status in {200, 400, 500, 502}:
        status = body.code
    return (
        _account(status, body.words, asks_to_wait=asks_to_wait)
        or _request(status, body.words)
        or _by_status(status, body)
    )


def is_vague(kind: FailureKind, status: int, words: str) -> bool:
    """Return True if a refusal of the account or country is only a guess: its words do not name them."""
    if kind is FailureKind.COUNTRY:
        return not _has(error_words.COUNTRY, words)
    named = (_NAMES_KEY, error_words.KEY, error_words.ACCOUNT_CLOSED)
    return kind is FailureKind.KEY and status == 403 and not any(_has(pattern, words) for pattern in named)


def _account(status: int, words: str, *, asks_to_wait: bool) -> FailureKind | None:
    """Return the kind of a failure that concerns the account, or a rate limit; None for others."""
    is_unpaid = _has(error_words.UNPAID, words)
    if _has(error_words.ACCOUNT_CLOSED, words) and not is_unpaid:
        return FailureKind.KEY
    if status == 402 or is_unpaid or _has(error_words.MONEY_CODES, words):
        return FailureKind.MONEY
    if status == 429 and not _has(error_words.TOO_LONG, words):
        is_limit = asks_to_wait or _has(error_words.RATE, words) or not _has(error_words.LOOSE_MONEY, words)
        return FailureKind.RATE if is_limit else FailureKind.MONEY
    if _has(error_words.COUNTRY, words) or _has(error_words.BLOCKED, words):
        return FailureKind.COUNTRY
    if status in {401, 407}:
        return FailureKind.KEY
    return None


def _request(status: int, words: str) -> FailureKind | None:
    """Return the kind of a failure that concerns the request: its content, its form or its model."""
    # The provider's own service of keys or filters is down: neither our key nor a text is at fault.
    is_overload = status >= 500 and _has(error_words.OVERLOAD, words)
    if status == 413 or _has(error_words.TOO_LONG, words):
        return FailureKind.INPUT
    if _has(error_words.FILTER, words) and not is_overload:
        return FailureKind.INPUT
    if _has(error_words.KEY, words) and status in _KEY_STATUSES and not is_overload:
        return FailureKind.KEY
    if status in _FORM_STATUSES and _has(error_words.FORM, words):
        return FailureKind.WIRE_FORM
    if _has(error_words.MODEL, words):
        return FailureKind.MODEL
    return FailureKind.RATE if _has(error_words.RATE, words) else None


def _by_status(status: int, body: ErrorBody) -> FailureKind:
    if status in {404, 405, 501}:
        return FailureKind.WIRE_FORM
    if status == 403:
        if _has(error_words.LOOSE_MONEY, body.words):
            return FailureKind.MONEY
        return FailureKind.KEY if _has(error_words.FORBIDDEN, body.words) else FailureKind.COUNTRY
    if status == 408:
        return FailureKind.SLOW
    if status < 400 or status >= 500 or status in {409, 425, 499}:
        return FailureKind.OUTAGE
    return FailureKind.OUTAGE if _has(error_words.OVERLOAD, body.words) else FailureKind.LEAD
