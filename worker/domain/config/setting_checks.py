"""Checks of the worker's settings: each returns the usable value, or raises ValueError. Pure."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, SecretStr

from shared.files import read_text
from shared.localized_messages import cause_of, joined, sentence
from worker.domain.config.outreach_hours import Hours

LINK_PLACEHOLDERS = ("{link}", "{token}", "{name}")


def check_web_address(value: str) -> str:
    """Return a web address unchanged. Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(one.isspace() for one in value):
        raise ValueError("is not a web address: it begins with https:// and has no spaces")
    return value


def check_host_and_port(value: str) -> str:
    """Return `host:port` unchanged. Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("is not host:port")
    return value


def check_time_zone(value: str) -> str:
    """Return the name of a time zone unchanged. Raises ValueError."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(value.strip(), available_timezones(), n=1, cutoff=0.8)
        if not near:
            raise ValueError("is not a time zone") from None
        raise ValueError(sentence("is not a time zone: did you mean {nearest}?", nearest=near[0])) from None
    return value


def check_hours(value: str) -> str:
    """Return hours such as 09:00-20:00 unchanged. Raises ValueError."""
    try:
        Hours.parse(value)
    except ValueError:
        raise ValueError("is not like 09:00-20:00") from None
    return value


def check_text_file(value: Path) -> Path:
    """Return the path of a readable text file unchanged. Raises ValueError, which names the file's fault."""
    try:
        read_text(value)
    except ValueError as error:
        raise ValueError(joined(" ", [str(value), cause_of(error)])) from None
    return value


def check_profile(value: Path) -> Path:
    """Return the path of a company's profile unchanged. Raises ValueError, also for an empty one."""
    check_text_file(value)
    if not any(character.isalnum() for character in read_text(value)):
        raise ValueError(
            sentence("{path} is empty: describe the company, or remove the setting", path=str(value))
        )
    return value


def check_printable(value: SecretStr) -> SecretStr:
    """Return a secret without spaces around it. Raises ValueError if it cannot have been issued so."""
    secret = value.get_secret_value().strip()
    if not secret:
        raise ValueError("is empty")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError("has a space or a character that is no Latin letter, digit or sign: copy it again")
    return SecretStr(secret)


def check_second_provider(needed: Mapping[str, object]) -> None:
    """Raise ValueError that names the first setting of the second provider that is missing."""
    for name, value in needed.items():
        if value is None:
            setting = f"OPENAI_FALLBACK_{name.upper()}"
            raise ValueError(sentence("{name}: is not set, and the second provider needs it", name=setting))


def parse_owner_chat(value: str) -> str:
    """Return a username without its @ or link, or `me`. Raises ValueError."""
    name = value.strip().removeprefix("https://t.me/").removeprefix("@")
    if not re.fullmatch(r"me|[A-Za-z]\w{3,31}", name):
        raise ValueError("is neither a username nor me")
    return name


class Price(NamedTuple):
    """US dollars per million tokens."""

    tokens_in: float
    tokens_cached: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """Return the cost in US dollars; `tokens_in` includes the cached ones."""
        uncached = max(tokens_in - tokens_cached, 0)
        cost = uncached * self.tokens_in + tokens_cached * self.tokens_cached + tokens_out * self.tokens_out
        return cost / 1_000_000


def parse_price(value: object) -> object:
    """Return the price of `input/cached/output`; other types are left to pydantic."""
    if not isinstance(value, str):
        return value
    try:
        price = Price(*(float(part) for part in value.split("/")))
    except (ValueError, TypeError):
        price = None
    if price is None or not all(0 <= part < 1_000_000 for part in price):
        raise ValueError("is not input/cached/output, such as 0.40/0.10/1.60")
    return price


def check_link_template(template: str) -> str:
    """Return the template; raises ValueError if no link can be made of it."""
    if "{token}" not in template:
        raise ValueError("must hold {token}, such as https://example.com/book?ref={token}")
    unknown = set(re.findall(r"\{[^{}]*\}", template)) - set(LINK_PLACEHOLDERS)
    if unknown:
        raise ValueError(
            sentence(
                "unknown placeholder {name}: use {known}",
                name=min(unknown),
                known=", ".join(LINK_PLACEHOLDERS),
            )
        )
    is_address = template.startswith(("https://", "http://", "{link}"))
    if not is_address or any(ch.isspace() for ch in template):
        raise ValueError("must be a web address with {token}, such as https://example.com/book?ref={token}")
    return template


WebAddress = Annotated[str, AfterValidator(check_web_address)]
Secret = Annotated[SecretStr, AfterValidator(check_printable)]
# More than a year is a typing error, and far larger values overflow a date.
Seconds = Annotated[float, Field(le=31_536_000)]
