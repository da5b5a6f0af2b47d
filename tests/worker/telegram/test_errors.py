"""Every error of Telegram that the worker knows, translated into an error of the port."""

import errno
from datetime import timedelta

import pytest
from pyrogram import errors, raw

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
)
from worker.telegram.errors.texts import SIGN_IN
from worker.telegram.errors.translation import translate_errors

EXPECTED = [
    (403, "USER_PRIVACY_RESTRICTED", CannotWriteError, "privacy settings"),
    (403, "PRIVACY_PREMIUM_REQUIRED", CannotWriteError, "Premium"),
    (406, "PRIVACY_PREMIUM_REQUIRED", CannotWriteError, "Premium"),
    (403, "ALLOW_PAYMENT_REQUIRED_100", PaymentRequiredError, "Stars"),
    (406, "ALLOW_PAYMENT_REQUIRED", PaymentRequiredError, "Stars"),
    (406, "ALLOW_PAYMENT_REQUIRED_100", PaymentRequiredError, "Stars"),
    (400, "USER_IS_BLOCKED", CannotWriteError, "blocked this account"),
    (403, "USER_IS_BLOCKED", CannotWriteError, "blocked this account"),
    (400, "USER_BLOCKED", CannotWriteError, "blocked this account"),
    (400, "YOU_BLOCKED_USER", CannotWriteError, "this account has blocked them"),
    (400, "INPUT_USER_DEACTIVATED", CannotWriteError, "deleted"),
    (400, "PEER_ID_INVALID", CannotWriteError, "no longer knows"),
    (400, "USER_ID_INVALID", CannotWriteError, "no longer knows"),
    (403, "CHAT_WRITE_FORBIDDEN", CannotWriteError, "does not let this account write"),
    (400, "USER_IS_BOT", CannotWriteError, "bot"),
    (400, "USERNAME_NOT_OCCUPIED", PeerNotFoundError, "nobody has this username"),
    (400, "USERNAME_INVALID", PeerNotFoundError, "no username"),
    (400, "PHONE_NOT_OCCUPIED", PeerNotFoundError, "by this phone"),
    (401, "USER_DEACTIVATED_BAN", SessionRevokedError, "banned"),
    (401, "USER_DEACTIVATED", SessionRevokedError, "deleted"),
    (406, "AUTH_KEY_DUPLICATED", SessionRevokedError, SIGN_IN),
    (401, "AUTH_KEY_UNREGISTERED", SessionRevokedError, SIGN_IN),
    (401, "SESSION_REVOKED", SessionRevokedError, SIGN_IN),
    (401, "SESSION_EXPIRED", SessionRevokedError, SIGN_IN),
    (400, "PEER_FLOOD", PeerFloodError, "no strangers"),
    (420, "FROZEN_METHOD_INVALID", AccountRestrictedError, "frozen"),
    (420, "FLOOD_WAIT_30", RateLimitedError, "30 s"),
    (420, "FLOOD_PREMIUM_WAIT_7", RateLimitedError, "7 s"),
    (420, "SLOWMODE_WAIT_12", RateLimitedError, "12 s"),
    (500, "RPC_CALL_FAIL", TelegramUnavailableError, "RPC_CALL_FAIL"),
    (503, "TIMEOUT", TelegramUnavailableError, "trouble"),
    (500, "SOMETHING_NEW", TelegramUnavailableError, "trouble"),
    (400, "MESSAGE_TOO_LONG", TelegramError, "MESSAGE_TOO_LONG"),
]


def translate(error: BaseException) -> TelegramError:
    with pytest.raises(TelegramError) as raised, translate_errors():
        raise error
    assert raised.value.__cause__ is error
    return raised.value


def rpc(code: int, message: str) -> errors.RPCError:
    """Return the error that Kurigram raises for this answer."""
    answer = raw.types.RpcError(error_code=code, error_message=message)
    with pytest.raises(errors.RPCError) as raised:
        errors.RPCError.raise_it(answer, raw.functions.messages.SendMessage)
    return raised.value


@pytest.mark.parametrize(("code", "message", "kind", "text"), EXPECTED)
def test_every_known_error(code: int, message: str, kind: type[TelegramError], text: str) -> None:
    error = translate(rpc(code, message))
    assert type(error) is kind
    assert text in str(error)


@pytest.mark.parametrize(
    ("message", "seconds"), [("FLOOD_WAIT_64800", 64800), ("FLOOD_WAIT_1", 1), ("SLOWMODE_WAIT_5", 5)]
)
def test_a_flood_wait_has_its_seconds(message: str, seconds: int) -> None:
    error = translate(rpc(420, message))
    assert isinstance(error, RateLimitedError)
    assert error.wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("code", "message", "state"),
    [
        (401, "USER_DEACTIVATED_BAN", "banned"),
        (401, "USER_DEACTIVATED", "banned"),
        (401, "SESSION_REVOKED", "needs_login"),
        (406, "AUTH_KEY_DUPLICATED", "needs_login"),
    ],
)
def test_the_state_of_the_account_after_an_error(code: int, message: str, state: str) -> None:
    error = translate(rpc(code, message))
    assert isinstance(error, SessionRevokedError)
    assert error.state == state


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), OSError(), BrokenPipeError()])
def test_network_errors_are_unavailable(error: OSError) -> None:
    assert type(translate(error)) is TelegramUnavailableError


def test_other_exceptions_are_not_translated() -> None:
    with pytest.raises(KeyError), translate_errors():
        raise KeyError


def test_an_error_that_kurigram_cannot_write_down_is_not_an_outage() -> None:
    # Kurigram writes unknown errors to a file, and the folder of a container is read-only.
    with pytest.raises(TelegramError) as caught, translate_errors():
        raise OSError(errno.EROFS, "Read-only file system", "unknown_errors.txt")
    assert not isinstance(caught.value, TelegramUnavailableError)
