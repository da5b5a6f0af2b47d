"""Pure: compares a contact of a form with what Telegram shows about a person now."""

from worker.domain.telegram_port import Incoming, Sender


def has_username(person: Sender, username: str) -> bool:
    """Return True if the username is one of the person's active ones; collectible ones count too."""
    wanted = username.removeprefix("@").lower()
    return wanted in {name.lower() for name in person.usernames}


def is_command_of(message: Incoming, username: str) -> bool:
    """Return True if the person with this username wrote the message themselves, and just now."""
    sender = message.sender
    if message.note is None or sender is None or not sender.is_person:
        return False
    return has_username(sender, username)


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
