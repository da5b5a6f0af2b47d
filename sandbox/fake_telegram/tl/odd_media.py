"""Media that are rare, or that make careless parsers fail: unknown people, missing parts, no file."""

from collections.abc import Sequence
from typing import Literal

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.tl.documents import document, photo

OddKind = Literal[
    "photo_without_sizes",
    "expired_photo",
    "expired_voice",
    "story",
    "giveaway",
    "giveaway_results",
    "paid_media",
    "unsupported",
    "no_media",
]
# No user and no channel of the server has these ids.
UNKNOWN_USER, UNKNOWN_CHANNEL = 6_999_999_999, 1_999_999_999
_BARE = {
    "expired_photo": raw.types.MessageMediaPhoto(ttl_seconds=10),
    "expired_voice": raw.types.MessageMediaDocument(voice=True, ttl_seconds=10),
    "paid_media": raw.types.MessageMediaPaidMedia(
        stars_amount=5, extended_media=[raw.types.MessageExtendedMediaPreview(w=1, h=1)]
    ),
    "no_media": raw.types.MessageMediaEmpty(),
    "unsupported": raw.types.MessageMediaUnsupported(),
}


def odd(kind: str, message_id: int, date: int, details: Sequence[str]) -> TLObject:
    """Return the MessageMedia of this kind."""
    if kind == "photo_without_sizes":
        return photo(message_id, date, has_sizes=False)
    if kind in {"giveaway", "giveaway_results"}:
        return _giveaway(kind, date, details)
    if kind == "story":
        return _story(date, details)
    return _BARE[kind]


def _giveaway(kind: str, date: int, details: Sequence[str]) -> TLObject:
    if kind == "giveaway":
        return raw.types.MessageMediaGiveaway(
            channels=[UNKNOWN_CHANNEL],
            quantity=3,
            until_date=date,
            prize_description=details[0] if details else None,
        )
    return raw.types.MessageMediaGiveawayResults(
        channel_id=UNKNOWN_CHANNEL,
        launch_msg_id=1,
        winners_count=1,
        unclaimed_count=0,
        winners=[UNKNOWN_USER],
        until_date=date,
    )


def _story(date: int, details: Sequence[str]) -> TLObject:
    story = raw.types.StoryItem(
        id=1,
        date=date,
        expire_date=date + 86_400,
        media=document("video", 1, date, 1),
        caption=details[0] if details else None,
    )
    owner = raw.types.PeerUser(user_id=UNKNOWN_USER)
    return raw.types.MessageMediaStory(peer=owner, id=1, story=story)
