"""Pure: what outsiders tell the assistant to say, so that it is not said for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.assistant.guardrails import prompt_injection
from worker.assistant.guardrails.text_normalization import letters_only, strip_invisible

# So many letters of an order in a row are its words, not its subject.
_WINDOW = 24
_SHORTEST = 4
_QUOTED = re.compile(r"«([^»]+)»|“([^”]+)”|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")


@dataclass(frozen=True)
class DictatedText:
    """The quotes and the runs of letters in texts that give orders."""

    quotes: frozenset[str] = field(default_factory=frozenset)
    runs: frozenset[str] = field(default_factory=frozenset)

    def in_text(self, text: str) -> bool:
        """Whether a text says what it was told to say."""
        letters = letters_only(text)
        return any(quote in letters for quote in self.quotes) or not self.runs.isdisjoint(_runs(letters))


def dictated(texts: Iterable[str]) -> DictatedText:
    """What is dictated in texts from outside."""
    ordering = [text for text in texts if prompt_injection.contains_injection(text)]
    quotes = (
        letters_only(group)
        for text in ordering
        for found in _QUOTED.finditer(strip_invisible(text))
        for group in found.groups()
        if group
    )
    runs = (run for text in ordering for run in _runs(letters_only(text)))
    return DictatedText(frozenset(quote for quote in quotes if len(quote) >= _SHORTEST), frozenset(runs))


def _runs(letters: str) -> Iterable[str]:
    return (letters[at : at + _WINDOW] for at in range(len(letters) - _WINDOW + 1))
