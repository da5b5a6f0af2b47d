"""Detects parts of the prompts in a text, even if they are encoded or disguised. Pure."""

import base64
import binascii
import re
from collections.abc import Iterable

from worker.assistant.guardrails.text_normalization import letters_only, strip_invisible

# This many equal letters in a row (four to six words) are not a coincidence.
WINDOW = 32
# Phrases in «quotes» are suggestions of the prompt for the answer, so they are not secret.
_SAYABLE = re.compile(r"«[^«»]*»")
_PLACEHOLDER = re.compile(r"\{\w+\}")
# Names of output fields and prompt tags: they never belong in a message to a contact.
_INTERNAL_NAMES = re.compile(
    r"do_not_contact|needs_human|</?company>|system prompt|системн\w+ промпт|\"intent\"|`intent`",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_OVERLONG_WORD = re.compile(r"\S{60,}")


class PromptFingerprint:
    """All runs of 32 letters of the prompts, without the company profile, which is not secret."""

    def __init__(self, templates: Iterable[str]) -> None:
        parts = (part for text in templates for part in _PLACEHOLDER.split(_SAYABLE.sub("{_}", text)))
        self._windows = {window for part in parts for window in _windows(letters_only(part))}

    def matches(self, text: str) -> bool:
        """Return True if the text contains a part of the prompts.

        Finds it also if it is spaced out, written with look-alike letters, reversed or in base64.
        """
        if _INTERNAL_NAMES.search(strip_invisible(text)) or self._contains(letters_only(text)):
            return True
        return any(self._contains(letters_only(decoded)) for decoded in _decode_base64(text))

    def _contains(self, letters: str) -> bool:
        return any(not self._windows.isdisjoint(_windows(one)) for one in (letters, letters[::-1]))


def is_unreadable(text: str) -> bool:
    """Return True if the text has base64 or a word of 60 or more characters."""
    return bool(_OVERLONG_WORD.search(text) or next(iter(_decode_base64(text)), None))


def _windows(letters: str) -> Iterable[str]:
    return (letters[at : at + WINDOW] for at in range(len(letters) - WINDOW + 1))


def _decode_base64(text: str) -> Iterable[str]:
    for found in _BASE64.findall(strip_invisible(text)):
        try:
            unpadded = found.rstrip("=")
            yield base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), altchars=b"-_").decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
