"""Shows the marks in messages, such as `[photo]`, in the language of the page: docs/develop/messages.md."""

import re
from typing import Final

from api.console.texts.page_texts import Texts

_MARK: Final = re.compile(r"\[([^\[\]]{1,500})\]")
# What follows the kind of a mark: details, an emoji, a quote or an author.
_DETAIL: Final = re.compile(r"(?:: |, | ).{1,500}", re.DOTALL)
_TABLE: Final = "mark"
_QUOTE: Final = " to “"


def translate_marks(texts: Texts, text: str) -> str:
    """Return the text with known marks in the language of the page; all other words stay as they are."""
    return _MARK.sub(lambda found: f"[{_translate(texts, found[1])}]", text)


def _translate(texts: Texts, mark: str) -> str:
    # The longest first: `voice message` before `voice`.
    for kind, words in texts.table(_TABLE):
        rest = mark.removeprefix(kind)
        if rest == mark or not (rest == "" or _DETAIL.fullmatch(rest)):
            continue
        if kind == "reaction":
            rest = rest.replace(_QUOTE, texts("mark_quote.reaction"), 1)
        return words + rest
    return mark
