"""What the demo page says, in Russian and English."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "texts"
LANGUAGES: Final = ("ru", "en")
COOKIE: Final = "demo-language"
_REASON: Final = "reason."


class Texts:
    """The texts of one language; call it with the key of a text and its values."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Return a text; raises KeyError for an unknown key."""
        return self._texts[key].format(**values)

    def raw(self, key: str) -> str:
        """Return a text with the names of its values."""
        return self._texts[key]

    def reason(self, stored: str) -> str:
        """Return a reason that the product stores in English; words that this page does not know stay."""
        for key, text in self._texts.items():
            if key.startswith(_REASON):
                stored = stored.replace(key.removeprefix(_REASON), text)
        return stored

    def keys(self) -> set[str]:
        """Return all keys."""
        return set(self._texts)


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of a language; of an unknown one, the English texts."""
    chosen = language if language in LANGUAGES else "en"
    return Texts(chosen, dict(_flat(tomllib.loads((FOLDER / f"{chosen}.toml").read_text("utf-8")))))


def choose_language(*wishes: str | None) -> str:
    """Return the first known language of the wishes: a language, or the header Accept-Language."""
    for wish in wishes:
        for part in (wish or "").split(","):
            if (code := part.strip()[:2].lower()) in LANGUAGES:
                return code
    return "en"


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return found
