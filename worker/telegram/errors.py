"""Translates errors of pyrogram and the network into the errors of the Telegram port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pyrogram import errors as tg

from worker.domain.telegram_port import (
    CannotWriteError,
    PaymentRequiredError,
    PeerFloodError,
    PeerNotFoundError,
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.telegram.contact_requirements import PREMIUM_ONLY

# Kurigram writes unknown errors to this file in the working folder, which is read-only in a container.
_UNKNOWN_ERRORS = "unknown_errors.txt"

SIGN_IN = "sign the account in again: python -m worker login"

# Permanent refusals, with the text for the operator.
_CANNOT_WRITE: dict[type[tg.RPCError], str] = {
    tg.UserPrivacyRestricted: "their privacy settings do not let strangers write",
    tg.PrivacyPremiumRequired: PREMIUM_ONLY,
    tg.UserIsBlocked: "they have blocked this account",
    tg.UserBlocked: "they have blocked this account",
    tg.YouBlockedUser: "this account has blocked them",
    tg.InputUserDeactivated: "their Telegram account is deleted",
    tg.PeerIdInvalid: "Telegram no longer knows this person",
    tg.UserIdInvalid: "Telegram no longer knows this person",
    tg.ChatWriteForbidden: "Telegram does not let this account write to them",
    tg.UserIsBot: "this is a bot",
}
_PEER_NOT_FOUND: dict[type[tg.RPCError], str] = {
    tg.UsernameNotOccupied: "nobody has this username",
    tg.UsernameInvalid: "this is no username that Telegram allows",
    tg.PhoneNotOccupied: "no Telegram account can be found by this phone",
}
_SESSION_REVOKED: dict[type[tg.RPCError], tuple[str, str]] = {
    tg.UserDeactivatedBan: ("banned", "Telegram has banned this account; write to recover@telegram.org"),
    tg.UserDeactivated: ("banned", "this Telegram account is deleted"),
    tg.AuthKeyDuplicated: (
        "needs_login",
        f"this session was used in two places at once and Telegram has ended it; {SIGN_IN}",
    ),
    tg.Unauthorized: ("needs_login", f"Telegram has ended this session; {SIGN_IN}"),
}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the port's errors in place of those of pyrogram and the network."""
    try:
        yield
    except tg.RPCError as error:
        raise _translate(error) from error
    except (TimeoutError, OSError) as error:
        if getattr(error, "filename", None) == _UNKNOWN_ERRORS:
            raise TelegramError("Telegram refused with an error that Kurigram does not know") from error
        raise TelegramUnavailableError(f"Telegram does not answer: {type(error).__name__}") from error


def _translate(error: tg.RPCError) -> TelegramError:
    return _translate_permanent(error) or _translate_temporary(error)


def _translate_permanent(error: tg.RPCError) -> TelegramError | None:
    """Translate an error that waiting does not change; None for other errors."""
    for kind, (state, text) in _SESSION_REVOKED.items():
        if isinstance(error, kind):
            return SessionRevokedError(text, state=state)
    # Kurigram knows the 406 error only without the number of Stars.
    if isinstance(error, tg.AllowPaymentRequired) or "ALLOW_PAYMENT_REQUIRED" in str(error.value):
        return PaymentRequiredError(_number(error.value))
    for kind, text in _CANNOT_WRITE.items():
        if isinstance(error, kind):
            return CannotWriteError(text)
    for kind, text in _PEER_NOT_FOUND.items():
        if isinstance(error, kind):
            return PeerNotFoundError(text)
    return None


def _number(value: object) -> int:
    """Return the number in an error's value (0 if there is none).

    The value is the number alone, or the message of an unknown error, which ends with the number.
    """
    digits = re.search(r"(?:^|_)([0-9]+)(?:$|[^0-9A-Z_])", str(value))
    return int(digits[1]) if digits else 0


def _translate_temporary(error: tg.RPCError) -> TelegramError:
    match error:
        case tg.PeerFlood():
            return PeerFloodError("Telegram lets this account write to no strangers for now")
        case tg.FrozenMethodInvalid():
            return PeerFloodError("Telegram has frozen this account: its owner may appeal to @SpamBot")
        case tg.FloodWait() | tg.FloodPremiumWait() | tg.SlowmodeWait():
            return RateLimitedError(timedelta(seconds=int(error.value or 1)))
        case tg.InternalServerError() | tg.ServiceUnavailable():
            return TelegramUnavailableError(f"Telegram is in trouble: {error.ID or error.NAME}")
        case _:
            return TelegramError(f"Telegram refused: {error.ID or error.value or error.NAME}")
