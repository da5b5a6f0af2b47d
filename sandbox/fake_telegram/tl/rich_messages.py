"""Rich messages (layer 227 and later): their text is in blocks, and the usual text is empty."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

_BULLET = "- "


def rich_message(paragraphs: list[str]) -> TLObject:
    """Return a rich message: a title, then paragraphs; those that begin with `- ` form a list."""
    title, *rest = paragraphs
    blocks: list[TLObject] = [raw.types.PageBlockTitle(text=_text(title))]
    items: list[TLObject] = []
    for text in rest:
        if text.startswith(_BULLET):
            items.append(raw.types.PageListItemText(text=_text(text.removeprefix(_BULLET))))
        else:
            blocks.append(raw.types.PageBlockParagraph(text=_text(text)))
    if items:
        blocks.append(raw.types.PageBlockList(items=items))
    return raw.types.RichMessage(blocks=blocks, photos=[], documents=[])


def _text(text: str) -> TLObject:
    return raw.types.TextBold(text=raw.types.TextPlain(text=text))
