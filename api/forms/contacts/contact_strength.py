"""Pure: how sure it is that a contact in a field is the person's own."""

from enum import IntEnum

from api.forms.recognition.contact_values import FoundPhone, FoundUsername
from api.forms.recognition.field_meaning import Meaning, NameRule, PhoneRule, UsernameRule


class Strength(IntEnum):
    """How sure it is that a contact is the person's own."""

    WEAK = 1
    STRONG = 2


def phone_strength(meaning: Meaning, found: FoundPhone) -> tuple[Strength | None, str]:
    """Return how sure it is that a phone in a field is the person's own, and why; None if it is not."""
    return _of_owner(meaning, *_phone_strength(meaning, found))


def username_strength(meaning: Meaning, found: FoundUsername) -> tuple[Strength | None, str]:
    """Return the same for a username."""
    strength, reason = _of_owner(meaning, *_username_strength(meaning, found))
    if strength and found.may_be_cut:
        return Strength.WEAK, "a name whose end may be cut off"
    return strength, reason


def _of_owner(meaning: Meaning, strength: Strength | None, reason: str) -> tuple[Strength | None, str]:
    """Return what remains of the strength in a field that names an unknown owner."""
    if strength is Strength.STRONG and meaning.whose:
        return Strength.WEAK, f"{reason} that may be another person's"
    return strength, reason


def _phone_strength(meaning: Meaning, found: FoundPhone) -> tuple[Strength | None, str]:
    result: tuple[Strength | None, str] = (None, "")
    match meaning.phone:
        case PhoneRule.PHONE:
            result = Strength.STRONG, "a field for phones"
        case PhoneRule.CONTACT if not _may_be_id(meaning, found):
            result = Strength.STRONG, "a field for contacts"
        case PhoneRule.NUMBER if found.is_written_as_phone:
            result = Strength.STRONG, "a number that is written as a phone"
        case PhoneRule.NUMBER:
            result = Strength.WEAK, "a number that can be a phone"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_written_as_phone and _is_alone(meaning, found):
            result = Strength.WEAK, "written as a phone, in a field that does not ask for one"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_written_as_phone and found.is_own:
            result = Strength.WEAK, "the text says that it is the person's"
        case PhoneRule.IF_WRITTEN_AS_PHONE if found.is_whole and meaning.name is NameRule.EXACT:
            result = Strength.WEAK, "the whole value of a field for names"
        case _:
            pass
    return result


def _may_be_id(meaning: Meaning, found: FoundPhone) -> bool:
    """Return True for ten bare digits: a Russian mobile number without its code, or an id."""
    digits = found.phone.digits
    is_short = not found.is_written_as_phone and len(digits.lstrip("+")) <= 10
    return is_short and (meaning.username is UsernameRule.TELEGRAM or not digits.startswith("9"))


def _is_alone(meaning: Meaning, found: FoundPhone) -> bool:
    """Return True if the value is only the phone, or the field may hold more of the person than a comment."""
    return found.is_whole or meaning.name > NameRule.NEVER or meaning.username >= UsernameRule.WITH_AT


def _username_strength(meaning: Meaning, found: FoundUsername) -> tuple[Strength | None, str]:
    says = "a link to Telegram, or a value that says Telegram"
    result: tuple[Strength | None, str] = (None, "")
    match meaning.username:
        case UsernameRule.TELEGRAM:
            result = Strength.STRONG, "a field for Telegram"
        case UsernameRule.PLAIN | UsernameRule.WITH_AT if found.says_telegram:
            result = Strength.STRONG, says
        case UsernameRule.PLAIN if found.has_at:
            result = Strength.STRONG, "a name with @ in a field for usernames"
        case UsernameRule.PLAIN:
            result = Strength.WEAK, "a field for usernames that does not say where"
        case UsernameRule.WITH_AT if found.has_at:
            result = Strength.WEAK, "a name with @ in a field for contacts"
        case UsernameRule.IF_SAYS_TELEGRAM if found.says_telegram and (
            found.is_whole or found.is_own or meaning.phone is not PhoneRule.IF_WRITTEN_AS_PHONE
        ):
            result = Strength.WEAK, says
        case _:
            pass
    return result
