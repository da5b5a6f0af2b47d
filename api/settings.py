"""What the API reads from the environment or .env."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from api.forms.field_mapping import FormMapping
from api.security.client_ip import Network
from shared.settings import SharedSettings

# The worker tells the owner of the last days, and asks how a conversation came to where it is.
LEAST_EVENT_DAYS = 30

_ORIGIN = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?", re.IGNORECASE)


def _dialled_from(region: str) -> str:
    if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("is not the two-letter code of a country")
    return region.upper()


def _tokens(value: object) -> object:
    """The tokens of a setting: several are separated by commas while one takes over from another."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("is blank: take it out or give it a value")
    tokens = tuple(token.strip() for token in value.split(","))
    if not all(tokens):
        raise ValueError("has an empty token: commas separate several tokens, and a token itself holds none")
    if not all(token.isprintable() for token in tokens):
        raise ValueError("holds characters that cannot be typed")
    return tokens


def _origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    origins = tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no site's address: https://example.com, without a path")
    return origins


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("is no list of addresses or networks: 127.0.0.1, 10.0.0.0/8") from None


# NoDecode: pydantic would read a list from the environment as JSON.
Tokens = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_tokens)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)]


def _mapping(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Whoever has no such file need not hold a reader of YAML in memory.
    from api.forms.field_mapping_file import read_mapping  # noqa: PLC0415

    return read_mapping(Path(value))


class ApiSettings(SharedSettings):
    """Where the API listens, and who may use it."""

    api_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="the address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for everyone",
    )
    api_port: int = Field(8000, ge=0, le=65535, description="the port to listen on: 0 takes any free one")
    api_token: Tokens = Field(
        (),
        description="guards /leads; invent one, e.g. `openssl rand -hex 32`, and send it as a bearer token;"
        " several, separated by commas, are all valid",
    )
    tilda_token: Tokens = Field(
        (),
        description="guards the Tilda webhook; invent one and enter it in Tilda's webhook settings;"
        " several, separated by commas, are all valid",
    )
    tilda_fields: Annotated[FormMapping | None, BeforeValidator(_mapping)] = Field(
        None, description="a YAML file that says which field of a form is what, where their names do not tell"
    )
    cors_origins: Origins = Field(
        (),
        description="the sites whose pages may call the API from a browser: https://example.com; * for all",
    )
    docs_enabled: bool = Field(
        True,
        description="whether /docs, /redoc and /openapi.json are there: true or false",
    )
    body_seconds: float = Field(
        15, gt=0, le=300, allow_inf_nan=False, description="most time that a request's body may take, seconds"
    )
    import_max_mib: int = Field(
        20, ge=1, le=1000, description="the largest file that /leads/import takes, in MiB"
    )
    phone_region: Annotated[str, AfterValidator(_dialled_from)] = Field(
        "RU", description="the country in which a phone without a country code is dialled: RU, KZ, DE, …"
    )
    repeat_window_seconds: float = Field(
        120,
        ge=0,
        le=86_400,
        description="a submission without a key of its own that says the same again within so many seconds"
        " is a repeat: 0 = never",
    )
    rate_limit_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="most submissions a minute from one address with one token: 0 = any number",
    )
    trusted_proxies: Networks = Field(
        (),
        description="the proxies whose X-Forwarded-For is believed: addresses and networks, 10.0.0.0/8",
    )
    delivery_retention_days: int = Field(
        90, ge=0, le=36_500, description="for how many days webhook calls are kept as they came: 0 = for ever"
    )
    event_retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="for how many days the history of a finished lead is kept: at least 30, 0 = for ever",
    )

    @field_validator("event_retention_days")
    @classmethod
    def _a_month_at_least(cls, days: int) -> int:
        if 0 < days < LEAST_EVENT_DAYS:
            raise ValueError(f"the last {LEAST_EVENT_DAYS} days are always kept: 0 keeps all")
        return days

    @property
    def repeat_window(self) -> timedelta:
        """For how long the same again is a repeat."""
        return timedelta(seconds=self.repeat_window_seconds)

    @property
    def delivery_retention(self) -> timedelta | None:
        """For how long deliveries are kept; None: for ever."""
        return timedelta(days=self.delivery_retention_days) if self.delivery_retention_days else None

    @property
    def event_retention(self) -> timedelta | None:
        """For how long a finished lead's events are kept; None: for ever."""
        return timedelta(days=self.event_retention_days) if self.event_retention_days else None
