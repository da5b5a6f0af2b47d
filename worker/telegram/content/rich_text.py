"""Turns rich messages (layer 227 and later) into plain text: blocks become lines. Pure."""

import logging
from collections.abc import Iterable
from typing import Any

from pyrogram import raw

from worker.domain.content_markers import mark

types = raw.types
log = logging.getLogger(__name__)

_MEDIA: dict[type[Any], str] = {
    types.PageBlockPhoto: "photo",
    types.PageBlockVideo: "video",
    types.PageBlockAudio: "audio",
    types.PageBlockDocument: "file",
    types.PageBlockMap: "place",
}
_SILENT = (types.PageBlockDivider, types.PageBlockAnchor)
# The parts of other blocks, in the order of reading. A block of a later layer is read in the same way.
_PARTS = ("cover", "num", "title", "author", "text", "description", "blocks", "items", "articles", "caption")
_LINKS = ("url", "html")


def rich_message(message: Any) -> str:
    """Return the text of a RichMessage, a line for each block."""
    text = "\n".join(_lines(message.blocks))
    # Telegram sends only the beginning of a very long message.
    return f"{text} …" if message.part else text


def rich_text(text: Any) -> str:
    """Return the text of a RichText; a hidden link follows its words in brackets."""
    match text:
        case str():
            return text
        case types.TextConcat():
            return "".join(rich_text(part) for part in text.texts)
        case types.TextUrl():
            words = rich_text(text.text)
            return words if words.rstrip("/") == text.url.rstrip("/") else f"{words} ({text.url})"
        case types.TextCustomEmoji():
            return str(text.alt)
        case types.TextMath():
            return str(text.source)
        case _:
            inner = getattr(text, "text", None)
            return rich_text(inner) if inner is not None else ""


def _lines(blocks: Iterable[Any]) -> list[str]:
    return [line for block in blocks for line in _safe_block(block) if line.strip()]


def _safe_block(block: Any) -> list[str]:
    # One block that cannot be read does not hide the others.
    try:
        return _block(block)
    except Exception as error:  # noqa: BLE001
        log.warning("a block of a rich message could not be read: %r", error)
        return [f"[message of type {type(block).__name__}]"]


def _block(block: Any) -> list[str]:
    kind = _MEDIA.get(type(block))
    if kind is not None:
        return [mark(kind), *_part(block.caption)]
    match block:
        case types.PageBlockList():
            return [f"{_bullet(item)} {line}" for item in block.items for line in _one_line(item)]
        case types.PageBlockOrderedList():
            numbered = enumerate(block.items, 1)
            return [f"{_number(item, at)} {line}" for at, item in numbered for line in _one_line(item)]
        case types.PageBlockTable():
            rows = [" | ".join(rich_text(cell.text) for cell in row.cells) for row in block.rows]
            return [*_part(block.title), *rows]
        case types.PageBlockButtonRow():
            return [" · ".join(rich_text(button.text) for button in block.buttons)]
        case types.PageBlockMath():
            return [str(block.source)]
        case _:
            return _other(block)


def _other(block: Any) -> list[str]:
    """Return the lines of a block by the names of its fields."""
    if isinstance(block, (int, *_SILENT)):
        return []
    found = [line for name in _PARTS for line in _part(getattr(block, name, None))]
    found = found or [str(link) for name in _LINKS if (link := getattr(block, name, None))]
    return found or [f"[message of type {type(block).__name__}]"]


def _part(part: Any) -> list[str]:
    """Return the lines of a field: nothing, a text, a caption, a block, or several of them."""
    if part is None or isinstance(part, types.TextEmpty):
        return []
    if isinstance(part, list):
        return _lines(part)
    if isinstance(part, types.PageCaption):
        return [line for one in (part.text, part.credit) for line in _part(one)]
    if type(part).__name__.startswith("Page"):
        return _block(part)
    return rich_text(part).splitlines()


def _one_line(item: Any) -> list[str]:
    text = " ".join(line for name in ("text", "blocks") for line in _part(getattr(item, name, None)))
    return [text] if text else []


def _bullet(item: Any) -> str:
    return _box(item) or "-"


def _number(item: Any, position: int) -> str:
    number = f"{getattr(item, 'num', None) or position}".rstrip(".")
    return f"{number}. {_box(item)}".strip()


def _box(item: Any) -> str:
    if not item.checkbox:
        return ""
    return "☑" if item.checked else "☐"
