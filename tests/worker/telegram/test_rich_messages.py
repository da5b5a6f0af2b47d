"""Rich messages are stored as text, block by block."""

from typing import Any

import pytest
from pyrogram import raw

from tests.worker.telegram.wire_messages import from_sandbox, message
from worker.telegram.content.description import describe

types = raw.types


def text(words: str) -> Any:  # noqa: ANN401
    return types.TextPlain(text=words)


def caption(words: str) -> Any:  # noqa: ANN401
    return types.PageCaption(text=text(words), credit=types.TextEmpty())


RICH: list[tuple[Any, str]] = [
    (types.PageBlockTitle(text=text("Бриф")), "Бриф"),
    (types.PageBlockHeading3(text=types.TextBold(text=text("Цели"))), "Цели"),
    (
        types.PageBlockParagraph(
            text=types.TextConcat(
                texts=[
                    text("Нужен "),
                    types.TextItalic(text=text("сайт")),
                    types.TextUrl(text=text(" тут"), url="https://example.com", webpage_id=0),
                    types.TextCustomEmoji(document_id=1, alt="🔥"),
                ]
            )
        ),
        "Нужен сайт тут (https://example.com)🔥",
    ),
    (types.PageBlockPreformatted(text=text("x = 1\ny = 2"), language="py"), "x = 1\ny = 2"),
    (types.PageBlockBlockquote(text=text("Цитата"), caption=text("Автор")), "Цитата\nАвтор"),
    (
        types.PageBlockBlockquoteBlocks(
            blocks=[types.PageBlockParagraph(text=text("Внутри"))], caption=types.TextEmpty()
        ),
        "Внутри",
    ),
    (
        types.PageBlockList(
            items=[
                types.PageListItemText(text=text("раз")),
                types.PageListItemText(text=text("два"), checkbox=True, checked=True),
                types.PageListItemBlocks(blocks=[types.PageBlockParagraph(text=text("три"))], checkbox=True),
            ]
        ),
        "- раз\n☑ два\n☐ три",
    ),
    (
        types.PageBlockOrderedList(
            items=[
                types.PageListOrderedItemText(text=text("раз")),
                types.PageListOrderedItemText(text=text("два")),
            ]
        ),
        "1. раз\n2. два",
    ),
    (
        types.PageBlockTable(
            title=text("Цены"),
            rows=[
                types.PageTableRow(
                    cells=[types.PageTableCell(text=text("Сайт")), types.PageTableCell(text=text("100"))]
                )
            ],
        ),
        "Цены\nСайт | 100",
    ),
    (
        types.PageBlockDetails(
            title=text("Ещё"), blocks=[types.PageBlockParagraph(text=text("Внутри"))], open=True
        ),
        "Ещё\nВнутри",
    ),
    (types.PageBlockPhoto(photo_id=1, caption=caption("Офис")), "[photo]\nОфис"),
    (types.PageBlockDocument(document_id=1, caption=caption("ТЗ")), "[file]\nТЗ"),
    (types.PageBlockMath(source="a^2"), "a^2"),
    (types.PageBlockThinking(text=text("Думаю")), "Думаю"),
    (types.PageBlockUnsupported(), "[message of type PageBlockUnsupported]"),
]


@pytest.mark.parametrize(("block", "expected"), RICH)
def test_blocks_of_rich_messages(block: Any, expected: str) -> None:  # noqa: ANN401
    rich = types.RichMessage(blocks=[block, types.PageBlockDivider()], photos=[], documents=[])
    assert describe(message(rich_message=rich)) == f"[rich message] {expected}"


def test_a_rich_message_of_many_blocks() -> None:
    found = describe(from_sandbox(rich=["Бриф", "Нужен сайт", "- раз", "- два"]))
    assert found == "[rich message] Бриф\nНужен сайт\n- раз\n- два"
    part = types.RichMessage(
        blocks=[types.PageBlockParagraph(text=text("Начало"))], photos=[], documents=[], part=True
    )
    assert describe(message(rich_message=part)) == "[rich message] Начало …"
