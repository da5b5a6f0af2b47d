"""The settings of both programs, and their rows in docs/operate/settings.md and settings.ru.md."""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from api.settings import ApiSettings
from tests.docs.pages import Page
from worker.settings import EXAMPLE_PROFILE, WorkerSettings

COMPOSE_ONLY = ("COMPOSE_PROFILES", "POSTGRES_PASSWORD", "API_BIND", "SANDBOX_PORT")
_ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]+) \| (.+) \|$", re.MULTILINE)
WORDS = {
    "docs/operate/settings.md": {"required": "required", "none": "none", "example": "the example"},
    "docs/operate/settings.ru.md": {"required": "обязательна", "none": "нет", "example": "пример"},
}


def process_settings() -> Mapping[str, FieldInfo]:
    """Return the settings of both programs by name."""
    fields = {**ApiSettings.model_fields, **WorkerSettings.model_fields}
    return {name.upper(): field for name, field in fields.items()}


def rows(shown: Page) -> list[tuple[str, str]]:
    """Return name and default of each row, without those of compose alone."""
    return [
        (name, default.strip("`"))
        for name, default, _ in _ROW.findall(shown.prose)
        if name not in COMPOSE_ONLY
    ]


def default_of(field: FieldInfo, words: Mapping[str, str]) -> str:
    """Return a setting's default as the page writes it."""
    if field.is_required():
        return words["required"]
    value = field.get_default()
    if value is None or value == ():
        return words["none"]
    if value == EXAMPLE_PROFILE:
        return words["example"]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float, Path)) else repr(value)
