"""Pure: parses the phones and Telegram usernames that people type into forms."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

# Longer text is no contact; the limit also bounds the work for a hostile megabyte.
_MAX_LENGTH = 1000
_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
# `https://api.whatsapp.com/send?phone=…`, `viber://chat?number=…`
_WHATSAPP_HOSTS = frozenset({"api.whatsapp.com", "web.whatsapp.com", "whatsapp.com"})
_PHONE_SCHEMES = frozenset({"tg", "whatsapp", "viber"})
# Telegram's rule is 5 to 32 characters; names bought on Fragment have 4.
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,30}[A-Za-z0-9]")
# Paths of t.me that name a page or a chat, not a person: https://core.telegram.org/api/links
_NOT_A_PERSON = re.compile(
    r"add(?:emoji|list|stickers|theme)|bg|boost|c|call|confirmphone|contact|giftcode|invoice|iv|joinchat"
    r"|login|m|nft|proxy|setlanguage|share|socks",
    re.IGNORECASE,
)
# Characters around a contact in a sentence.
_SURROUNDING = " \t\r\n.,;!?\"'()<>«»“”"
# "Тел.: 8 999…", "tel:+7…", "Telegram: @anna".
_LABEL = re.compile(r"^[^\W\d_]{1,12}(?:[.:]+\s*|\s+)(?=[@+(0-9])")
# What may follow a phone: an extension, another contact, a comment.
_TAIL = re.compile(
    r"(?:[,;#\n]|\s/\s|(?<![\s(])[\s(]+(?=@|[^\W\d_])|доб|ext|x|х).*", re.IGNORECASE | re.DOTALL
)
_PHONE_CHARACTERS = re.compile(r"[\s0-9()+\-./]+")
# E.164 allows 15 digits, three more may be dialled before them ("8 10 …"); no plan has numbers of under four.
_FEWEST_DIGITS, _MOST_DIGITS = 4, 18
# The most frequent input, Russian mobile numbers, is parsed without the numbering plans: the result is the
# same, in a thirtieth of a millisecond. A leading 8 or a bare 7 means Russia in Russia only.
_MOBILE = re.compile(r"(?:\+7|7|8)(9[0-9]{9})")
_SEPARATORS = str.maketrans("", "", " ()-")
# A text with none of these is no link, whatever the link.
_LINK_SIGN = re.compile(r"[/:.]")
_SCHEME = re.compile(r"(?:tg|whatsapp|viber):", re.IGNORECASE)
# "+8 999 …" is a Russian habit; no country has the code 8.
_PLUS_EIGHT = re.compile(r"[\s(]*\+\s*8[^0-9]")
# Telegram's anonymous numbers are in no numbering plan: https://fragment.com/numbers
_ANONYMOUS = re.compile(r"\+?(888[0-9]{8}|8888[0-9]{3})")


def check_region(region: str) -> str:
    """Return the code of a country in capitals; raises ValueError if there is no such country."""
    if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("is not a two-letter country code")
    return region.upper()


class ContactError(ValueError):
    """The input is not a contact; `field` is `phone` or `username`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Phone:
    """`digits`: the digits as typed, with an optional leading +; `e164`: the form to dial, `+79991234567`."""

    digits: str
    e164: str


@dataclass(frozen=True)
class Contact:
    """How a person can be found: at least one of the two is set; the username has no @."""

    phone: Phone | None
    username: str | None


def read_contact(phone: str | None, username: str | None, *, region: str = "RU") -> Contact:
    """Return the contact in two form fields; a value typed into the wrong field is moved to the right one.

    `region` (ISO 3166, two letters): the country of phones without a country code.
    Raises ContactError, which names the field, if a value is neither or if both fields are empty.
    """
    found: dict[str, tuple[Phone | None, str | None]] = {}
    for field, value in (("phone", phone), ("username", username)):
        if value is None or not value.strip():
            continue
        found[field] = read_either(value, region=region, prefer=field)
        if found[field] == (None, None):
            raise ContactError(field, _error_text(field))
    is_swapped = found.get("username", (None, None))[0] is not None
    if "phone" in found and found["phone"][0] is None and not is_swapped and _is_bare(phone or ""):
        # "Russia" or "anna_k": without a sign of Telegram it would be a stranger's username.
        raise ContactError("phone", _error_text("phone"))
    if not found:
        raise ContactError("phone", "a phone number or a Telegram username is needed")
    return Contact(
        next((each for each, _ in found.values() if each), None),
        next((each for _, each in found.values() if each), None),
    )


def _is_bare(value: str) -> bool:
    """Return True for a username without @ and without a link."""
    return not any(character in value for character in "@/.:")


def read_either(value: str, *, region: str, prefer: str) -> tuple[Phone | None, str | None]:
    """Return one value as a phone or a username, whichever it is; (None, None) if neither."""
    if prefer == "phone":
        phone = parse_phone(value, region=region)
        return (phone, None) if phone else (None, parse_username(value))
    username = parse_username(value)
    return (None, username) if username else (parse_phone(value, region=region), None)


def parse_phone(value: str, *, region: str = "RU") -> Phone | None:
    """Return the phone in `value`, or None if it cannot be dialled."""
    return _russian_mobile(value, region) or parse_any_phone(value, region=region)


def _russian_mobile(value: str, region: str) -> Phone | None:
    given = value.translate(_SEPARATORS) if len(value) <= _MAX_LENGTH else ""
    match = _MOBILE.fullmatch(given)
    if match is None or not (given.startswith("+") or region == "RU"):
        return None
    return Phone(given, f"+7{match.group(1)}")


def parse_any_phone(value: str, *, region: str = "RU") -> Phone | None:
    """Return the same as `parse_phone`, always by the numbering plans of the world."""
    text = _phone_part(_normalise(value))
    digits = re.sub(r"[^0-9]", "", text)
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or not _PHONE_CHARACTERS.fullmatch(text):
        return None
    given = ("+" if re.match(r"[^0-9]*\+", text) else "") + digits
    if anonymous := _ANONYMOUS.fullmatch(given):
        return Phone(given, f"+{anonymous.group(1)}")
    if number := _parse_number(text, given, region):
        return Phone(given, phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return None


def parse_username(value: str) -> str | None:
    """Return the username in `value` (bare, with @, or any link to a person) without @, or None."""
    text = _LABEL.sub("", _normalise(value))
    if (linked := _username_in_link(text)) is not None:
        text = linked
    name = text.strip().lstrip("@").strip()
    return name if _USERNAME.fullmatch(name) else None


def _parse_number(text: str, given: str, region: str) -> PhoneNumber | None:
    """Return the number as dialled, or the valid number that a common typing error was meant to be."""
    digits = given.lstrip("+")
    dialled = digits if _PLUS_EIGHT.match(text) else re.sub(r"^00", "+", given)
    as_dialled = _parse_possible(dialled, region)
    if as_dialled and phonenumbers.national_significant_number(as_dialled) != dialled:
        # Has a country code or a trunk prefix: nothing to guess.
        return as_dialled if phonenumbers.is_valid_number(as_dialled) else None
    # A needless plus, a missing one, or +7 from a form's input mask before the 8 or 7 that was typed.
    corrections = (dialled, digits, f"+{digits}", re.sub(r"^7[78](?=[0-9]{10}$)", "+7", digits))
    for number in (_parse_possible(correction, region) for correction in corrections):
        if number and phonenumbers.is_valid_number(number):
            return number
    return None


def _parse_possible(spelling: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(spelling, region)
        reparsed = phonenumbers.parse(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        return None
    # A number that is possible only locally (no area code) cannot be dialled from elsewhere.
    fits = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    # "+31 0000000" loses a zero each time it is parsed: only a number that parses to itself is accepted.
    return number if fits and reparsed == number else None


def _normalise(value: str) -> str:
    """Return `value` with ASCII digits and plain dashes, without the invisible characters of copied text."""
    if len(value) > _MAX_LENGTH:
        return ""
    if value.isascii():
        return value.strip(_SURROUNDING)
    text = unicodedata.normalize("NFKC", value)
    return "".join(map(_normalise_character, text)).strip(_SURROUNDING)


def _normalise_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "-" if category == "Pd" or character == "\N{MINUS SIGN}" else character


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text if "://" in text or _SCHEME.match(text) else f"https://{text}")
    except ValueError:
        return SplitResult("", "", "", "", "")


def _host(link: SplitResult) -> str:
    return (link.hostname or "").removeprefix("www.")


def _username_in_link(text: str) -> str | None:
    """Return the name in a Telegram link; "" if it links to something else, None if it is no link."""
    if not _LINK_SIGN.search(text):
        return None
    link = _split(text)
    host = _host(link)
    if link.scheme == "tg":
        return parse_qs(link.query).get("domain", [""])[0]
    if host == "web.telegram.org":
        return link.fragment if link.fragment.startswith("@") else ""
    parts = [part for part in unquote(link.path).split("/") if part]
    if len(parts) > 1 and (parts[0].lower() == "s" or parts[1].isdecimal()):
        # A channel's page, or one of its posts.
        return ""
    if host.endswith(".t.me"):
        parts = [host.removesuffix(".t.me")]
    elif host not in _HOSTS:
        return None
    return parts[0] if parts and not _NOT_A_PERSON.fullmatch(parts[0]) else ""


def _phone_part(text: str) -> str:
    """Return the part that may be a phone: the number in a link, else `text` without label and tail."""
    if _LINK_SIGN.search(text):
        link = _split(text)
        host = _host(link)
        if link.scheme in _PHONE_SCHEMES or host in _WHATSAPP_HOSTS:
            query = parse_qs(link.query)
            return "+" + next(iter(query.get("phone") or query.get("number") or [""])).strip().lstrip("+")
        if host in {*_HOSTS, "wa.me"}:
            return "+" + unquote(link.path).strip("/ ").lstrip("+")
    return _TAIL.sub("", _LABEL.sub("", text))


def _error_text(field: str) -> str:
    if field == "phone":
        return "this is neither a phone number that can be dialled nor a Telegram username"
    return (
        "this is neither a Telegram username (5 to 32 Latin letters, digits or _, "
        "starting with a letter) nor a phone number"
    )
