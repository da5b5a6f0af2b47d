"""Pure: the phones and Telegram usernames that people type, read as what they mean."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

# No contact is longer, and nobody should make us read a megabyte.
_LONGEST = 1000
_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
# Telegram's rule is 5 to 32 characters; names bought on Fragment have 4.
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,30}[A-Za-z0-9]")
# Paths of t.me that name a page or a chat, not a person: https://core.telegram.org/api/links
_NOT_PEOPLE = re.compile(
    r"add(?:emoji|list|stickers|theme)|bg|boost|c|call|confirmphone|contact|giftcode|invoice|iv|joinchat"
    r"|login|m|nft|proxy|setlanguage|share|socks",
    re.IGNORECASE,
)
# What stands around a contact in a sentence.
_AROUND = " \t\r\n.,;!?\"'()<>«»“”"
# "Тел.: 8 999…", "tel:+7…", "Telegram: @anna".
_LABEL = re.compile(r"^[^\W\d_]{1,12}(?:[.:]+\s*|\s+)(?=[@+(0-9])")
# After a phone: its extension, another contact, a word of comment.
_TAIL = re.compile(r"(?:[,;#\n]|\s/\s|[\s(]+(?=@|[^\W\d_])|доб|ext|x|х).*", re.IGNORECASE | re.DOTALL)
_PHONE_CHARACTERS = re.compile(r"[\s0-9()+\-./]+")
# What most people here type, known without the plans: they say the same of it, in a thirtieth of a
# millisecond. What stands between its digits; 8 and a bare 7 are dialled so in Russia alone.
_MOBILE = re.compile(r"(?:\+7|7|8)(9[0-9]{9})")
_BETWEEN = str.maketrans("", "", " ()-")
# "+8 999 …" is said in Russia; no country's code is 8.
_PLUS_EIGHT = re.compile(r"[\s(]*\+\s*8[^0-9]")
# Anonymous numbers are Telegram's own, which no numbering plan lists: https://fragment.com/numbers
_ANONYMOUS = re.compile(r"\+?(888[0-9]{8}|8888[0-9]{3})")


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
    return _russian_mobile(value, region) or parse_any_phone(value, region=region)


def _russian_mobile(value: str, region: str) -> Phone | None:
    given = value.translate(_BETWEEN) if len(value) <= _LONGEST else ""
    match = _MOBILE.fullmatch(given)
    if match is None or not (given.startswith("+") or region == "RU"):
        return None
    return Phone(given, f"+7{match.group(1)}")


def parse_any_phone(value: str, *, region: str = "RU") -> Phone | None:
    """The same by the numbering plans of the world."""
    text = _phone_text(_plain(value))
    digits = re.sub(r"[^0-9]", "", text)
    if not digits or not _PHONE_CHARACTERS.fullmatch(text):
        return None
    given = ("+" if re.match(r"[^0-9]*\+", text) else "") + digits
    if anonymous := _ANONYMOUS.fullmatch(given):
        return Phone(given, f"+{anonymous.group(1)}")
    if number := _number(text, given, region):
        return Phone(given, phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return None


def parse_username(value: str) -> str | None:
    """The Telegram username in `value` (bare, with @, or any link to a person), without @; or None."""
    text = _LABEL.sub("", _plain(value))
    if (linked := _name_in_link(text)) is not None:
        text = linked
    name = text.strip().lstrip("@").strip()
    return name if _USERNAME.fullmatch(name) else None


def _number(text: str, given: str, region: str) -> PhoneNumber | None:
    """What the digits mean as they stand, or the number in use that they fall short of by a slip."""
    digits = given.lstrip("+")
    dialled = digits if _PLUS_EIGHT.match(text) else re.sub(r"^00", "+", given)
    as_dialled = _possible(dialled, region)
    if as_dialled and phonenumbers.national_significant_number(as_dialled) != dialled:
        return as_dialled  # with a country code or a trunk prefix: there is nothing to guess
    # A needless plus, a forgotten one, a form's mask that put +7 before the 8 or the 7 that was typed.
    slips = (dialled, digits, f"+{digits}", re.sub(r"^7[78](?=[0-9]{10}$)", "+7", digits))
    for number in (_possible(slip, region) for slip in slips):
        if number and phonenumbers.is_valid_number(number):
            return number
    return as_dialled


def _possible(spelling: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(spelling, region)
        again = phonenumbers.parse(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        return None
    # Possible without its area code is not enough: nobody could dial it from elsewhere.
    fits = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    # "+31 0000000" loses one of its noughts each time it is read: a number means itself.
    return number if fits and again == number else None


def _plain(value: str) -> str:
    """`value` with ordinary digits, dashes and spaces and without the invisible marks of copying."""
    if len(value) > _LONGEST:
        return ""
    text = unicodedata.normalize("NFKC", value)
    return "".join(map(_plain_character, text)).strip(_AROUND)


def _plain_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "-" if category == "Pd" or character == "\N{MINUS SIGN}" else character


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text if "://" in text or text.lower().startswith("tg:") else f"https://{text}")
    except ValueError:
        return SplitResult("", "", "", "", "")


def _host(link: SplitResult) -> str:
    return (link.hostname or "").removeprefix("www.")


def _name_in_link(text: str) -> str | None:
    """The name in a link of Telegram's; "" for a link to something else; None if it is no link."""
    link = _split(text)
    host = _host(link)
    if link.scheme == "tg":
        return parse_qs(link.query).get("domain", [""])[0]
    if host == "web.telegram.org":
        return link.fragment if link.fragment.startswith("@") else ""
    parts = [part for part in unquote(link.path).split("/") if part.lower() not in {"", "s"}]
    if host.endswith(".t.me"):
        parts = [host.removesuffix(".t.me")]
    elif host not in _HOSTS:
        return None
    return parts[0] if parts and not _NOT_PEOPLE.fullmatch(parts[0]) else ""


def _phone_text(text: str) -> str:
    """What stands where a phone would: the number in a link, or else `text` without label and tail."""
    link = _split(text)
    if link.scheme == "tg":
        return "+" + parse_qs(link.query).get("phone", [""])[0].strip().lstrip("+")
    if _host(link) in {*_HOSTS, "wa.me"}:
        return "+" + unquote(link.path).strip("/ ").lstrip("+")
    return _TAIL.sub("", _LABEL.sub("", text))


def _complaint(field: str) -> str:
    if field == "phone":
        return "this is neither a phone number that can be dialled nor a Telegram username"
    return (
        "this is neither a Telegram username (5 to 32 Latin letters, digits or _, "
        "starting with a letter) nor a phone number"
    )
