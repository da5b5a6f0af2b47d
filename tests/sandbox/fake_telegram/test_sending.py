"""Sending: once per random_id, and only if the person's privacy allows it."""

import pytest
from pyrogram import errors, raw

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Kind, Person, PersonFields, Privacy
from tests.sandbox.fake_telegram.clients import Listener
from tests.support.waiting import until_async


def texts(telegram: Telegram, account: Account, person: Person) -> list[str]:
    return [message.text for message in telegram.world.chat(account.id, person.id).messages]


async def test_a_sent_message_has_a_short_answer(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    answer = await worker.send(telegram, anna, "Здравствуйте!", 77)
    assert isinstance(answer, raw.types.UpdateShortSentMessage)
    kept = telegram.world.chat(account.id, anna.id).messages[0]
    assert (kept.id, kept.text, kept.random_id) == (answer.id, "Здравствуйте!", 77)


async def test_a_sent_message_can_have_a_full_answer(
    telegram: Telegram, worker: Listener, anna: Person
) -> None:
    telegram.settings.send_answer = "updates"
    answer = await worker.send(telegram, anna, "Здравствуйте!", -(2**62))
    told, new = answer.updates
    assert (told.random_id, told.id) == (-(2**62), new.message.id)
    assert new.message.out
    assert {one.id for one in answer.users} == {anna.id, worker.client.me.id}


@pytest.mark.parametrize("form", ["short", "updates"])
async def test_a_repeated_random_id_returns_the_first_id(
    telegram: Telegram, account: Account, worker: Listener, anna: Person, form: str
) -> None:
    telegram.settings.send_answer = form
    first = await worker.send(telegram, anna, "раз", 5)
    second = await worker.send(telegram, anna, "два", 5)
    ids = [one.id if form == "short" else one.updates[0].id for one in (first, second)]
    assert ids[0] == ids[1]
    assert texts(telegram, account, anna) == ["раз"]


@pytest.mark.parametrize(
    ("setting", "error"),
    [("error_400", errors.RandomIdDuplicate), ("error_500", errors.RandomIdDuplicate500)],
)
async def test_a_repeated_random_id_can_be_an_error(
    telegram: Telegram,
    account: Account,
    worker: Listener,
    anna: Person,
    setting: str,
    error: type[Exception],
) -> None:
    telegram.settings.on_repeat = setting
    await worker.send(telegram, anna, "раз", 5)
    with pytest.raises(error):
        await worker.send(telegram, anna, "раз", 5)
    assert texts(telegram, account, anna) == ["раз"]


@pytest.mark.parametrize(
    ("privacy", "code", "error"),
    [
        (Privacy(strangers_blocked=True), 403, errors.UserPrivacyRestricted),
        (Privacy(premium_only=True), 403, errors.PrivacyPremiumRequired),
        (Privacy(premium_only=True), 406, errors.PrivacyPremiumRequired406),
        (Privacy(paid_stars=10), 403, errors.AllowPaymentRequired),
        (Privacy(blocked_us=True), 403, errors.UserIsBlocked),
        (Privacy(blocked_by_us=True), 403, errors.YouBlockedUser),
    ],
)
async def test_privacy_settings_refuse_messages(
    telegram: Telegram,
    account: Account,
    worker: Listener,
    privacy: Privacy,
    code: int,
    error: type[Exception],
) -> None:
    telegram.settings.privacy_code = code
    person = telegram.world.people.add(PersonFields(name="Лид", privacy=privacy))
    with pytest.raises(error):
        await worker.send(telegram, person, "Здравствуйте!", 1)
    assert texts(telegram, account, person) == []


@pytest.mark.parametrize(
    "privacy", [Privacy(strangers_blocked=True), Privacy(premium_only=True), Privacy(paid_stars=1)]
)
async def test_a_person_who_wrote_first_can_be_answered(
    telegram: Telegram, account: Account, worker: Listener, privacy: Privacy
) -> None:
    person = telegram.world.people.add(PersonFields(name="Лид", privacy=privacy))
    telegram.world.write(person, account, "Вы мне писали?")
    await worker.send(telegram, person, "Да!", 1)
    assert texts(telegram, account, person) == ["Вы мне писали?", "Да!"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("deleted", errors.InputUserDeactivated),
        ("channel", errors.ChatAdminRequired403),
        ("group", errors.ChatWriteForbidden403),
    ],
)
async def test_unwritable_peers_are_errors(
    telegram: Telegram, worker: Listener, kind: Kind, error: type[Exception]
) -> None:
    person = telegram.world.people.add(PersonFields(name="Кто-то", kind=kind))
    with pytest.raises(error):
        await worker.send(telegram, person, "Здравствуйте!", 1)


@pytest.mark.parametrize(
    ("text", "random_id", "error"),
    [
        (" ", 1, errors.MessageEmpty),
        ("ы" * 4097, 1, errors.MessageTooLong),
        ("да", 0, errors.RandomIdEmpty),
    ],
)
async def test_invalid_texts_are_errors(
    telegram: Telegram,
    worker: Listener,
    anna: Person,
    text: str,
    random_id: int,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await worker.send(telegram, anna, text, random_id)


async def test_a_scripted_person_replies(telegram: Telegram, account: Account, worker: Listener) -> None:
    fields = PersonFields(name="Лид", replies=["Сколько стоит?", ["Хорошо", "Давайте"]], delay=0.01)
    person = telegram.world.people.add(fields)
    await worker.send(telegram, person, "раз", 1)
    await until_async(lambda: worker.texts == ["Сколько стоит?"])
    await worker.send(telegram, person, "два", 2)
    await until_async(lambda: worker.texts == ["Сколько стоит?", "Хорошо", "Давайте"])
    await worker.send(telegram, person, "три", 3)
    assert len(texts(telegram, account, person)) == 6


async def test_typing_and_reading_are_accepted(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    peer = await worker.peer(telegram, anna)
    typing = raw.types.SendMessageTypingAction()
    assert await worker.call(raw.functions.messages.SetTyping(peer=peer, action=typing)) is True
    assert telegram.calls.of("messages.SetTyping")[0].person == anna.id
    telegram.world.write(anna, account, "Вопрос")
    await worker.call(raw.functions.messages.ReadHistory(peer=peer, max_id=0))
    assert telegram.world.chat(account.id, anna.id).unread == 0


async def test_an_unknown_method_is_refused_and_logged(telegram: Telegram, worker: Listener) -> None:
    with pytest.raises(errors.InputMethodInvalid):
        await worker.call(raw.functions.help.GetCdnConfig())
    call = telegram.calls.of("help.GetCdnConfig")[0]
    assert call.error == "400 INPUT_METHOD_INVALID"
