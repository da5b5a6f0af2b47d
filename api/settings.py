"""What the API reads from the environment or .env."""

from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from shared.settings import SharedSettings


def _dialled_from(region: str) -> str:
    if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("is not the two-letter code of a country")
    return region.upper()


def _usable_secret(secret: object) -> object:
    if not isinstance(secret, str):
        return secret
    if not secret.strip():
        raise ValueError("is blank: take it out or give it a value")
    if not secret.strip().isprintable():
        raise ValueError("holds characters that cannot be typed")
    return secret.strip()


Secret = Annotated[SecretStr, BeforeValidator(_usable_secret)]


class ApiSettings(SharedSettings):
    """Where the API listens, and who may use it."""

    api_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="the address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for everyone",
    )
    api_port: int = Field(8000, ge=0, le=65535, description="the port to listen on: 0 takes any free one")
    api_token: Secret | None = Field(
        None,
        description="guards /leads; invent one, e.g. `openssl rand -hex 32`, and send it as a bearer token",
    )
    tilda_token: Secret | None = Field(
        None, description="guards the Tilda webhook; invent one and enter it in Tilda's webhook settings"
    )
    phone_region: Annotated[str, AfterValidator(_dialled_from)] = Field(
        "RU", description="the country in which a phone without a country code is dialled: RU, KZ, DE, …"
    )
