"""The names of all settings by group, and the unknown names that were probably meant to be one. Pure."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from types import MappingProxyType

from shared.localized_messages import sentence


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "required by the worker": _names("TELEGRAM_API_ID TELEGRAM_API_HASH OPENAI_API_KEY CALENDLY_LINK"),
        "company and conversation": _names(
            "COMPANY_NAME COMPANY_PROFILE MODE GREETING_MODE ASSISTANT_CONFIG ASSISTANT_TRUST"
            " FOLLOW_UPS BOOKING_LINK_TEMPLATE"
            " TAKEOVER_RETURN_HOURS INBOUND_LEADS REPLY_DEBOUNCE_SECONDS TYPING_SECONDS"
        ),
        "notices to the owner": _names("OWNER_CHAT OWNER_LANGUAGE OWNER_MESSAGES_PER_HOUR TIMEZONE"),
        "limits that protect the account": _names(
            "OUTREACH_DAILY_LIMIT OUTREACH_GAP_SECONDS OUTREACH_WARMUP_DAYS OUTREACH_HOURS LOOKUP_GAP_SECONDS"
            " RESOLVE_DAILY_LIMIT IMPORT_DAILY_LIMIT KEEP_CONTACTS MAX_STARS_PER_MESSAGE"
        ),
        "Telegram": _names(
            "TELEGRAM_SESSION_NAME TELEGRAM_SESSION_DIR TELEGRAM_SESSION_STRING TELEGRAM_PROXY"
            " TELEGRAM_SERVER TELEGRAM_SERVER_KEY"
        ),
        "the model": _names(
            "OPENAI_MODEL OPENAI_BASE_URL OPENAI_API OPENAI_PROXY OPENAI_TIMEOUT_SECONDS"
            " OPENAI_FALLBACK_BASE_URL OPENAI_FALLBACK_API_KEY OPENAI_FALLBACK_MODEL OPENAI_FALLBACK_API"
            " OPENAI_FALLBACK_PROXY OPENAI_PRICE TRANSCRIBE_MODEL ASSISTANT_PAUSE_SECONDS"
            " GREETING_FALLBACK_SECONDS"
        ),
        "the API": _names(
            "API_HOST API_PORT API_TOKEN TILDA_TOKEN TILDA_FIELDS PHONE_REGION REPEAT_WINDOW_SECONDS"
            " RATE_LIMIT_PER_MINUTE TRUSTED_PROXIES CORS_ORIGINS PUBLIC_URL CONSOLE_ENABLED DOCS_ENABLED"
            " BODY_SECONDS IMPORT_MAX_MIB WEBHOOK_MAX_MIB"
        ),
        "bookings": _names(
            "CALENDLY_TOKEN CALENDLY_API CALENDLY_SIGNING_KEY CALCOM_TOKEN CALCOM_API CALCOM_SECRET"
            " BOOKINGS_SECRET BOOKINGS_TOKEN"
        ),
        "storage and recovery": _names(
            "DATABASE_URL DATABASE_LISTEN_URL DELIVERY_RETENTION_DAYS EVENT_RETENTION_DAYS"
            " POLL_INTERVAL_SECONDS LEASE_SECONDS LEADS_IN_HAND MAX_ATTEMPTS RETRY_BASE_SECONDS"
            " RETRY_MAX_SECONDS"
        ),
        "log and health": _names("LOG_LEVEL HEALTH_HOST HEALTH_PORT"),
    }
)
# Of Docker compose, the demo and the tests: known, but no settings of the api or the worker.
OTHERS = frozenset(
    _names(
        "COMPOSE_PROFILES POSTGRES_PASSWORD API_BIND SANDBOX_PORT SANDBOX_HTTP_PORT SANDBOX_TELEGRAM_PORT"
        " SANDBOX_HOST SANDBOX_STATE SANDBOX_SESSION SANDBOX_SESSION_ADDRESS"
    )
)
KNOWN = frozenset(name for names in GROUPS.values() for name in names)

# Of `.env`, a name that begins like one of ours has no other purpose; these first words have many.
_COMMON_WORDS = frozenset({"BODY", "LOG", "MAX", "MODE", "PHONE", "RETRY", "TIMEZONE"})
_OUR_WORDS = frozenset(name.partition("_")[0] for name in KNOWN) - _COMMON_WORDS
# How alike two names are, from 0 to 1: to be suggested, and to be named among the names of other programs.
_SUGGESTED, _SURELY_MEANT = 0.7, 0.86
_SHORT, _SAME_REST = 5, 0.5
_SAME_MEANING = frozenset({("URL", "LINK"), ("ADDRESS", "LINK"), ("PAGE", "LINK"), ("KEY", "TOKEN")})
# Cyrillic letters that look like Latin ones, typed on the wrong keyboard.
_LOOK_ALIKES = str.maketrans("АВСЕНКМОРТХУІЅ", "ABCEHKMOPTXYIS")


def describe_unknown(name: str, *, is_shared: bool) -> str | None:
    """Return a line about an unknown name that was meant to be a setting; None for all other names.

    `is_shared`: it stands in the environment, which other programs use too.
    """
    written = _normal(name)
    if name.upper() in KNOWN | OTHERS:
        return None
    # What is less alike is not named there, and most names in an environment are other programs'.
    nearest, likeness = _nearest(written, _SURELY_MEANT if is_shared else 0.0)
    begins_like_ours = written.partition("_")[0] in _OUR_WORDS
    if is_shared:
        # A short name, such as MODEL, may be another program's.
        is_meant = likeness >= _SURELY_MEANT and "_" in nearest + written and len(written) > _SHORT
    else:
        is_meant = begins_like_ours or likeness >= _SURELY_MEANT or _squeezed(written) in _ENDINGS
    if not is_meant or written in OTHERS:
        return None
    if likeness < _SURELY_MEANT and not (likeness >= _SUGGESTED and _is_near(written, nearest)):
        return sentence("{name}: is no setting of this program, and has no effect", name=name)
    return sentence("{name}: is no setting; did you mean {nearest}?", name=name, nearest=nearest)


def unknown_names(environment: Iterable[str], dotenv: Iterable[str]) -> list[str]:
    """Return a line for each unknown name that was probably meant to be a setting."""
    in_file = list(dict.fromkeys(dotenv))
    candidates = [(name, False) for name in in_file]
    candidates += [(name, True) for name in environment if name not in in_file]
    lines = (describe_unknown(name, is_shared=is_shared) for name, is_shared in candidates)
    return [line for line in lines if line is not None]


def _normal(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().upper()).translate(_LOOK_ALIKES)


def _squeezed(name: str) -> str:
    return name.replace("_", "")


def _is_near(name: str, known: str) -> bool:
    """Return True if also what follows the common first word is alike."""
    if not _begin_alike(name, known):
        return False
    (word, _, rest), known_rest = name.partition("_"), known.partition("_")[2]
    if set(name.split("_")) < set(known.split("_")):
        return True
    if (rest, known_rest) in _SAME_MEANING:
        return True
    is_only_one = sum(each.startswith(f"{word}_") for each in KNOWN) == 1
    return is_only_one or not rest or SequenceMatcher(None, rest, known_rest).ratio() >= _SAME_REST


def _begin_alike(name: str, known: str) -> bool:
    return name.partition("_")[0] == known.partition("_")[0] or known.endswith(f"_{name}")


def _nearest(name: str, at_least: float) -> tuple[str, float]:
    """Return the setting that is most like `name`; likenesses below `at_least` may be too low."""
    squeezed = _squeezed(name)
    words = set(name.split("_"))
    alike = ((known, _likeness(squeezed, words, known, at_least)) for known in sorted(KNOWN))
    return max(alike, key=lambda pair: (pair[1], _begin_alike(name, pair[0])))


def _likeness(squeezed: str, words: set[str], known: str, at_least: float) -> float:
    if squeezed == _squeezed(known):
        return 1.0
    letters = SequenceMatcher(None, squeezed, _squeezed(known), autojunk=False)
    # Upper limits, which take a tenth of the time of `ratio`.
    if letters.real_quick_ratio() < at_least or letters.quick_ratio() < at_least:
        alike = 0.0
    else:
        alike = letters.ratio()
    # OPENAI_KEY for OPENAI_API_KEY: words are missing, and those that are left are right.
    known_words = set(known.split("_"))
    if len(words) > 1 and words < known_words:
        alike = max(alike, 0.8 + len(words) / len(known_words) / 20)
    return alike


# DAILY_LIMIT for OUTREACH_DAILY_LIMIT: a name without its first word.
_ENDINGS = frozenset(_squeezed(ending) for known in KNOWN if "_" in (ending := known.partition("_")[2]))
