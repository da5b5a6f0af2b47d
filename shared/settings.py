"""Reads settings from the environment or .env; a wrong one becomes a single line for the operator."""

import io
import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from dotenv.parser import Binding, parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import setting_faults, setting_names
from shared.contacts import check_region
from shared.database.urls import async_url
from shared.errors import ConfigError
from shared.files import read_text
from shared.localized_messages import cause_of, in_language, joined, sentence
from shared.logging_setup import mask_credentials
from shared.translations import Language, say

DOTENV = Path(".env")
# Its warnings about lines that it cannot read are replaced by `find_slips`.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)


def usable_url(url: str) -> str:
    """Return the address unchanged; raises ValueError if no engine can be made of it."""
    async_url(url)
    return url


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


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
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO",
        description="how much is logged: DEBUG, INFO, WARNING or ERROR",
    )
    takeover_return_hours: float = Field(
        0,
        ge=0,
        le=8_760,
        description="hours after a human's last message until the assistant takes the chat back; 0 = never",
    )

    phone_region: Annotated[str, AfterValidator(check_region)] = Field(
        "RU", description="the country of phone numbers without a country code: RU, KZ, DE, …"
    )
    calendly_token: SecretStr | None = Field(
        None,
        description="a personal access token of Calendly, from calendly.com, Integrations, API and webhooks",
    )
    calendly_api: str = Field(
        "https://api.calendly.com",
        pattern=r"^https?://",
        description="the address of Calendly's API; another one for the sandbox",
    )
    calcom_token: SecretStr | None = Field(
        None, description="an API key of Cal.com, from cal.com, Settings, Developer, API keys"
    )
    calcom_api: str = Field(
        "https://api.cal.com",
        pattern=r"^https?://",
        description="the address of Cal.com's API: https://api.cal.eu for accounts in the EU",
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
    check_dotenv()
    try:
        return kind()
    except ValidationError as invalid:
        problems = [explain(kind, error) for error in invalid.errors(include_url=False, include_input=False)]
        # A misspelt name is often why a setting is missing.
        problems += find_slips()
        raise ConfigError(joined(" | ", problems)) from None


def check_dotenv() -> None:
    """Raise ConfigError, with one line, if there is a .env that cannot be read."""
    if not DOTENV.exists():
        return
    try:
        read_text(DOTENV)
    except ValueError as error:
        why = "is a folder: remove or rename it" if DOTENV.is_dir() else cause_of(error)
        raise ConfigError(joined(" ", [str(DOTENV), why])) from None


def explain(kind: type[BaseSettings], error: ErrorDetails) -> str:
    """Return one line that names a setting, its fault and its purpose."""
    # The error of a check over several fields has no location; its message names the fields.
    if not error["loc"]:
        return setting_faults.describe_check(error)
    field = str(error["loc"][0])
    purpose = kind.model_fields[field].description if field in kind.model_fields else None
    fault = joined(": ", [field.upper(), setting_faults.describe(error)])
    return sentence("{fault} ({purpose})", fault=fault, purpose=purpose) if purpose else fault


def owner_language() -> Language:
    """Return OWNER_LANGUAGE, also while other settings are missing or wrong; Russian without a usable one."""
    in_file = [one.value for one in _read_dotenv() if one.key and one.key.upper() == "OWNER_LANGUAGE"]
    values = [value for value in (*in_file, os.environ.get("OWNER_LANGUAGE")) if value]
    return "en" if values and values[-1] == "en" else "ru"


def error_line(error: Exception) -> str:
    """Return the line that a command ends with, in the owner's language and without passwords."""
    language = owner_language()
    return mask_credentials(f"{say(language, 'error')}: {in_language(language, error)}")


def find_slips() -> list[str]:
    """Return a line for each misspelt setting in .env and the environment, and each unusable line of .env."""
    bindings = _read_dotenv()
    broken = [
        sentence(".env: line {number} is not NAME=value", number=binding.original.line)
        for binding in bindings
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    names = [
        binding.key.lstrip("\ufeff") for binding in bindings if binding.key and binding.value is not None
    ]
    return [*broken, *_repeated(bindings), *setting_names.unknown_names(os.environ, names)]


def warn_of_slips(log: logging.Logger) -> None:
    """Log what `find_slips` finds; the program works without it."""
    for slip in find_slips():
        log.warning("%s", slip)


def help_lines(kind: type[BaseSettings]) -> list[str]:
    """Return the settings of `kind` by group, with purpose and default, for `--help`."""
    lines: list[str] = []
    for group, names in setting_names.GROUPS.items():
        fields = {name: kind.model_fields.get(name.lower()) for name in names}
        own = {name: field for name, field in fields.items() if field is not None}
        if own:
            lines += ["", f"{group}:"]
        for name, field in own.items():
            default = "required" if field.is_required() else f"default: {_default(field.default)}"
            lines.append(f"  {name:<24} {field.description} ({default})")
    return lines


def _default(value: object) -> object:
    if value in (None, ()):
        return "none"
    return str(value).lower() if isinstance(value, bool) else value


def _read_dotenv() -> Sequence[Binding]:
    try:
        return list(parse_stream(io.StringIO(DOTENV.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError):
        return []


def _repeated(bindings: Sequence[Binding]) -> list[str]:
    """Return a line for each setting of ours that .env sets to different values."""
    values: dict[str, list[Binding]] = {}
    for binding in bindings:
        if binding.key and binding.value and binding.key.upper() in setting_names.KNOWN:
            values.setdefault(binding.key.upper(), []).append(binding)
    return [
        sentence(
            "{name}: .env sets it {times} times; line {line} counts",
            name=name,
            times=len(found),
            line=found[-1].original.line,
        )
        for name, found in values.items()
        if len({binding.value for binding in found}) > 1
    ]
