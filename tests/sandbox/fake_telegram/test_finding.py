"""Look-ups of people by username, phone and contacts."""

import pytest
from pyrogram import errors, raw

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Kind, Person, PersonFields, Privacy
from tests.sandbox.fake_telegram.clients import Listener

contacts = raw.functions.contacts
users = raw.functions.users


def entry(phone: str, tag: int = 1) -> raw.types.InputPhoneContact:
    return raw.types.InputPhoneContact(client_id=tag, phone=phone, first_name="Аня", last_name="Лид")


async def test_a_username_resolves_to_a_person(worker: Listener, anna: Person) -> None:
    found = await worker.call(contacts.ResolveUsername(username="Anna_Smirnova"))
    assert found.peer.user_id == anna.id > 2**32
    assert found.users[0].first_name == "Анна"
    assert found.users[0].phone is None


@pytest.mark.parametrize(("kind", "broadcast"), [("channel", True), ("group", False)])
async def test_a_username_resolves_to_a_channel(
    telegram: Telegram, worker: Listener, kind: Kind, broadcast: bool
) -> None:
    telegram.world.people.add(PersonFields(name="Новости", username="some_news", kind=kind))
    found = await worker.call(contacts.ResolveUsername(username="some_news"))
    assert isinstance(found.peer, raw.types.PeerChannel)
    assert (list(found.users), found.chats[0].broadcast) == ([], broadcast)


async def test_a_username_resolves_to_a_bot(telegram: Telegram, worker: Listener) -> None:
    telegram.world.people.add(PersonFields(name="Бот", username="@some_bot", kind="bot"))
    found = await worker.call(contacts.ResolveUsername(username="some_bot"))
    assert found.users[0].bot


async def test_collectible_usernames_resolve(telegram: Telegram, worker: Listener) -> None:
    fields = PersonFields(name="Оля", username="olga_long", more_usernames=["olga"])
    person = telegram.world.people.add(fields)
    found = await worker.call(contacts.ResolveUsername(username="olga"))
    assert found.peer.user_id == person.id
    assert [one.username for one in found.users[0].usernames] == ["olga_long", "olga"]


async def test_unknown_and_invalid_usernames_are_errors(
    telegram: Telegram, worker: Listener, anna: Person
) -> None:
    with pytest.raises(errors.UsernameNotOccupied):
        await worker.call(contacts.ResolveUsername(username="nobody_here"))
    with pytest.raises(errors.UsernameInvalid):
        await worker.call(contacts.ResolveUsername(username="1"))
    telegram.world.people.replace(anna.model_copy(update={"kind": "deleted"}))
    with pytest.raises(errors.UsernameNotOccupied):
        await worker.call(contacts.ResolveUsername(username="anna_smirnova"))


async def test_a_phone_resolves_to_a_person(telegram: Telegram, worker: Listener, anna: Person) -> None:
    found = await worker.call(contacts.ResolvePhone(phone="79161234501"))
    assert found.peer.user_id == anna.id
    hidden = anna.model_copy(update={"privacy": Privacy(phone_hidden=True)})
    telegram.world.people.replace(hidden)
    for phone in ("79161234501", "79160000000"):
        with pytest.raises(errors.PhoneNotOccupied):
            await worker.call(contacts.ResolvePhone(phone=phone))


async def test_a_contact_is_imported_and_deleted(telegram: Telegram, worker: Listener, anna: Person) -> None:
    answer = await worker.call(contacts.ImportContacts(contacts=[entry("+79161234501", 5)]))
    assert [(one.user_id, one.client_id) for one in answer.imported] == [(anna.id, 5)]
    assert (answer.users[0].first_name, answer.users[0].phone) == ("Аня Лид", "79161234501")
    saved = await worker.call(contacts.GetContacts(hash=0))
    assert [one.user_id for one in saved.contacts] == [anna.id]
    peer = raw.types.InputUser(user_id=anna.id, access_hash=answer.users[0].access_hash)
    await worker.call(contacts.DeleteContacts(id=[peer]))
    assert (await worker.call(contacts.GetContacts(hash=0))).contacts == []


async def test_failed_imports_are_not_errors(telegram: Telegram, worker: Listener) -> None:
    world = telegram.world
    world.people.add(PersonFields(name="А", phone="79161110001", privacy=Privacy(phone_hidden=True)))
    world.people.add(PersonFields(name="Б", phone="79161110002", privacy=Privacy(import_later=True)))
    entries = [entry("79161110001", 1), entry("79161110002", 2), entry("79161110003", 3)]
    answer = await worker.call(contacts.ImportContacts(contacts=entries))
    assert (answer.imported, list(answer.retry_contacts)) == ([], [2])


async def test_imports_are_limited(telegram: Telegram, worker: Listener, anna: Person) -> None:
    telegram.settings.imports_allowed = 1
    entries = [entry("79161110001", 1), entry("79161234501", 2)]
    answer = await worker.call(contacts.ImportContacts(contacts=entries))
    assert (answer.imported, list(answer.retry_contacts)) == ([], [2])


async def test_a_wrong_access_hash_is_an_error(telegram: Telegram, worker: Listener, anna: Person) -> None:
    wrong = raw.types.InputUser(user_id=anna.id, access_hash=1)
    assert await worker.call(users.GetUsers(id=[wrong])) == []
    with pytest.raises(errors.UserIdInvalid):
        await worker.call(users.GetFullUser(id=wrong))
    peer = raw.types.InputPeerUser(user_id=anna.id, access_hash=1)
    with pytest.raises(errors.PeerIdInvalid):
        await worker.call(raw.functions.messages.SendMessage(peer=peer, message="?", random_id=1))


async def test_get_users_returns_the_account_itself(
    telegram: Telegram, worker: Listener, anna: Person
) -> None:
    peer = await worker.peer(telegram, anna)
    them = raw.types.InputUser(user_id=peer.user_id, access_hash=peer.access_hash)
    found = await worker.call(users.GetUsers(id=[raw.types.InputUserSelf(), them]))
    assert [one.id for one in found] == [worker.client.me.id, anna.id]
    alone = await worker.call(users.GetUsers(id=[raw.types.InputUserSelf()]))
    assert alone[0].is_self


@pytest.mark.parametrize(
    ("privacy", "expected"),
    [
        (Privacy(), raw.types.RequirementToContactEmpty.ID),
        (Privacy(strangers_blocked=True), raw.types.RequirementToContactEmpty.ID),
        (Privacy(premium_only=True), raw.types.RequirementToContactPremium.ID - 2**32),
    ],
)
async def test_requirements_without_fields_arrive_as_numbers(
    telegram: Telegram, worker: Listener, privacy: Privacy, expected: int
) -> None:
    person = telegram.world.people.add(PersonFields(name="Лид", privacy=privacy))
    query = users.GetRequirementsToContact(id=[await worker.peer(telegram, person)])
    assert list(await worker.call(query)) == [expected]


async def test_a_paid_requirement_is_an_object(telegram: Telegram, worker: Listener) -> None:
    privacy = Privacy(paid_stars=25)
    person = telegram.world.people.add(PersonFields(name="Лид", privacy=privacy))
    query = users.GetRequirementsToContact(id=[await worker.peer(telegram, person)])
    assert (await worker.call(query))[0].stars_amount == 25
