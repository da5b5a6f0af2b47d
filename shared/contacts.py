"""Pure: the phones and Telegram usernames that people type, read as what they mean."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import phonenumbers
from phonenumbers import PhoneNumberFormat

_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
# Telegram's rule is 5 to 32 characters; names bought on Fragment have 4.
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,30}[A-Za-z0-9]")
_SUBDOMAIN = re.compile(r"(?:https?://)?([A-Za-z0-9_]+)\.t\.me/?(?:[?#].*)?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:доб|ext|x|#|;).*$", re.IGNORECASE)
_PHONE_CHARACTERS = re.compile(r"(?:tel:|callto:)?[\s\d()+\-–—.\u00a0/]+")
# Paths of t.me that name a page or a chat, not a person.
_NOT_PEOPLE = frozenset({"joinchat", "addstickers", "share", "proxy", "socks", "c", "s", "iv", "addlist"})


class ContactError(ValueError):
    """What was given is no contact; `field` is `phone` or `username`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Phone:
    """`digits`: as given, digits and an optional leading +; `e164`: the form to dial, `+79991234567`."""

    digits: str
    e164: str


@dataclass(frozen=True)
class Contact:
    """How a person can be found: at least one of the two is set; a username stands without its @."""

    phone: Phone | None
    username: str | None


def read_contact(phone: str | None, username: str | None, *, region: str = "RU") -> Contact:
    """The contact in the two fields, each value where it belongs, whichever field it was typed into.

    `region` (ISO 3166, two letters) is where a phone without a country code is dialled.
    Raises ContactError, naming the field, for a value that is neither and for two empty fields.
    """
    found_phone: Phone | None = None
    found_username: str | None = None
    for field, value in (("phone", phone), ("username", username)):
        if value is None or not value.strip():
            continue
        as_phone, as_username = read_either(value, region=region, prefer=field)
        if as_phone is None and as_username is None:
            raise ContactError(field, _complaint(field))
        found_phone = found_phone or as_phone
        found_username = found_username or as_username
    if found_phone is None and found_username is None:
        raise ContactError("phone", "a phone number or a Telegram username is needed")
    return Contact(found_phone, found_username)


def read_either(value: str, *, region: str, prefer: str) -> tuple[Phone | None, str | None]:
    """One value as a phone or as a username, whichever it plainly is; (None, None) if neither."""
    if prefer == "phone":
        phone = parse_phone(value, region=region)
        return (phone, None) if phone else (None, parse_username(value))
    username = parse_username(value)
    return (None, username) if username else (parse_phone(value, region=region), None)


def parse_phone(value: str, *, region: str = "RU") -> Phone | None:
    """The phone in `value`, or None if it is not one that could be dialled."""
    text = _phone_text(value)
    if text is None:
        return None
    digits = re.sub(r"\D", "", text)
    given = ("+" if text.lstrip().startswith("+") else "") + digits
    # As given, first; then without a wrong plus (+8 999 … is said in Russia), then with a forgotten one.
    for candidate in dict.fromkeys((given, digits, f"+{digits}")):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and 7 <= len(digits) <= 15:
            return Phone(given, phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return None


def parse_username(value: str) -> str | None:
    """The Telegram username in `value` (bare, with @, or any link to a person), without @; or None."""
    text = value.strip()
    if match := _SUBDOMAIN.fullmatch(text):
        return _valid(match.group(1)) if match.group(1).lower() != "www" else None
    if (linked := _from_link(text)) is not None:
        text = linked
    return _valid(text.removeprefix("@").strip())


def _valid(name: str) -> str | None:
    return name if _USERNAME.fullmatch(name) else None


def _from_link(text: str) -> str | None:
    """The name in a t.me or tg:// link; "" for a link to something else; None if it is no link."""
    if text.lower().startswith("tg:"):
        query = parse_qs(urlsplit(text).query)
        return (query.get("domain") or query.get("username") or [""])[0]
    if (path := _telegram_path(text)) is None:
        return None
    parts = [part for part in path.split("/") if part]
    return parts[0] if parts and parts[0].lower() not in _NOT_PEOPLE else ""


def _telegram_path(text: str) -> str | None:
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.netloc.rpartition("@")[2].partition(":")[0]).lower().removeprefix("www.")
    return unquote(parts.path) if host in _HOSTS else None


def _phone_text(value: str) -> str | None:
    text = value.strip()
    if text.lower().startswith("tg:"):
        digits = parse_qs(urlsplit(text).query).get("phone", [""])[0].strip().lstrip("+")
        return f"+{digits}" if digits.isdigit() else None
    if (path := _telegram_path(text)) is not None:
        digits = path.strip("/").lstrip("+")
        # t.me/+letters is an invitation, not a person.
        return f"+{digits}" if path.startswith("/+") and digits.isdigit() else None
    text = _EXTENSION.sub("", text)
    return text if _PHONE_CHARACTERS.fullmatch(text) else None


def _complaint(field: str) -> str:
    if field == "phone":
        return "this is neither a phone number that can be dialled nor a Telegram username"
    return (
        "this is neither a Telegram username (5 to 32 Latin letters, digits or _, "
        "starting with a letter) nor a phone number"
    )
