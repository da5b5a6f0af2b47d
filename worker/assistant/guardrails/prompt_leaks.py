"""Pure: whether a text gives away the instructions, in whatever dress."""

import base64
import binascii
import re
from collections.abc import Iterable

from worker.assistant.guardrails.text_normalization import letters_only, strip_invisible

# So many letters in a row, four to six words, are no coincidence.
WINDOW = 32
# What the instructions themselves suggest to say is no secret.
_SAYABLE = re.compile(r"«[^»]*»")
_PLACEHOLDER = re.compile(r"\{\w+\}")
# The names of the answer's fields and marks: nobody says them to a person.
_MACHINERY = re.compile(
    r"asks_not_to_be_contacted|needs_human|</?company>|system prompt|системн\w+ промпт|\"intent\"|`intent`",
    re.IGNORECASE,
)
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_ENDLESS = re.compile(r"\S{60,}")


class PromptFingerprint:
    """The instructions, ready to be looked for; the company's own description is none of them."""

    def __init__(self, templates: Iterable[str]) -> None:
        parts = (part for text in templates for part in _PLACEHOLDER.split(_SAYABLE.sub("{_}", text)))
        self._windows = {window for part in parts for window in _windows(letters_only(part))}

    def in_text(self, text: str) -> bool:
        """Whether the text holds a part of them: spaced out, in twin letters, backwards or in base64."""
        if _MACHINERY.search(strip_invisible(text)) or self._holds(letters_only(text)):
            return True
        return any(self._holds(letters_only(unpacked)) for unpacked in _unpacked(text))

    def _holds(self, letters: str) -> bool:
        return any(not self._windows.isdisjoint(_windows(one)) for one in (letters, letters[::-1]))


def unreadable(text: str) -> bool:
    """Whether it has a word that no one would write to a person."""
    return bool(_ENDLESS.search(text) or next(iter(_unpacked(text)), None))


def _windows(letters: str) -> Iterable[str]:
    return (letters[at : at + WINDOW] for at in range(len(letters) - WINDOW + 1))


def _unpacked(text: str) -> Iterable[str]:
    for found in _PACKED.findall(strip_invisible(text)):
        try:
            bare = found.rstrip("=")
            yield base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_").decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
