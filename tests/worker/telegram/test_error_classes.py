"""What an error means: by its name, else by its code and its words; and every error of Kurigram's table."""

from datetime import timedelta

import pytest
from pyrogram.errors.exceptions.all import exceptions

from worker.telegram.errors.classes import UNNAMED_WAIT, ErrorClass, classify

ACCOUNT, PERSON, TROUBLE = ErrorClass.ACCOUNT, ErrorClass.PERSON, ErrorClass.TROUBLE
KINDS = [
    (400, "FROZEN_PARTICIPANT_MISSING", ACCOUNT),
    (420, "FROZEN_METHOD_INVALID", ACCOUNT),
    (403, "USER_RESTRICTED", ACCOUNT),
    (406, "USER_RESTRICTED", ACCOUNT),
    (400, "CHAT_RESTRICTED", ACCOUNT),
    (400, "USER_BANNED_IN_CHANNEL", ACCOUNT),
    (403, "USER_BANNED_IN_CHANNEL", ACCOUNT),
    (403, "RECAPTCHA_CHECK_signup__6LdcA", ACCOUNT),
    (400, "PEER_FLOOD", ErrorClass.STRANGERS),
    (403, "USER_PRIVACY_RESTRICTED", PERSON),
    (406, "PRIVACY_PREMIUM_REQUIRED", PERSON),
    (400, "YOU_BLOCKED_USER", PERSON),
    (400, "PHONE_NOT_OCCUPIED", ErrorClass.NOT_FOUND),
    (406, "PHONE_NUMBER_INVALID", ErrorClass.NOT_FOUND),
    (400, "MESSAGE_TOO_LONG", ErrorClass.RETRY),
    (401, "SESSION_REVOKED", ErrorClass.SESSION),
    (401, "SOMETHING_NEW", ErrorClass.SESSION),
    (406, "AUTH_KEY_DUPLICATED", ErrorClass.SESSION),
    (303, "USER_MIGRATE_4", TROUBLE),
    (401, "AUTH_KEY_PERM_EMPTY", TROUBLE),
    (500, "USER_PRIVACY_RESTRICTED", TROUBLE),
    (-503, "Timeout", TROUBLE),
    (999, "SESSION_REVOKED", TROUBLE),
    (400, "SESSION_REVOKED", ErrorClass.UNEXPLAINED),
    (400, "CONNECTION_NOT_INITED", TROUBLE),
    # Names that no table has.
    (400, "FROZEN_SOMETHING", ACCOUNT),
    (406, "ACCOUNT_TEMPORARILY_SUSPENDED", TROUBLE),
    (403, "ACCOUNT_SUSPENDED", ACCOUNT),
    (403, "NEW_PRIVACY_RULE", PERSON),
    (400, "SOMETHING_NEW", ErrorClass.UNEXPLAINED),
    (403, "", ErrorClass.UNEXPLAINED),
]


@pytest.mark.parametrize(("code", "message", "kind"), KINDS)
def test_the_class_of_an_error(code: int, message: str, kind: ErrorClass) -> None:
    assert classify(code, message).kind is kind


@pytest.mark.parametrize(
    ("code", "message", "wait"),
    [
        (420, "FLOOD_WAIT_30", timedelta(seconds=30)),
        (406, "FLOOD_WAIT_30", timedelta(seconds=30)),
        (420, "FLOOD_WAIT_0", timedelta(seconds=1)),
        (420, "FLOOD_PREMIUM_WAIT_7", timedelta(seconds=7)),
        (420, "2FA_CONFIRM_WAIT_9", timedelta(seconds=9)),
        (406, "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_5MIN", timedelta(minutes=5)),
        (420, "SOMETHING_NEW", UNNAMED_WAIT),
    ],
)
def test_the_pause_that_telegram_asks_for(code: int, message: str, wait: timedelta) -> None:
    meaning = classify(code, message)
    assert (meaning.kind, meaning.wait) == (ErrorClass.WAIT, wait)


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code, names in exceptions.items() for name in names if name != "_"]
)
def test_every_error_of_the_table_has_a_class_and_a_text(code: int, name: str) -> None:
    meaning = classify(code, name.replace("_X", "_7"))
    assert meaning.text
    # Only these end the worker.
    assert (meaning.kind is ErrorClass.SESSION) == (
        (code == 401 and name != "AUTH_KEY_PERM_EMPTY") or name == "AUTH_KEY_DUPLICATED"
    )
