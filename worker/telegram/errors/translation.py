"""Translates errors of pyrogram and the network into the errors of the Telegram port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, assert_never

from pyrogram import errors as tg

from worker.domain.telegram_port import (
    AccountRestrictedError,
    CannotWriteError,
    PaymentRequiredError,
    PeerFloodError,
    PeerNotFoundError,
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
    UnexplainedRefusalError,
)
from worker.telegram.errors.classes import ErrorClass, Meaning, classify
from worker.telegram.errors.texts import BANNED

# Kurigram writes unknown errors to this file in the working folder, which is read-only in a container.
_UNKNOWN_ERRORS = "unknown_errors.txt"
# The value of an error that Kurigram does not know: `[400 SOMETHING_NEW]`.
_UNKNOWN_VALUE = re.compile(r"\[-?[0-9]+ (.*)\]")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the port's errors in place of those of pyrogram and the network."""
    try:
        yield
    except tg.RPCError as error:
        raise _translate(error) from error
    except (TimeoutError, OSError) as error:
        if getattr(error, "filename", None) == _UNKNOWN_ERRORS:
            raise UnexplainedRefusalError(
                "Telegram refused with an error that Kurigram does not know"
            ) from error
        raise TelegramUnavailableError(f"Telegram does not answer: {type(error).__name__}") from error


def error_message(error: tg.RPCError) -> str:
    """Return the error as Telegram sent it, such as FLOOD_WAIT_30 or SOMETHING_NEW."""
    if (unknown := _UNKNOWN_VALUE.fullmatch(str(error.value))) is not None:
        return unknown[1]
    name = str(error.ID or error.NAME or error.CODE)
    return name if error.value is None else re.sub(r"_X\b|_X(?=MIN)", f"_{error.value}", name)


def error_code(error: tg.RPCError) -> int:
    """Return the code that Telegram sent; Kurigram has no class for some codes."""
    sent = re.match(r"\[-?([0-9]+) ", str(error.value))
    return int(sent[1]) if sent else int(error.CODE or 0)


def _translate(error: tg.RPCError) -> TelegramError:
    message = error_message(error)
    # Kurigram knows the 406 error only without the number of Stars.
    if "ALLOW_PAYMENT_REQUIRED" in message:
        return PaymentRequiredError(_stars(message))
    return _error_of(classify(error_code(error), message), message)


def _error_of(meaning: Meaning, message: str) -> TelegramError:
    match meaning.kind:
        case ErrorClass.SESSION:
            return SessionRevokedError(meaning.text, state="banned" if message in BANNED else "needs_login")
        case ErrorClass.ACCOUNT:
            return AccountRestrictedError(meaning.text)
        case ErrorClass.STRANGERS:
            return PeerFloodError(meaning.text)
        case ErrorClass.PERSON:
            return CannotWriteError(meaning.text)
        case ErrorClass.NOT_FOUND:
            return PeerNotFoundError(meaning.text)
        case ErrorClass.WAIT:
            return RateLimitedError(max(meaning.wait, timedelta(seconds=1)))
        case ErrorClass.TROUBLE:
            return TelegramUnavailableError(meaning.text)
        case ErrorClass.UNEXPLAINED:
            return UnexplainedRefusalError(meaning.text)
        case ErrorClass.RETRY:
            return TelegramError(meaning.text)
        case _:
            assert_never(meaning.kind)


def _stars(message: str) -> int:
    """Return the number of Telegram Stars; 0 if the error does not name it."""
    digits = re.search(r"_([0-9]+)$", message)
    return int(digits[1]) if digits else 0


def method_name(query: Any) -> str:
    """Return the method's name as in Telegram's documentation, such as contacts.resolveUsername."""
    area, _, name = str(query.QUALNAME).removeprefix("functions.").rpartition(".")
    name = name[:1].lower() + name[1:]
    return f"{area}.{name}" if area else name
