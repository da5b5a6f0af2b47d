"""Sentences that a command prints: in English for logs and programs, and in the owner's language."""

from collections.abc import Callable, Iterable
from typing import Self

from shared.translations import Language, say, translate_reason


class Sentence(str):
    """An English text that is also known in the owner's language."""

    __slots__ = ("_say",)
    _say: Callable[[Language], str]

    @classmethod
    def made_of(cls, make: Callable[[Language], str]) -> Self:
        """Return the sentence that `make` makes in each language."""
        made = cls(make("en"))
        made._say = make
        return made

    def in_language(self, language: Language) -> str:
        """Return the text in this language."""
        return self._say(language)

    def __deepcopy__(self, memo: object) -> Self:
        """Return the sentence itself: it does not change."""
        return self


def sentence(text: str, **values: object) -> Sentence:
    """Return the sentence of a text in the catalogue; sentences, reasons and figures fill its gaps."""

    def make(language: Language) -> str:
        return say(language, text, **{name: _filled(language, value) for name, value in values.items()})

    return Sentence.made_of(make)


def joined(separator: str, parts: Iterable[str]) -> Sentence:
    """Return several sentences as one."""
    each = list(parts)
    return Sentence.made_of(lambda language: separator.join(in_language(language, part) for part in each))


def edited(text: str, edit: Callable[[str], str]) -> Sentence:
    """Return the sentence with a change that is made in each language."""
    return Sentence.made_of(lambda language: edit(in_language(language, text)))


def in_language(language: Language, said: str | Exception) -> str:
    """Return a sentence, a stored reason, or what an error says, in this language."""
    text = cause_of(said) if isinstance(said, Exception) else said
    return text.in_language(language) if isinstance(text, Sentence) else translate_reason(language, text)


def cause_of(error: Exception) -> str:
    """Return what an error says, still as a sentence if it was made with one."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Sentence) else str(error)


def _filled(language: Language, value: object) -> object:
    return in_language(language, value) if isinstance(value, str | Exception) else value
