"""Updates become arrivals: reactions, calls, notes, and what is dropped."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pyrogram import raw

from worker.domain.telegram_port import Deleted, Incoming, NameChanged, Note, Outgoing, Reaction
from worker.telegram.updates.arrivals import read_message, read_update
from worker.telegram.updates.batches import unpack
from worker.telegram.updates.people import SERVICE_ACCOUNT, by_id, sender_of

types = raw.types
OWN, ANNA = 1, 2
DATE = 1_800_000_000
AT = datetime.fromtimestamp(DATE, UTC)
LATER = datetime.fromtimestamp(DATE + 60, UTC)


def message(text: str = "да", **fields: Any) -> Any:  # noqa: ANN401
    usual: dict[str, Any] = {"id": 5, "peer_id": types.PeerUser(user_id=ANNA), "date": DATE, "message": text}
    return types.Message(**usual | fields)


def service(action: Any, **fields: Any) -> Any:  # noqa: ANN401
    usual: dict[str, Any] = {"id": 5, "peer_id": types.PeerUser(user_id=ANNA), "date": DATE}
    return types.MessageService(**usual | fields, action=action)


def new(one: Any) -> list:  # noqa: ANN401
    return read_update(types.UpdateNewMessage(message=one, pts=1, pts_count=1), OWN)


def edited(one: Any) -> list:  # noqa: ANN401
    return read_update(types.UpdateEditMessage(message=one, pts=1, pts_count=1), OWN)


def by(user_id: int, reaction: Any, date: int = DATE + 60) -> Any:  # noqa: ANN401
    return types.MessagePeerReaction(peer_id=types.PeerUser(user_id=user_id), date=date, reaction=reaction)


def reactions(*recent: Any, counts: Any = ()) -> Any:  # noqa: ANN401
    return types.MessageReactions(results=list(counts), recent_reactions=list(recent) or None)


THUMB, HEART = types.ReactionEmoji(emoticon="👍"), types.ReactionEmoji(emoticon="❤")
CUSTOM = types.ReactionCustomEmoji(document_id=7)


@pytest.mark.parametrize(
    ("given", "emoji"),
    [
        (reactions(by(ANNA, THUMB)), "👍"),
        (reactions(by(ANNA, THUMB), by(ANNA, HEART)), "👍 ❤"),
        (reactions(by(ANNA, CUSTOM)), "custom emoji"),
        (reactions(by(ANNA, types.ReactionPaid())), "⭐"),
        (reactions(by(ANNA, types.ReactionEmpty())), "ReactionEmpty"),
        (reactions(by(OWN, THUMB)), ""),
        (reactions(by(OWN, THUMB), by(ANNA, HEART)), "❤"),
        # Without the list of authors: what is not ours is theirs.
        (reactions(counts=[types.ReactionCount(reaction=THUMB, count=1)]), "👍"),
        (reactions(counts=[types.ReactionCount(reaction=THUMB, count=1, chosen_order=0)]), ""),
        (reactions(counts=[types.ReactionCount(reaction=THUMB, count=2, chosen_order=0)]), "👍"),
        (reactions(), ""),
    ],
)
def test_a_reaction_in_each_form(given: Any, emoji: str) -> None:  # noqa: ANN401
    ours = message("Удобно?", out=True, edit_hide=True, edit_date=DATE + 60, reactions=given)
    told = types.UpdateMessageReactions(peer=types.PeerUser(user_id=ANNA), msg_id=5, reactions=given)
    (by_edit,), (by_update,) = edited(ours), read_update(told, OWN)
    assert by_edit == Reaction(ANNA, 5, emoji, LATER, "Удобно?")
    assert (by_update.user_id, by_update.message_id, by_update.emoji) == (ANNA, 5, emoji)
    # In the history the message of ours comes with it.
    assert read_message(ours, OWN) == [Outgoing(ANNA, 5, "Удобно?", AT), by_edit]


def test_a_reaction_on_their_own_message_is_no_edit_of_it() -> None:
    theirs = message(edit_hide=True, edit_date=DATE + 60, reactions=reactions(by(ANNA, HEART)))
    assert edited(theirs) == [Reaction(ANNA, 5, "❤", LATER, "да")]
    assert edited(message("нет", edit_date=DATE + 60)) == [Incoming(ANNA, 5, "нет", AT, edited=True)]


def test_reactions_of_groups_are_dropped() -> None:
    for peer in (types.PeerChat(chat_id=3), types.PeerChannel(channel_id=3)):
        told = types.UpdateMessageReactions(peer=peer, msg_id=5, reactions=reactions(by(ANNA, THUMB)))
        assert read_update(told, OWN) == []
        assert new(message(peer_id=peer, from_id=types.PeerUser(user_id=ANNA))) == []


MISSED = types.MessageActionPhoneCall(call_id=1, reason=types.PhoneCallDiscardReasonMissed())
TALKED = types.MessageActionPhoneCall(call_id=1, duration=120)
GIFT = types.MessageActionGiftStars(currency="USD", amount=1, stars=5)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (service(MISSED), Incoming(ANNA, 5, "[missed call]", AT)),
        # A human of ours has answered on another device.
        (service(TALKED), Outgoing(ANNA, 5, "[call, 2 min]", AT)),
        (service(TALKED, out=True), Outgoing(ANNA, 5, "[call, 2 min]", AT)),
        (service(MISSED, out=True), Outgoing(ANNA, 5, "[call, not answered]", AT)),
        (service(GIFT), Incoming(ANNA, 5, "[gift: 5 Stars]", AT)),
        (service(GIFT, out=True), Outgoing(ANNA, 5, "[gift: 5 Stars]", AT)),
        (
            service(types.MessageActionPinMessage()),
            Incoming(ANNA, 5, "[pinned a message]", AT, needs_answer=False),
        ),
        (
            service(types.MessageActionBoostApply(boosts=1)),
            Incoming(ANNA, 5, "[message of type MessageActionBoostApply]", AT),
        ),
    ],
)
def test_service_messages(one: Any, expected: object) -> None:  # noqa: ANN401
    assert new(one) == [expected]
    assert edited(one) == []


def test_what_our_account_did_without_words_is_no_takeover() -> None:
    for action in (types.MessageActionPinMessage(), types.MessageActionSetMessagesTTL(period=86_400)):
        assert new(service(action, out=True)) == []
    assert new(message(out=True, offline=True)) == []
    assert edited(message(out=True, edit_date=DATE)) == []


def test_a_reply_names_the_message_unless_it_quotes_it() -> None:
    (plain,) = new(message(reply_to=types.MessageReplyHeader(reply_to_msg_id=4)))
    assert (plain.reply_to, plain.text) == (4, "да")
    (quoted,) = new(message(reply_to=types.MessageReplyHeader(reply_to_msg_id=4, quote_text="Удобно?")))
    assert (quoted.reply_to, quoted.text) == (None, "[reply to “Удобно?”] да")
    elsewhere = types.MessageReplyHeader(reply_to_msg_id=4, reply_to_peer_id=types.PeerUser(user_id=9))
    assert new(message(reply_to=elsewhere))[0].reply_to is None


def test_notes_tell_if_they_hold_more_than_text() -> None:
    own = {"peer_id": types.PeerUser(user_id=OWN)}
    link = types.MessageEntityTextUrl(offset=0, length=2, url="https://example.com")
    bold = types.MessageEntityBold(offset=0, length=2)
    preview = types.MessageMediaWebPage(webpage=types.WebPageEmpty(id=1))
    rich = types.RichMessage(
        blocks=[types.PageBlockParagraph(text=types.TextPlain(text="17: да"))], photos=[], documents=[]
    )
    for fields, has_more in (
        ({}, False),
        ({"entities": [bold]}, False),
        ({"media": preview}, False),
        ({"entities": [link]}, True),
        ({"media": types.MessageMediaPhoto()}, True),
        ({"media": types.MessageMediaUnsupported()}, True),
    ):
        assert new(message("17: да", **own, **fields)) == [Note(5, "17: да", has_more)]
    assert new(message("", **own, rich_message=rich)) == [Note(5, "17: да", has_more=True)]
    forwarded = types.MessageFwdHeader(date=DATE)
    assert new(message("17: да", **own, fwd_from=forwarded)) == []


def test_other_updates_of_people() -> None:
    assert read_update(types.UpdateDeleteMessages(messages=[1, 2], pts=1, pts_count=2), OWN) == [
        Deleted((1, 2))
    ]
    renamed = types.UpdateUserName(user_id=ANNA, first_name="А", last_name="", usernames=[])
    assert read_update(renamed, OWN) == [NameChanged(ANNA)]
    assert read_update(types.UpdateUserPhone(user_id=ANNA, phone="7"), OWN) == [NameChanged(ANNA)]
    assert read_update(types.UpdateUserStatus(user_id=ANNA, status=types.UserStatusRecently()), OWN) == []


def test_the_sender_is_told() -> None:
    user = types.User(
        id=ANNA,
        access_hash=9,
        first_name="Анна",
        last_name="С.",
        phone="79161234567",
        usernames=[
            types.Username(username="anna", active=True, editable=True),
            types.Username(username="sold", active=None),
        ],
    )
    found = read_message(message(), OWN, by_id([user, types.UserEmpty(id=3)]))[0].sender
    assert (found.access_hash, found.usernames, found.phone) == (9, ("anna",), "79161234567")
    assert (found.name, found.is_person) == ("Анна С.", True)
    assert new(message())[0].sender is None
    for other in (
        types.User(id=ANNA, access_hash=9, bot=True, bot_info_version=1),
        types.User(id=ANNA, deleted=True),
        types.User(id=SERVICE_ACCOUNT, access_hash=9),
    ):
        told = sender_of(other.id, by_id([other]))
        assert told is not None
        assert not told.is_person
    shortened = sender_of(ANNA, by_id([types.User(id=ANNA, access_hash=9, min=True)]))
    assert shortened is not None
    assert shortened.access_hash is None


def test_an_unreadable_update_costs_only_itself() -> None:
    broken: Any = types.UpdateNewMessage(message=message(date=None), pts=1, pts_count=1)
    assert read_update(broken, OWN) == []
    assert new(message(reactions=reactions(by(ANNA, THUMB), object()))) == [
        Incoming(ANNA, 5, "да", AT),
    ]


def test_containers_of_updates() -> None:
    one = types.UpdateNewMessage(message=message(), pts=1, pts_count=1)
    elsewhere = types.UpdateNewChannelMessage(
        message=message(peer_id=types.PeerChannel(channel_id=3)), pts=1, pts_count=1
    )
    whole = types.Updates(updates=[elsewhere, one], users=[], chats=[], date=DATE, seq=0)
    assert unpack(whole).updates == (one,)
    assert unpack(types.UpdateShort(update=one, date=DATE)).updates == (one,)
    link = types.MessageEntityTextUrl(offset=0, length=2, url="https://example.com")
    short = types.UpdateShortMessage(
        id=5, user_id=ANNA, message="да", pts=1, pts_count=1, date=DATE, entities=[link]
    )
    (update,) = unpack(short).updates
    assert read_update(update, OWN) == [Incoming(ANNA, 5, "да (https://example.com)", AT)]
    assert unpack(types.UpdatesTooLong()).updates == ()
