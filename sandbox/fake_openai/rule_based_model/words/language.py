"""Detects Russian and English, and lists the names of each for schemas."""

import re
from typing import Literal

Language = Literal["ru", "en"]
NAMES: dict[Language, tuple[str, ...]] = {
    "ru": ("ru", "russian", "Russian", "RU", "русский", "rus", "ru-RU"),
    "en": ("en", "english", "English", "EN", "английский", "eng", "en-US"),
}
# Only known top-level domains: people forget the space after a full stop ("да.давайте").
TOP_LEVEL = (
    "com|ru|org|net|io|me|ai|app|dev|su|by|kz|ua|uk|de|eu|us|co|info|biz|pro|site|online|store|shop|"
    "website|space|xyz|top|link|page|cc|tv|gg|dog|example|test|рф"
)
LINK = re.compile(
    rf"\S+://\S+|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:{TOP_LEVEL})\b(?:/\S*)?|@\w+", re.IGNORECASE
)


def detect(text: str) -> Language | None:
    """Return the language of most letters outside links, or None if there are no letters."""
    letters = LINK.sub(" ", text)
    cyrillic = len(re.findall(r"[а-яё]", letters, re.IGNORECASE))
    latin = len(re.findall(r"[a-z]", letters, re.IGNORECASE))
    if not cyrillic and not latin:
        return None
    return "ru" if cyrillic >= latin else "en"


def first_known(texts: list[str], default: Language = "ru") -> Language:
    """Return the language of the first text with letters, else `default`."""
    return next((found for text in texts if (found := detect(text))), default)


def without_links(text: str) -> str:
    """Return the text without links, addresses and @names."""
    return re.sub(r"\s{2,}", " ", LINK.sub("", text)).strip()
