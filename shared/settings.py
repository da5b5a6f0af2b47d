"""Reads settings from the environment or .env; a wrong one becomes a single line for the operator."""

from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.database.urls import async_url
from shared.errors import ConfigError


def usable_url(url: str) -> str:
    """Return the address unchanged; raises ValueError if no engine can be made of it."""
    async_url(url)
    return url


class SharedSettings(BaseSettings):
    """The settings of both processes. Each description says what the setting is for and where to get it."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: Annotated[str, AfterValidator(usable_url)] = Field(
        "sqlite:///./leads.db",
        # May contain a password.
        repr=False,
        description="where the leads are stored: postgresql://user:password@host/name or sqlite:///./leads.db",
    )
    log_level: str = Field(
        "INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="how much is logged: DEBUG, INFO, WARNING or ERROR",
    )
    takeover_return_hours: float = Field(
        0,
        ge=0,
        le=8_760,
        description="hours after a human's last message until the assistant takes the chat back; 0 = never",
    )

    @property
    def takeover_lasts(self) -> timedelta | None:
        """How long a human keeps a conversation after their last message; None means until it is returned."""
        return timedelta(hours=self.takeover_return_hours) if self.takeover_return_hours else None


SettingsT = TypeVar("SettingsT", bound=SharedSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Read the settings of `kind` from the environment and .env.

    Raises ConfigError with one line that names each missing or malformed setting.
    """
    try:
        return kind()
    except UnicodeDecodeError:
        raise ConfigError(".env: is not UTF-8 text: save it in that encoding") from None
    except ValidationError as invalid:
        problems = [explain(kind, error) for error in invalid.errors(include_url=False, include_input=False)]
        raise ConfigError(" | ".join(problems)) from None


def explain(kind: type[BaseSettings], error: ErrorDetails) -> str:
    """Return one line that names a setting, its fault and its purpose."""
    # The error of a check over several fields has no location; its message names the fields.
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    field = str(error["loc"][0])
    purpose = kind.model_fields[field].description if field in kind.model_fields else None
    fault = "is not set" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    hint = f" ({purpose})" if purpose else ""
    return f"{field.upper()}: {fault}{hint}"
