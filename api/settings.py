"""The API's settings, read from the environment or .env."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from api.forms.custom_mapping import FormMapping
from shared.localized_messages import sentence
from shared.settings import SharedSettings, usable_url

Network = IPv4Network | IPv6Network

# The worker reads events of the last days: for its messages to the owner, and for the course of a
# conversation.
MIN_EVENT_DAYS = 30

_ORIGIN = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?", re.IGNORECASE)


def _parse_tokens(value: object) -> object:
    """Split a setting at its commas: during a change of tokens the old and the new one are valid."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("is blank: remove it or set a value")
    tokens = tuple(token.strip() for token in value.split(","))
    if not all(tokens):
        raise ValueError("has an empty token: commas separate tokens, and a token must not contain one")
    if not all(token.isprintable() for token in tokens):
        raise ValueError("has characters that cannot be typed")
    return tokens


def _parse_origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    origins = tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            text = "{origin!r} is not a site's address: https://example.com, without a path"
            raise ValueError(sentence(text, origin=origin))
    return origins


def _public_address(address: str) -> str:
    site, _, path = address.rstrip("/").partition("://")
    host, slash, path = path.partition("/")
    if not _ORIGIN.fullmatch(f"{site}://{host}") or not re.fullmatch(r"[\w./~-]*", path):
        raise ValueError("is not an address such as https://crm.example.com")
    return f"{site}://{host}{slash}{path}"


def _parse_networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("is not a list of addresses or networks: 127.0.0.1, 10.0.0.0/8") from None


# NoDecode: pydantic would parse a list from the environment as JSON.
Tokens = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_parse_tokens)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_parse_networks)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parse_origins)]


def _load_mapping(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Imported here: without such a file, the YAML parser needs no memory.
    from api.forms.custom_mapping_file import read_mapping  # noqa: PLC0415

    return read_mapping(Path(value))


class ApiSettings(SharedSettings):
    """Settings of the API: address, tokens, limits and retention."""

    api_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="the address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for all networks",
    )
    api_port: int = Field(8000, ge=0, le=65535, description="the port to listen on: 0 takes any free one")
    api_token: Tokens = Field(
        (),
        description="protects /leads; create one, e.g. `openssl rand -hex 32`, and send it as a bearer token;"
        " several, separated by commas, are all valid",
    )
    tilda_token: Tokens = Field(
        (),
        description="protects the Tilda webhook; create one and enter it in Tilda's webhook settings;"
        " several, separated by commas, are all valid",
    )
    calendly_signing_key: Tokens = Field(
        (),
        description="the signing key of a webhook of Calendly that was not made by `python -m api calendly`",
    )
    calcom_secret: Tokens = Field(
        (),
        description="the secret of a webhook of Cal.com that was not made by `python -m api calcom`;"
        " several, separated by commas, are all valid",
    )
    bookings_secret: Tokens = Field(
        (),
        description="the Standard Webhooks secret whsec_… with which calls of /bookings are signed",
    )
    bookings_token: Tokens = Field(
        (), description="protects /bookings for senders that cannot sign; several, separated by commas"
    )
    tilda_fields: Annotated[FormMapping | None, BeforeValidator(_load_mapping)] = Field(
        None, description="a YAML file that assigns roles to form fields whose names are not recognised"
    )
    cors_origins: Origins = Field(
        (),
        description="the sites whose pages may call the API from a browser: https://example.com; * for all",
    )
    docs_enabled: bool = Field(
        True,
        description="serve /docs, /redoc and /openapi.json: true or false",
    )
    public_url: Annotated[str, AfterValidator(_public_address)] | None = Field(
        None, description="the address under which browsers reach the API, https://crm.example.com: for links"
    )
    console_enabled: bool = Field(True, description="serve the operator's console at /console: true or false")
    database_listen_url: Annotated[str, AfterValidator(usable_url)] | None = Field(
        None,
        repr=False,
        description="the server's own address, if DATABASE_URL leads through a pooler in transaction mode",
    )
    body_seconds: float = Field(
        15,
        gt=0,
        le=300,
        allow_inf_nan=False,
        description="the longest time in which a request's body must arrive, seconds",
    )
    import_max_mib: int = Field(
        20, ge=1, le=1000, description="the largest file that /leads/import accepts, in MiB"
    )
    webhook_max_mib: int = Field(
        10, ge=1, le=1000, description="the largest form with files that a webhook accepts, in MiB"
    )
    repeat_window_seconds: float = Field(
        120,
        ge=0,
        le=86_400,
        description="a submission without its own key is a repeat if the same content was received within"
        " this many seconds: 0 = never",
    )
    rate_limit_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="the most submissions per minute from one address with one token: 0 = no limit",
    )
    trusted_proxies: Networks = Field(
        (),
        description="the proxies whose X-Forwarded-For is trusted: addresses and networks, 10.0.0.0/8",
    )
    delivery_retention_days: int = Field(
        90, ge=0, le=36_500, description="the number of days for which webhook calls are kept: 0 = for ever"
    )
    event_retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="the number of days for which a finished lead's history is kept: at least 30,"
        " 0 = for ever",
    )

    @field_validator("event_retention_days")
    @classmethod
    def _check_event_retention(cls, days: int) -> int:
        if 0 < days < MIN_EVENT_DAYS:
            raise ValueError(
                sentence("the last {days} days are always kept: 0 keeps all", days=MIN_EVENT_DAYS)
            )
        return days

    @property
    def repeat_window(self) -> timedelta:
        """The time within which the same content from the same person is a repeat."""
        return timedelta(seconds=self.repeat_window_seconds)

    @property
    def delivery_retention(self) -> timedelta | None:
        """How long deliveries are kept; None: for ever."""
        return timedelta(days=self.delivery_retention_days) if self.delivery_retention_days else None

    @property
    def event_retention(self) -> timedelta | None:
        """How long a finished lead's events are kept; None: for ever."""
        return timedelta(days=self.event_retention_days) if self.event_retention_days else None
