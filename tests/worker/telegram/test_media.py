"""Descriptions of messages: each kind of content as it is stored."""

from collections.abc import Sequence
from typing import Any

import pytest
from pyrogram import raw

from sandbox.fake_telegram.state.extras import Extras, ServiceKind
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.tl import messages as tl
from sandbox.fake_telegram.tl.media import KINDS
from tests.worker.telegram.wire_messages import ACCOUNT, PERSON, from_sandbox, message, over_the_wire
from worker.domain.telegram_port import Incoming
from worker.telegram.content.description import describe, describe_service
from worker.telegram.content.money import amount
from worker.telegram.updates.arrivals import read_message

types = raw.types


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("sticker", [], "[sticker 👍]"),
        ("sticker", ["🔥"], "[sticker 🔥]"),
        ("voice", [], "[voice message]"),
        ("expired_voice", [], "[voice message]"),
        ("video_note", [], "[video message]"),
        ("audio", [], "[audio]"),
        ("audio", ["интервью.mp3"], "[audio: интервью.mp3]"),
        ("video", [], "[video]"),
        ("video", ["обзор.mp4"], "[video: обзор.mp4]"),
        ("gif", [], "[GIF]"),
        ("document", ["прайс.pdf"], "[file: прайс.pdf]"),
        ("document", ["смета [v2].xlsx"], "[file: смета (v2).xlsx]"),
        ("photo", [], "[photo]"),
        ("photo_without_sizes", [], "[photo]"),
        ("expired_photo", [], "[photo]"),
        ("location", [], "[place: 55.7558, 37.6173]"),
        ("live_location", [], "[live place: 55.7558, 37.6173]"),
        ("venue", ["Кофейня", "Тверская, 1"], "[place: Кофейня, Тверская, 1]"),
        ("contact", ["Пётр", "79161234567"], "[contact: Пётр, +79161234567]"),
        ("contact", ["Пётр", "+7 916 123-45-67"], "[contact: Пётр, +7 916 123-45-67]"),
        ("poll", ["Когда?", "Сегодня", "Завтра"], "[poll: Когда? / Сегодня / Завтра]"),
        ("quiz", ["2 × 2?", "4", "5"], "[quiz: 2 × 2? / 4 / 5]"),
        ("todo", ["Сделать", "Бриф", "Звонок"], "[to-do list: Сделать / Бриф / Звонок]"),
        ("dice", [], "[dice 🎲]"),
        ("game", ["Тетрис", "Быстрее"], "[game: Тетрис / Быстрее]"),
        ("invoice", ["Сайт", "Под ключ"], "[invoice: Сайт / Под ключ / 1000.00 RUB]"),
        ("story", [], "[story]"),
        ("story", ["Наш офис"], "[story: Наш офис]"),
        ("giveaway", [], "[giveaway: 3 prizes]"),
        ("giveaway", ["iPhone"], "[giveaway: iPhone / 3 prizes]"),
        ("giveaway_results", [], "[giveaway results: 1 winners]"),
        ("paid_media", [], "[paid media: 5 Stars / photo]"),
        ("unsupported", [], "[message of type MessageMediaUnsupported]"),
        ("no_media", [], "[message of type MessageMediaEmpty]"),
        ("link_preview", ["https://example.com/"], "[link: https://example.com/]"),
    ],
)
def test_media_is_described_with_its_content(kind: str, details: Sequence[str], expected: str) -> None:
    assert describe(from_sandbox("", kind, details=list(details))) == expected
    if kind != "link_preview":
        assert describe(from_sandbox("вот", kind, details=list(details))) == f"{expected} вот"


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_media_is_empty_or_unknown(kind: str) -> None:
    described = describe(from_sandbox("", kind))
    assert described.startswith("[")
    assert ("of type" in described) is (kind in {"unsupported", "no_media"})


@pytest.mark.parametrize(
    ("service", "extras", "expected"),
    [
        ("call", {}, "[missed call]"),
        ("call", {"seconds": 42}, "[call, 42 s]"),
        ("call", {"seconds": 125}, "[call, 2 min]"),
        ("video_call", {}, "[missed video call]"),
        ("video_call", {"seconds": 60}, "[video call, 1 min]"),
        ("gift_premium", {"details": ["Спасибо!"]}, "[gift: Telegram Premium, 90 days] Спасибо!"),
        ("gift_code", {}, "[gift: code of Telegram Premium, 90 days]"),
        ("gift_stars", {}, "[gift: 100 Stars]"),
        ("star_gift", {"details": ["Вам"]}, "[gift: 50 Stars] Вам"),
        ("pin", {}, "[pinned a message]"),
        ("theme", {}, "[changed the theme of the chat]"),
        ("ttl", {}, "[changed the auto-delete timer: 7 days]"),
        ("screenshot", {}, "[took a screenshot]"),
        ("joined", {}, "[joined Telegram]"),
        ("todo_done", {}, "[to-do list: 1 done, 0 not done]"),
        ("unknown_action", {}, "[message of type MessageActionBoostApply]"),
    ],
)
def test_service_messages_are_described(service: ServiceKind, extras: dict, expected: str) -> None:
    assert describe_service(from_sandbox(service=service, **extras)).text == expected


def test_who_was_called_and_what_needs_no_answer() -> None:
    missed = describe_service(from_sandbox(service="call"))
    talked = describe_service(from_sandbox(service="call", seconds=90))
    assert (missed.talked, missed.is_event, missed.is_personal) == (False, False, True)
    assert talked.talked
    assert describe_service(from_sandbox(service="pin")).is_event
    request = types.MessageActionNoForwardsRequest(prev_value=False, new_value=True)
    asked = types.MessageService(id=1, peer_id=PERSON, date=1, action=request)
    assert describe_service(asked).is_event
    assert not describe_service(from_sandbox(service="unknown_action")).is_event
    unanswered = Message(1, 2, out=True, text="", date=1, extras=Extras(service="call"))
    assert describe_service(tl.message(ACCOUNT, unanswered)).text == "[call, not answered]"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (types.MessageActionConferenceCall(call_id=1, missed=True), "[missed call]"),
        (types.MessageActionConferenceCall(call_id=1, duration=3600), "[call, 60 min]"),
        (
            types.MessageActionPrizeStars(stars=5, transaction_id="", boost_peer=PERSON, giveaway_msg_id=1),
            "[prize: 5 Stars]",
        ),
        (
            types.MessageActionGiftTon(
                currency="USD", amount=1, crypto_currency="TON", crypto_amount=1_500_000_000
            ),
            "[gift: 1.5 TON]",
        ),
        (
            types.MessageActionTodoAppendTasks(
                list=[types.TodoItem(id=1, title=types.TextWithEntities(text="Логотип", entities=[]))]
            ),
            "[to-do list: added / Логотип]",
        ),
        (types.MessageActionPaymentSent(currency="XTR", total_amount=10), "[payment: 10 Stars]"),
        (types.MessageActionCustomAction(message="Запись звонка"), "[service message] Запись звонка"),
        (types.MessageActionHistoryClear(), "[cleared the history]"),
        (
            types.MessageActionNoForwardsRequest(prev_value=False, new_value=True),
            "[asked to change the protection of the chat]",
        ),
        (types.MessageActionEmpty(), "[message of type MessageActionEmpty]"),
    ],
)
def test_other_service_messages(action: Any, expected: str) -> None:  # noqa: ANN401
    done = types.MessageService(id=1, peer_id=PERSON, date=1, action=action)
    assert describe_service(over_the_wire(done)).text == expected


def test_links_behind_words_are_shown() -> None:
    links = {"сайт": "https://example.com/a", "тут": "https://example.com/b"}
    shown = describe(from_sandbox("😀 наш сайт и ТЗ тут.", links=links))
    assert shown == "😀 наш сайт (https://example.com/a) и ТЗ тут (https://example.com/b)."
    same = {"https://example.com": "https://example.com/"}
    assert describe(from_sandbox("https://example.com", links=same)) == "https://example.com"
    captioned = describe(from_sandbox("ТЗ тут", "photo", links=links))
    assert captioned == "[photo] ТЗ тут (https://example.com/b)"


def test_a_quote_and_a_story_that_are_replied_to() -> None:
    quoted = from_sandbox("Да", reply_to=7, quote="Удобно созвониться?")
    assert describe(quoted) == "[reply to “Удобно созвониться?”] Да"
    assert describe(from_sandbox("Класс", to_story=True)) == "[reply to a story] Класс"
    # Which message it is, the database knows.
    assert describe(from_sandbox("Да", reply_to=7)) == "Да"
    both = from_sandbox("", "voice", reply_to=7, quote="Можно [голосом]?")
    assert describe(both) == "[reply to “Можно (голосом)?”] [voice message]"


def test_an_album() -> None:
    assert describe(from_sandbox("Наш офис", "photo", album=1)) == "[photo of an album] Наш офис"
    named = from_sandbox("", "document", album=1, details=["a.pdf"])
    assert describe(named) == "[file of an album: a.pdf]"


def test_plain_text_is_unchanged_except_for_nul() -> None:
    assert describe(message("Здравствуйте!")) == "Здравствуйте!"
    assert describe(message("a\0b")) == "ab"


def test_a_message_without_anything_is_named_by_its_type() -> None:
    assert describe(message("")) == "[message of type Message]"


def test_a_link_preview_is_not_an_attachment() -> None:
    preview = types.MessageMediaWebPage(webpage=types.WebPageEmpty(id=1))
    assert describe(message("https://example.com", preview)) == "https://example.com"


class MessageMediaOfTomorrow:
    """A type that no table knows."""


class BrokenRichMessage:
    """A rich message without the fields of one."""


def test_content_that_cannot_be_read_is_named_by_its_type() -> None:
    # No layer has these: they cannot come over the wire.
    unknown: Any = types.Message(id=1, peer_id=PERSON, date=1, message="вот", media=MessageMediaOfTomorrow())
    assert describe(unknown) == "[message of type MessageMediaOfTomorrow] вот"
    broken: Any = types.Message(
        id=1, peer_id=PERSON, date=1, message="вот", media=types.MessageMediaPoll(poll=None, results=None)
    )
    assert describe(broken) == "[message of type MessageMediaPoll] вот"
    rich: Any = types.Message(id=1, peer_id=PERSON, date=1, message="вот", rich_message=BrokenRichMessage())
    assert describe(rich) == "[rich message] вот"
    service: Any = types.MessageService(id=1, peer_id=PERSON, date=1, action=MessageMediaOfTomorrow())
    assert describe_service(service).text == "[message of type MessageMediaOfTomorrow]"


def test_a_contact_card_with_several_numbers() -> None:
    card = """BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Пётр\r\nTEL;MOBILE:+7 (916) 123-45-67\r\n
item1.TEL;type=WORK:+74951234567\r\nTEL;VALUE=uri:tel:+79260000000\r\nEMAIL;HOME:petr@example.com\r\nEND:VCARD"""
    contact = types.MessageMediaContact(
        phone_number="79161234567", first_name="Пётр", last_name="", vcard=card, user_id=0
    )
    others = "+74951234567, +79260000000, petr@example.com"
    assert describe(message(attached=contact)) == f"[contact: Пётр, +79161234567, {others}]"


def test_a_message_that_cannot_be_read_whole_hides_no_other() -> None:
    broken: Any = types.Message(id=2, peer_id=PERSON, date=1, message="вот", rich_message=BrokenRichMessage())
    (read,) = read_message(broken, 7)
    assert isinstance(read, Incoming)
    assert (read.text, read.message_id, read.note) == ("[rich message] вот", 2, None)
    assert read_message(types.MessageEmpty(id=3, peer_id=PERSON), 7) == []


@pytest.mark.parametrize("name", [name for name in dir(types) if name.startswith("MessageMedia")])
def test_every_type_of_media_is_described_even_without_its_fields(name: str) -> None:
    kind = getattr(types, name)
    empty = kind.__new__(kind)
    for slot in kind.__slots__:
        setattr(empty, slot, None)
    plain = types.Message(id=1, peer_id=PERSON, date=1, message="вот", media=empty)
    assert describe(plain).endswith("вот")


@pytest.mark.parametrize("name", [name for name in dir(types) if name.startswith("MessageAction")])
def test_every_type_of_action_is_described_even_without_its_fields(name: str) -> None:
    kind = getattr(types, name)
    empty = kind.__new__(kind)
    for slot in kind.__slots__:
        setattr(empty, slot, None)
    service = types.MessageService(id=1, peer_id=PERSON, date=1, action=empty)
    assert describe_service(service).text.startswith("[")


@pytest.mark.parametrize(
    ("number", "currency", "expected"),
    [(1050, "RUB", "10.50 RUB"), (500, "JPY", "500 JPY"), (7, "XTR", "7 Stars"), (10**9, "TON", "1 TON")],
)
def test_amounts(number: int, currency: str, expected: str) -> None:
    assert amount(number, currency) == expected


ANNA = types.User(id=7, access_hash=1, first_name="Анна", last_name="К.")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"from_name": "Пётр [x]"}, "[forwarded from Пётр (x)] да"),
        ({"from_id": types.PeerUser(user_id=7)}, "[forwarded from Анна К.] да"),
        ({"from_id": types.PeerUser(user_id=8)}, "[forwarded] да"),
        (
            {"from_id": types.PeerChannel(channel_id=3), "post_author": "Редакция"},
            "[forwarded from Редакция] да",
        ),
        ({"from_id": types.PeerChannel(channel_id=3)}, "[forwarded from a channel] да"),
        # Their own words, forwarded from another chat.
        ({"from_id": PERSON}, "да"),
    ],
)
def test_forwarded_messages(header: dict[str, Any], expected: str) -> None:
    forwarded = message("да", fwd_from=types.MessageFwdHeader(date=1, **header))
    assert describe(forwarded, {7: ANNA}) == expected
