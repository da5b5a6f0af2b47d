"""Pure: what an error of Telegram means for the worker, decided by its name, else by its code and its words.

The names are those of https://core.telegram.org/api/errors, in which X stands for a number.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from worker.telegram.errors.texts import ACCOUNT_TEXTS, NOT_FOUND_TEXTS, PERSON_TEXTS, SESSION_TEXTS


class ErrorClass(Enum):
    """What the worker does after an error."""

    # The call itself was wrong, such as a text that is too long: a few tries, then the lead fails.
    RETRY = "retry"
    # The cause is unknown: it counts against a lead only while others succeed.
    UNEXPLAINED = "unexplained"
    # Telegram is in trouble: wait with a growing pause.
    TROUBLE = "trouble"
    # Telegram names the pause.
    WAIT = "wait"
    # No person has this username or phone.
    NOT_FOUND = "not found"
    # This person cannot be written to.
    PERSON = "person"
    # The account may not write to strangers, or may do nothing: no lead is the cause.
    STRANGERS = "strangers"
    ACCOUNT = "account"
    # The session has ended; only its owner can sign in again.
    SESSION = "session"


@dataclass(frozen=True)
class Meaning:
    """The class of an error, with the text for the operator and the pause that Telegram asks for."""

    kind: ErrorClass
    text: str
    wait: timedelta = timedelta()


# The pause if Telegram asks for one without naming it.
UNNAMED_WAIT = timedelta(minutes=1)
_BY_NAME: dict[str, tuple[ErrorClass, str]] = {
    **{name: (ErrorClass.PERSON, text) for name, text in PERSON_TEXTS.items()},
    **{name: (ErrorClass.NOT_FOUND, text) for name, text in NOT_FOUND_TEXTS.items()},
    **{name: (ErrorClass.ACCOUNT, text) for name, text in ACCOUNT_TEXTS.items()},
    **{name: (ErrorClass.SESSION, text) for name, text in SESSION_TEXTS.items()},
    "PEER_FLOOD": (ErrorClass.STRANGERS, "Telegram lets this account write to no strangers for now"),
    "AUTH_KEY_PERM_EMPTY": (ErrorClass.TROUBLE, ""),
}
# For names that are not in the table, in this order; the words stand anywhere in the name.
_BY_WORDS: tuple[tuple[re.Pattern[str], ErrorClass, str], ...] = (
    (re.compile("FROZEN"), ErrorClass.ACCOUNT, ACCOUNT_TEXTS["FROZEN_METHOD_INVALID"]),
    (
        re.compile(
            "MIGRATE|CONNECTION|TIMESTAMP|TIMEOUT|TIMED_?OUT|RETRY|TRY_AGAIN|BUSY|RESTART|UNAVAILABLE"
            "|INTERNAL|TEMPORAR|OVERLOAD|UNSYNC|WAIT_FAILED|FETCH_(?:ERROR|FAIL)|(?:CALL|GET)_FAIL"
        ),
        ErrorClass.TROUBLE,
        "",
    ),
    (re.compile("PRIVACY|PREMIUM|MUTUAL_CONTACT"), ErrorClass.PERSON, "they do not accept this message"),
    (
        re.compile("FLOOD|SPAM|TOO_FRESH|RESTRICTED|BANNED|SUSPENDED|LIMITED|_CHECK_|VERIF|CAPTCHA"),
        ErrorClass.ACCOUNT,
        "Telegram restricts this account",
    ),
    # What is wrong with the call itself.
    (
        re.compile(
            "^(?:MESSAGE|MSG|ENTIT|REPLY|QUOTE|MEDIA|FILE|FILEREF|RANDOM_ID|RICH|WEBPAGE|TEXT|CAPTION"
            "|PARSE|LIMIT|OFFSET|LOCATION|MAX_|MIN_|INPUT_(?:TEXT|REQUEST)|SCHEDULE)"
        ),
        ErrorClass.RETRY,
        "",
    ),
    (
        re.compile(
            "BLOCKED|DEACTIVATED|DELETED|^(?:USER|PEER|CONTACT|RECIPIENT)_.*(?:INVALID|MISSING|EMPTY)"
            "|_IS_BOT|VOICE_MESSAGES|CHAT_(?:SEND|WRITE|GUEST|ADMIN|FORBIDDEN)|CHANNEL_|PAYMENT"
        ),
        ErrorClass.PERSON,
        "Telegram does not let this account write to them",
    ),
)
_WAITS = re.compile(r"(?:WAIT|DELAY|FLOOD)[A-Z_]{0,40}_([0-9]+)(MIN)?$|^2FA_CONFIRM_WAIT_([0-9]+)$")
_NUMBER = re.compile(r"_[0-9]+")


def classify(code: int, message: str) -> Meaning:
    """Return what an error means; `message` as Telegram sent it, such as FLOOD_WAIT_30.

    A negative code counts like the positive one.
    """
    code = abs(code)
    # 303 (another data centre), 5xx, and codes that are not known.
    if code not in (400, 401, 403, 406, 420):
        return Meaning(ErrorClass.TROUBLE, trouble(message))
    known = _BY_NAME.get(_NUMBER.sub("_X", message))
    if known is not None and (known[0] is not ErrorClass.SESSION or code in (401, 406)):
        return Meaning(known[0], known[1] or trouble(message))
    if code == 401:
        return Meaning(ErrorClass.SESSION, SESSION_TEXTS["SESSION_REVOKED"])
    if (named := _WAITS.search(message)) is not None:
        return Meaning(ErrorClass.WAIT, message, _named_wait(named))
    return _by_words(code, message)


def _by_words(code: int, message: str) -> Meaning:
    for words, kind, text in _BY_WORDS:
        if words.search(message.upper()) and (code != 420 or kind is ErrorClass.ACCOUNT):
            shown = f"{text} ({message})" if text else f"Telegram refused: {message}"
            return Meaning(kind, trouble(message) if kind is ErrorClass.TROUBLE else shown)
    if code == 420:
        return Meaning(ErrorClass.WAIT, message, UNNAMED_WAIT)
    return Meaning(ErrorClass.UNEXPLAINED, f"Telegram refused: {message}")


def trouble(message: str) -> str:
    """Return the text of an error that lies with Telegram."""
    return f"Telegram is in trouble: {message}"


def _named_wait(named: re.Match[str]) -> timedelta:
    number = int(named[1] or named[3])
    # A wait of 0 would be a loop without a pause.
    return timedelta(minutes=max(number, 1)) if named[2] else timedelta(seconds=max(number, 1))
