"""What Telegram tells about people: their current names, and who wrote; which look-ups are believed."""

import pytest
from pyrogram import raw

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person, PersonFields, Privacy
from worker.domain.telegram_port import Peer, PeerNotFoundError
from worker.telegram.adapter import TelegramAccount
from worker.telegram.calls.profiles import person_with_phone, person_with_username


async def test_a_profile_shows_the_current_names_and_phone(
    telegram: Telegram, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    shown = {"more_usernames": ["anna_nft"], "privacy": Privacy(phone_shown=True)}
    telegram.world.people.replace(anna.model_copy(update=shown))
    profile = await worker.fetch_profile(anna_peer)
    assert profile is not None
    assert set(profile.usernames) == {anna.username, "anna_nft"}
    assert profile.phone == anna.phone
    assert profile.is_person


async def test_a_profile_of_an_unknown_person_is_none(worker: TelegramAccount, anna_peer: Peer) -> None:
    assert await worker.fetch_profile(Peer(anna_peer.user_id, 1)) is None


async def test_a_message_is_fetched_with_its_sender(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    message = telegram.world.write(anna, account, "Здравствуйте")
    telegram.world.send(account, anna, "Добрый день")
    (found,) = await worker.fetch_incoming([message.id, message.id + 1, message.id + 100])
    assert (found.text, found.user_id) == ("Здравствуйте", anna.id)
    assert found.sender is not None
    assert anna.username in found.sender.usernames
    assert found.sender.access_hash == telegram.world.access_hash(account.id, anna.id)


async def test_a_bot_is_no_person(telegram: Telegram, account: Account, worker: TelegramAccount) -> None:
    bot = telegram.world.people.add(PersonFields(name="Bot", username="a_new_bot", kind="bot"))
    message = telegram.world.write(bot, account, "Здравствуйте")
    (found,) = await worker.fetch_incoming([message.id])
    assert found.sender is not None
    assert not found.sender.is_person


async def test_typing_marks_nothing_as_read_without_a_message(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    first = telegram.world.write(anna, account, "раз")
    telegram.world.write(anna, account, "два")
    await worker.show_typing(anna_peer, None)
    assert telegram.world.chat(account.id, anna.id).unread == 2
    await worker.show_typing(anna_peer, first.id)
    assert telegram.world.chat(account.id, anna.id).unread == 1


def _user(**fields: object) -> raw.types.User:
    return raw.types.User(id=5, access_hash=7, **fields)


@pytest.mark.parametrize(
    ("fields", "is_believed"),
    [
        ({"username": "Anna"}, True),
        ({"usernames": [raw.types.Username(username="anna", active=True)]}, True),
        ({"usernames": [raw.types.Username(username="anna")]}, False),
        ({"username": "another"}, False),
        ({}, False),
    ],
)
def test_an_answer_is_believed_if_the_person_has_the_username(
    fields: dict[str, object], is_believed: bool
) -> None:
    answer = raw.types.PeerUser(user_id=5), [_user(**fields)]
    if is_believed:
        assert person_with_username(*answer, "anna") == Peer(5, 7)
    else:
        with pytest.raises(PeerNotFoundError, match="@anna"):
            person_with_username(*answer, "anna")


@pytest.mark.parametrize(
    ("phone", "is_believed"), [("79161234501", True), (None, True), ("79160000000", False)]
)
def test_an_answer_is_believed_unless_the_person_has_another_phone(
    phone: str | None, is_believed: bool
) -> None:
    answer = raw.types.PeerUser(user_id=5), [_user(phone=phone)]
    if is_believed:
        assert person_with_phone(*answer, "+79161234501") == Peer(5, 7)
    else:
        with pytest.raises(PeerNotFoundError, match="another phone"):
            person_with_phone(*answer, "+79161234501")
