"""Shows the links that are hidden behind words of a text. Pure."""

from collections.abc import Sequence
from typing import Any

from pyrogram import raw


def with_links(text: str, entities: Sequence[Any] | None) -> str:
    """Return the text with each hidden link in brackets after its words: `our site (https://…)`."""
    hidden = [one for one in entities or () if isinstance(one, raw.types.MessageEntityTextUrl) and one.url]
    if not hidden:
        return text
    # Telegram counts UTF-16 code units: core.telegram.org/api/entities
    units = text.encode("utf-16-le", "surrogatepass")
    for link in sorted(hidden, key=lambda one: one.offset, reverse=True):
        start, end = 2 * link.offset, 2 * (link.offset + link.length)
        words = units[start:end].decode("utf-16-le", "ignore").strip()
        if words.rstrip("/") == link.url.rstrip("/"):
            continue
        units = units[:end] + f" ({link.url})".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace")


def hides_links(entities: Sequence[Any] | None) -> bool:
    """Return True if a link is hidden behind words."""
    return any(isinstance(one, raw.types.MessageEntityTextUrl) for one in entities or ())
