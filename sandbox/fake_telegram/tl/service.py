"""The actions of service messages: calls, gifts, and what people do with the chat."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.tl.documents import document
from sandbox.fake_telegram.tl.media import plain

_DAY = 24 * 60 * 60
_EVENTS: dict[str, TLObject] = {
    "pin": raw.types.MessageActionPinMessage(),
    "theme": raw.types.MessageActionSetChatTheme(theme=raw.types.ChatTheme(emoticon="🎄")),
    "ttl": raw.types.MessageActionSetMessagesTTL(period=7 * _DAY),
    "screenshot": raw.types.MessageActionScreenshotTaken(),
    "joined": raw.types.MessageActionContactSignUp(),
    "todo_done": raw.types.MessageActionTodoCompletions(completed=[1], incompleted=[]),
    # Telegram sends it only to groups: it stands for actions of later layers.
    "unknown_action": raw.types.MessageActionBoostApply(boosts=1),
}


def action(extras: Extras, message_id: int, date: int) -> TLObject:
    """Return the MessageAction of a service message; gifts carry the words of `details`."""
    if extras.service in {"call", "video_call"}:
        return _call(extras, message_id)
    if extras.service in {"gift_premium", "gift_code", "gift_stars", "star_gift"}:
        return _gift(extras, message_id, date)
    return _EVENTS[extras.service or "unknown_action"]


def _call(extras: Extras, message_id: int) -> TLObject:
    hung_up, missed = raw.types.PhoneCallDiscardReasonHangup(), raw.types.PhoneCallDiscardReasonMissed()
    return raw.types.MessageActionPhoneCall(
        call_id=message_id,
        video=extras.service == "video_call" or None,
        reason=hung_up if extras.seconds else missed,
        duration=extras.seconds or None,
    )


def _gift(extras: Extras, message_id: int, date: int) -> TLObject:
    wish = plain(extras.details[0]) if extras.details else None
    if extras.service == "gift_premium":
        return raw.types.MessageActionGiftPremium(currency="USD", amount=999, days=90, message=wish)
    if extras.service == "gift_code":
        return raw.types.MessageActionGiftCode(days=90, slug="slug", message=wish)
    if extras.service == "gift_stars":
        return raw.types.MessageActionGiftStars(currency="USD", amount=199, stars=100)
    picture = document("sticker", message_id, date, 1).document
    gift = raw.types.StarGift(id=1, sticker=picture, stars=50, convert_stars=40)
    return raw.types.MessageActionStarGift(gift=gift, message=wish)
