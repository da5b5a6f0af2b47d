"""Describes service messages: calls, gifts, and what a person did in the chat. Pure."""

from dataclasses import dataclass
from typing import Any

from pyrogram import raw

from worker.domain.content_markers import clean, mark
from worker.telegram.content.attachments import task_titles, unknown
from worker.telegram.content.entities import with_links
from worker.telegram.content.money import amount, stars

types = raw.types

_MINUTE = 60
_DAY = 24 * 60 * 60
# Things that people do with the chat itself. They need no answer.
_CHAT_EVENTS: dict[type[Any], str] = {
    types.MessageActionPinMessage: "[pinned a message]",
    types.MessageActionHistoryClear: "[cleared the history]",
    types.MessageActionContactSignUp: "[joined Telegram]",
    types.MessageActionScreenshotTaken: "[took a screenshot]",
    types.MessageActionSetChatTheme: "[changed the theme of the chat]",
    types.MessageActionSetChatWallPaper: "[changed the wallpaper of the chat]",
    types.MessageActionNoForwardsToggle: "[changed the protection of the chat]",
    types.MessageActionNoForwardsRequest: "[asked to change the protection of the chat]",
    types.MessageActionBotAllowed: "[allowed a bot to write]",
    types.MessageActionPaidMessagesRefunded: "[got the Stars for messages back]",
    types.MessageActionPaidMessagesPrice: "[changed the price of messages]",
    types.MessageActionGeoProximityReached: "[came near to a place]",
    types.MessageActionEmpty: "[message of type MessageActionEmpty]",
}
_SUGGESTIONS: dict[type[Any], str] = {
    types.MessageActionSuggestBirthday: "[suggested a birthday]",
    types.MessageActionSuggestProfilePhoto: "[suggested a profile photo]",
}


@dataclass(frozen=True)
class Service:
    """A service message as text.

    `is_event`: it asks for no answer. `is_personal`: a call or a gift, which no program makes by itself.
    `talked`: both sides were in a call.
    """

    text: str
    is_event: bool = False
    is_personal: bool = False
    talked: bool = False


def describe_action(action: Any, *, out: bool) -> Service:
    """Describe the action of a service message; one that is not known here is named by its type."""
    event = _CHAT_EVENTS.get(type(action))
    if event is not None:
        return Service(event, is_event=True)
    match action:
        case (
            types.MessageActionPhoneCall()
            | types.MessageActionConferenceCall()
            | types.MessageActionGroupCall()
            | types.MessageActionInviteToGroupCall()
        ):
            return _call(action, out=out)
        case types.MessageActionSetMessagesTTL():
            period = f"{max(action.period // _DAY, 1)} days" if action.period else "off"
            return Service(mark("changed the auto-delete timer", period), is_event=True)
        case types.MessageActionTodoCompletions():
            done, undone = len(action.completed), len(action.incompleted)
            return Service(mark("to-do list", f"{done} done, {undone} not done"), is_event=True)
        case _:
            gift = _gift(action)
            return Service(_with_words(gift or _other(action), action), is_personal=gift is not None)


def _call(action: Any, *, out: bool) -> Service:
    kind = "video call" if getattr(action, "video", False) else "call"
    duration = getattr(action, "duration", None)
    if not duration:
        # Missed, declined, busy, or hung up before an answer.
        return Service(f"[{kind}, not answered]" if out else f"[missed {kind}]", is_personal=True)
    length = f"{round(duration / _MINUTE)} min" if duration >= _MINUTE else f"{duration} s"
    return Service(f"[{kind}, {length}]", is_personal=True, talked=True)


def _gift(action: Any) -> str | None:
    """Return the mark of a gift, without the words that come with it; None for other actions."""
    match action:
        case types.MessageActionGiftPremium():
            return mark("gift", f"Telegram Premium, {action.days} days")
        case types.MessageActionGiftCode():
            return mark("gift", f"code of Telegram Premium, {action.days} days")
        case types.MessageActionGiftStars():
            return mark("gift", f"{action.stars} Stars")
        case types.MessageActionPrizeStars():
            return mark("prize", f"{action.stars} Stars")
        case types.MessageActionGiftTon():
            return mark("gift", amount(action.crypto_amount, "TON"))
        case types.MessageActionStarGift():
            return mark("gift", getattr(action.gift, "title", None), _worth(action.gift))
        case types.MessageActionStarGiftUnique():
            number = getattr(action.gift, "num", None)
            return mark("gift", f"{getattr(action.gift, 'title', None) or 'unique'} #{number}")
        case _:
            return None


def _worth(gift: Any) -> str:
    price = getattr(gift, "stars", None)
    return f"{price} Stars" if price else ""


def _other(action: Any) -> str:
    match action:
        case types.MessageActionTodoAppendTasks():
            return mark("to-do list", "added", *task_titles(action.list))
        case types.MessageActionPollAppendAnswer() | types.MessageActionPollDeleteAnswer():
            is_added = isinstance(action, types.MessageActionPollAppendAnswer)
            return mark("poll", "added" if is_added else "removed", action.answer.text.text)
        case types.MessageActionPaymentSent() | types.MessageActionPaymentSentMe():
            return mark("payment", amount(action.total_amount, action.currency))
        case types.MessageActionPaymentRefunded():
            return mark("refund", amount(action.total_amount, action.currency))
        case types.MessageActionStarGiftPurchaseOffer():
            return mark("offer for a gift", getattr(action.gift, "title", None), stars(action.price))
        case types.MessageActionStarGiftPurchaseOfferDeclined():
            return mark("declined the offer for a gift", getattr(action.gift, "title", None))
        case types.MessageActionGameScore():
            return mark("game", f"score {action.score}")
        case types.MessageActionCustomAction():
            return f"[service message] {clean(action.message)}"
        case _:
            return _SUGGESTIONS.get(type(action)) or unknown(action)


def _with_words(described: str, action: Any) -> str:
    """Add the words that came with an action, such as the wish of a gift."""
    words = getattr(action, "message", None)
    if isinstance(words, types.TextWithEntities):
        return f"{described} {with_links(words.text, words.entities)}".strip()
    return described
