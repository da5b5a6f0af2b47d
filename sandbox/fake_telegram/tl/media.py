"""Media of messages: one of each kind, with the words that its sender has given."""

from collections.abc import Sequence
from typing import Literal, get_args

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.tl import odd_media
from sandbox.fake_telegram.tl.documents import FILE_REFERENCE, DocumentKind, document, photo, sound

Media = Literal[
    DocumentKind,
    "photo",
    "location",
    "live_location",
    "venue",
    "contact",
    "poll",
    "quiz",
    "todo",
    "dice",
    "game",
    "invoice",
    "link_preview",
    odd_media.OddKind,
]
KINDS: tuple[str, ...] = get_args(Media)
SIZE = 2048
_PLACES = ("location", "live_location", "venue")

__all__ = ["FILE_REFERENCE", "KINDS", "Media", "media", "sound"]


def media(kind: str, message_id: int, date: int, size: int = SIZE, details: Sequence[str] = ()) -> TLObject:
    """Return the MessageMedia of this kind; only spoken media have a file, of `size` bytes."""
    if kind in get_args(DocumentKind):
        return document(kind, message_id, date, size, details)
    if kind in get_args(odd_media.OddKind):
        return odd_media.odd(kind, message_id, date, details)
    if kind == "photo":
        return photo(message_id, date)
    makers = {"contact": _contact, "poll": _poll, "quiz": _poll, "todo": _todo}
    make = makers.get(kind, _place if kind in _PLACES else _entertainment)
    return make(kind, message_id, details)


def _place(kind: str, message_id: int, details: Sequence[str]) -> TLObject:
    point = raw.types.GeoPoint(long=37.6173, lat=55.7558, access_hash=message_id)
    if kind == "live_location":
        return raw.types.MessageMediaGeoLive(geo=point, period=900)
    if kind == "location":
        return raw.types.MessageMediaGeo(geo=point)
    title, address = _words(details, "Кофейня", "Тверская, 1")
    return raw.types.MessageMediaVenue(
        geo=point, title=title, address=address, provider="", venue_id="", venue_type=""
    )


def _contact(_: str, __: int, details: Sequence[str]) -> TLObject:
    name, phone = _words(details, "Контакт", "79990000000")
    return raw.types.MessageMediaContact(
        phone_number=phone, first_name=name, last_name="", vcard="", user_id=0
    )


def _poll(kind: str, message_id: int, details: Sequence[str]) -> TLObject:
    question, *options = details or ("Когда удобно?", "Сегодня", "Завтра")
    answers = [
        raw.types.PollAnswer(text=plain(text), option=str(number).encode())
        for number, text in enumerate(options)
    ]
    poll = raw.types.Poll(
        id=message_id, question=plain(question), answers=answers, hash=0, quiz=kind == "quiz" or None
    )
    return raw.types.MessageMediaPoll(poll=poll, results=raw.types.PollResults())


def _todo(_: str, __: int, details: Sequence[str]) -> TLObject:
    title, *tasks = details or ("Сделать", "Бриф", "Звонок")
    items = [raw.types.TodoItem(id=number, title=plain(text)) for number, text in enumerate(tasks, 1)]
    return raw.types.MessageMediaToDo(todo=raw.types.TodoList(title=plain(title), list=items))


def _entertainment(kind: str, message_id: int, details: Sequence[str]) -> TLObject:
    if kind == "dice":
        return raw.types.MessageMediaDice(value=6, emoticon=details[0] if details else "🎲")
    if kind == "link_preview":
        address = details[0] if details else "https://example.com/"
        page = raw.types.WebPage(id=message_id, url=address, display_url=address, hash=0)
        return raw.types.MessageMediaWebPage(webpage=page)
    title, description = _words(details, "Сайт", "Под ключ")
    if kind == "game":
        game = raw.types.Game(
            id=message_id,
            access_hash=1,
            short_name="g",
            title=title,
            description=description,
            photo=raw.types.PhotoEmpty(id=1),
        )
        return raw.types.MessageMediaGame(game=game)
    return raw.types.MessageMediaInvoice(
        title=title, description=description, currency="RUB", total_amount=100_000, start_param=""
    )


def plain(text: str) -> TLObject:
    """Return a text without entities."""
    return raw.types.TextWithEntities(text=text, entities=[])


def _words(details: Sequence[str], *usual: str) -> list[str]:
    """Return the given words, then the usual ones in place of those that are missing."""
    return [*details[: len(usual)], *usual[len(details) :]]
