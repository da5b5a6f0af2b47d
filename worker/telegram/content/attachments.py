"""Describes the media of messages. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from pyrogram import raw

from worker.domain.content_markers import clean, mark
from worker.telegram.content.documents import document
from worker.telegram.content.money import amount

types = raw.types
# Of a contact card, beside its first phone.
_MAX_OTHERS = 4


def attachment(media: Any) -> str:
    """Return the mark of a MessageMedia; one that is not known here is named by its type."""
    match media:
        case types.MessageMediaPhoto():
            return "[photo]"
        case types.MessageMediaDocument():
            return _document(media)
        case types.MessageMediaContact():
            return _contact(media)
        case types.MessageMediaPoll():
            return _poll(media.poll)
        case types.MessageMediaToDo():
            return todo_list(media.todo)
        case types.MessageMediaDice():
            return f"[dice {clean(media.emoticon)}]"
        case types.MessageMediaGeo() | types.MessageMediaGeoLive() | types.MessageMediaVenue():
            return _place(media)
        case types.MessageMediaStory():
            return mark("story", getattr(media.story, "caption", None))
        case types.MessageMediaGame():
            return mark("game", media.game.title, media.game.description)
        case _:
            return _paid(media)


def _paid(media: Any) -> str:
    match media:
        case types.MessageMediaPaidMedia():
            return mark("paid media", f"{media.stars_amount} Stars", *_extended(media.extended_media))
        case types.MessageMediaInvoice():
            price = amount(media.total_amount, media.currency)
            return mark("invoice", media.title, media.description, price)
        case types.MessageMediaGiveaway():
            return mark("giveaway", media.prize_description, f"{media.quantity} prizes")
        case types.MessageMediaGiveawayResults():
            return mark("giveaway results", media.prize_description, f"{media.winners_count} winners")
        case types.MessageMediaVideoStream():
            return "[live stream]"
        case _:
            return unknown(media)


def unknown(content: Any) -> str:
    """Return the mark of content of a type that this program does not know."""
    return f"[message of type {type(content).__name__}]"


def todo_list(todo: Any) -> str:
    """Return the mark of a to-do list: its title and its tasks."""
    return mark("to-do list", todo.title.text, *task_titles(todo.list))


def task_titles(tasks: Iterable[Any]) -> list[str]:
    """Return the titles of tasks."""
    return [task.title.text for task in tasks]


def _document(media: Any) -> str:
    if media.document is None and media.voice:
        return "[voice message]"
    if media.document is None and media.round:
        return "[video message]"
    return document(media.document)


def _contact(contact: Any) -> str:
    name = " ".join(part for part in (clean(contact.first_name), clean(contact.last_name)) if part)
    phone = clean(contact.phone_number)
    # Telegram sends the number with a plus or without one.
    number = f"+{phone}" if phone.isdigit() else phone
    others = [one for one in _of_card(contact.vcard or "") if _digits(one) != _digits(phone)]
    return mark("contact", ", ".join(part for part in (name, number, *others[:_MAX_OTHERS]) if part))


def _of_card(vcard: str) -> Iterator[str]:
    """Yield the phones and e-mail addresses of a vCard: rfc-editor.org/rfc/rfc6350."""
    for line in vcard.splitlines():
        field, _, value = line.partition(":")
        if field.partition(";")[0].rpartition(".")[2].upper() in ("TEL", "EMAIL"):
            yield clean(value.removeprefix("tel:"))


def _digits(text: str) -> str:
    """Return the digits of a phone; a text without any, such as an address, as it is."""
    return "".join(filter(str.isdigit, text)) or text


def _place(media: Any) -> str:
    known = [clean(getattr(media, field, None)) for field in ("title", "address")]
    kind = "live place" if isinstance(media, types.MessageMediaGeoLive) else "place"
    return mark(kind, ", ".join(part for part in known if part) or _coordinates(media.geo))


def _coordinates(point: Any) -> str:
    # Four decimals: about ten metres.
    return f"{point.lat:.4f}, {point.long:.4f}" if isinstance(point, types.GeoPoint) else ""


def _poll(poll: Any) -> str:
    kind = "quiz" if poll.quiz else "poll"
    return mark(kind, poll.question.text, *(answer.text.text for answer in poll.answers))


def _extended(media: Iterable[Any]) -> list[str]:
    """Name each medium behind a price: only paying shows more than its kind."""
    found = []
    for one in media:
        inner = getattr(one, "media", None)
        is_video = getattr(one, "video_duration", None) is not None
        found.append(attachment(inner).strip("[]") if inner else "video" if is_video else "photo")
    return found
