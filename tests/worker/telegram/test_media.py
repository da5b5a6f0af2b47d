"""Descriptions of messages that are not text."""

from typing import Any

import pytest
from pyrogram import raw

from sandbox.fake_telegram.tl.media import media
from worker.telegram.media import describe

types = raw.types


def message(text: str, attached: Any = None) -> Any:  # noqa: ANN401
    return types.Message(id=1, peer_id=types.PeerUser(user_id=1), date=0, message=text, media=attached)


def document(*attributes: Any) -> Any:  # noqa: ANN401
    file = types.Document(
        id=1,
        access_hash=1,
        file_reference=b"",
        date=0,
        mime_type="x/y",
        size=1,
        dc_id=1,
        attributes=list(attributes),
    )
    return types.MessageMediaDocument(document=file)


VIDEO = types.DocumentAttributeVideo(duration=1.0, w=1, h=1)
ROUND = types.DocumentAttributeVideo(duration=1.0, w=1, h=1, round_message=True)
VOICE = types.DocumentAttributeAudio(duration=1, voice=True)
MUSIC = types.DocumentAttributeAudio(duration=1)
NAMED = types.DocumentAttributeFilename(file_name="brief.pdf")
STICKER = types.DocumentAttributeSticker(alt="👍", stickerset=types.InputStickerSetEmpty())
BARE_STICKER = types.DocumentAttributeSticker(alt="", stickerset=types.InputStickerSetEmpty())
POINT = types.GeoPoint(long=37.6, lat=55.7, access_hash=1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sticker", "[sticker 👍]"),
        ("voice", "[voice message]"),
        ("video_note", "[video message]"),
        ("photo", "[photo]"),
        ("document", "[file]"),
        ("location", "[location]"),
        ("contact", "[contact]"),
    ],
)
def test_common_kinds_of_media(kind: str, expected: str) -> None:
    assert describe(message("", media(kind, 1, 0))) == expected
    assert describe(message("вот", media(kind, 1, 0))) == f"{expected} вот"


@pytest.mark.parametrize(
    ("attached", "expected"),
    [
        (document(), "[file]"),
        (document(NAMED, VIDEO), "[video]"),
        (document(ROUND), "[video message]"),
        (document(MUSIC), "[audio]"),
        (document(VOICE), "[voice message]"),
        (document(STICKER), "[sticker 👍]"),
        (document(BARE_STICKER), "[sticker]"),
        (types.MessageMediaDocument(), "[file]"),
        (types.MessageMediaDice(value=6, emoticon="🎲"), "[dice 🎲]"),
        (types.MessageMediaGeoLive(geo=POINT, period=1), "[location]"),
        (types.MessageMediaUnsupported(), "[attachment]"),
        (types.MessageMediaEmpty(), "[attachment]"),
    ],
)
def test_other_kinds_of_media(attached: object, expected: str) -> None:
    assert describe(message("", attached)) == expected


def test_plain_text_is_unchanged_except_for_nul() -> None:
    assert describe(message("Здравствуйте!")) == "Здравствуйте!"
    assert describe(message("")) == ""
    assert describe(message("a\0b")) == "ab"


def test_a_link_preview_is_not_an_attachment() -> None:
    preview = types.MessageMediaWebPage(webpage=types.WebPageEmpty(id=1))
    assert describe(message("https://example.com", preview)) == "https://example.com"
