"""The texts of the pages in each language, and the choice between the languages."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from shared.translations import Language

LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")
DEFAULT: Final[Language] = "en"
_RANGE = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[\w-]*)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*")


class Texts:
    """The texts of one language: `t("inbox.title")`, with values: `t("ago.days", count=3)`."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._tables: dict[str, Sequence[tuple[str, str]]] = {}

    def __call__(self, key: str, **values: object) -> str:
        """Return the text; raises KeyError if there is none."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def or_plain(self, prefix: str, key: object) -> str:
        """Return the text of `prefix.key`, or the key itself: for values that a newer program may store."""
        return self._texts.get(f"{prefix}.{key}", str(key))

    def table(self, name: str) -> Sequence[tuple[str, str]]:
        """Return the keys and texts of a table, the longest keys first."""
        if name not in self._tables:
            prefix = f"{name}."
            found = [
                (key[len(prefix) :], text) for key, text in self._texts.items() if key.startswith(prefix)
            ]
            self._tables[name] = sorted(found, key=lambda pair: -len(pair[0]))
        return self._tables[name]


@cache
def load(language: Language) -> Texts:
    """Read the texts of a language."""
    with (Path(__file__).parent / f"{language}.toml").open("rb") as file:
        tables = tomllib.load(file)
    return Texts(
        language, {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}
    )


def choose_language(chosen: str | None, accepted: str) -> Texts:
    """Return the texts of the user's language, else of the browser's first known one, else English."""
    if (language := _known(chosen)) is not None:
        return load(language)
    ranges = [match for part in accepted[:500].split(",") if (match := _RANGE.fullmatch(part))]
    known = [(_quality(match[2]), language) for match in ranges if (language := _known(match[1].lower()))]
    # `max` returns the first of equal ones: the browser's order decides.
    return load(max(known, key=lambda pair: pair[0])[1] if known else DEFAULT)


def _known(language: str | None) -> Language | None:
    return next((each for each in LANGUAGES if each == language), None)


def _quality(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0
