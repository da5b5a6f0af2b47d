"""Detects texts that a contact dictates to the assistant: they must not be sent as its own. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.assistant.guardrails.evidence import prompt_injection
from worker.assistant.guardrails.text_normalization import letters_only, strip_invisible

# This many letters in a row copied from an instruction are its wording, not only its subject.
_WINDOW = 24
_MIN_QUOTE_LENGTH = 4
_QUOTED = re.compile(r"«([^«»]{1,500})»|“([^“”]{1,500})”|\"([^\"]{1,500})\"|(?<!\w)'([^']{1,500})'(?!\w)")


@dataclass(frozen=True)
class DictatedText:
    """The quotes, and all runs of 24 letters, of the contact's texts that contain a prompt injection."""

    quotes: frozenset[str] = field(default_factory=frozenset)
    runs: frozenset[str] = field(default_factory=frozenset)

    def is_repeated_in(self, text: str) -> bool:
        """Return True if `text` contains one of the quotes or runs."""
        letters = letters_only(text)
        return any(quote in letters for quote in self.quotes) or not self.runs.isdisjoint(_runs(letters))


def extract_dictated(texts: Iterable[str]) -> DictatedText:
    """Return the dictated text in texts that the contact wrote."""
    injections = [text for text in texts if prompt_injection.contains_injection(text)]
    quotes = (
        letters_only(group)
        for text in injections
        for found in _QUOTED.finditer(strip_invisible(text))
        for group in found.groups()
        if group
    )
    runs = (run for text in injections for run in _runs(letters_only(text)))
    return DictatedText(
        frozenset(quote for quote in quotes if len(quote) >= _MIN_QUOTE_LENGTH), frozenset(runs)
    )


def _runs(letters: str) -> Iterable[str]:
    return (letters[at : at + _WINDOW] for at in range(len(letters) - _WINDOW + 1))
