"""Pure: compares a contact of a form with what Telegram shows about a person now."""

from worker.domain.telegram_port import Sender


def has_username(person: Sender, username: str) -> bool:
    """Return True if the username is one of the person's active ones; collectible ones count too."""
    wanted = username.removeprefix("@").lower()
    return wanted in {name.lower() for name in person.usernames}


def has_phone(person: Sender, phone_e164: str) -> bool:
    """Return True if Telegram shows this phone for the person."""
    return bool(person.phone) and _is_same_number(person.phone or "", phone_e164)


def has_other_phone(person: Sender, phone_e164: str) -> bool:
    """Return True if Telegram shows another phone; a hidden phone proves nothing."""
    return bool(person.phone) and not _is_same_number(person.phone or "", phone_e164)


def _is_same_number(shown: str, phone_e164: str) -> bool:
    short, long = sorted((_digits(shown), _digits(phone_e164)), key=len)
    if short == long:
        return True
    # Argentina, Brazil and Mexico write a mobile number with and without one digit after the country code.
    return len(long) - len(short) == 1 and any(
        long[:position] + long[position + 1 :] == short for position in range(2, 5)
    )


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))
