"""Finding people over a real connection: by username and by phone."""

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Kind, Person, PersonFields, Privacy
from worker.domain.telegram_port import (
    AccountRestrictedError,
    CannotWriteError,
    ImportPausedError,
    Peer,
    PeerNotFoundError,
    RateLimitedError,
    TelegramUnavailableError,
)
from worker.telegram.adapter import IMPORT_PAUSE, TelegramAccount

PHONE = "+79161234501"


@pytest.mark.parametrize("username", ["anna_smirnova", "Anna_Smirnova", "ANNA_SMIRNOVA"])
async def test_usernames_are_case_insensitive(
    worker: TelegramAccount, anna_peer: Peer, username: str
) -> None:
    assert await worker.find_by_username(username) == anna_peer


async def test_a_person_is_found_by_a_collectible_username(
    telegram: Telegram, worker: TelegramAccount
) -> None:
    person = telegram.world.people.add(PersonFields(name="Борис", more_usernames=["bors"]))
    assert (await worker.find_by_username("bors")).user_id == person.id


@pytest.mark.parametrize(
    ("kind", "what"),
    [("bot", "a bot"), ("channel", "a group or a channel"), ("group", "a group or a channel")],
)
async def test_a_username_of_something_else_is_not_a_person(
    telegram: Telegram, worker: TelegramAccount, kind: Kind, what: str
) -> None:
    telegram.world.people.add(PersonFields(name="Новости", username="design_news", kind=kind))
    with pytest.raises(PeerNotFoundError, match=f"^@design_news: this is {what}"):
        await worker.find_by_username("design_news")


@pytest.mark.parametrize("username", ["nobody_has_it", "x", "дмитрий", "a b"])
async def test_an_unknown_username(worker: TelegramAccount, username: str) -> None:
    with pytest.raises(PeerNotFoundError, match=f"^@{username}: "):
        await worker.find_by_username(username)


async def test_a_deleted_account(telegram: Telegram, worker: TelegramAccount, anna: Person) -> None:
    telegram.world.people.replace(anna.model_copy(update={"kind": "deleted"}))
    with pytest.raises(PeerNotFoundError):
        await worker.find_by_username("anna_smirnova")


async def test_a_person_is_found_by_phone(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna_peer: Peer
) -> None:
    assert await worker.find_by_phone(PHONE) == anna_peer
    assert telegram.world.mailboxes[account.id].contacts == {}


async def test_a_person_is_imported(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna_peer: Peer
) -> None:
    assert await worker.import_contact(PHONE, "Анна из заявки") == anna_peer
    assert telegram.world.mailboxes[account.id].contacts == {anna_peer.user_id: "Анна из заявки"}
    await worker.delete_contacts([anna_peer])
    assert telegram.world.mailboxes[account.id].contacts == {}


@pytest.mark.parametrize(("name", "saved"), [("", PHONE), ("Анна " * 20, ("Анна " * 20)[:64].strip())])
async def test_the_name_of_an_imported_contact(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna_peer: Peer, name: str, saved: str
) -> None:
    await worker.import_contact(PHONE, name)
    assert telegram.world.mailboxes[account.id].contacts == {anna_peer.user_id: saved}


async def test_all_ways_lead_to_the_same_person(worker: TelegramAccount, anna_peer: Peer) -> None:
    assert await worker.find_by_username("anna_smirnova") == anna_peer
    assert await worker.find_by_phone(PHONE) == await worker.import_contact(PHONE, "Анна") == anna_peer


async def test_an_unknown_phone(worker: TelegramAccount) -> None:
    for look_up in (worker.find_by_phone("+79160000000"), worker.import_contact("+79160000000", "Анна")):
        with pytest.raises(PeerNotFoundError) as not_found:
            await look_up
        assert str(not_found.value) == "+7…00: no Telegram account can be found by this phone"


async def test_a_hidden_phone(telegram: Telegram, worker: TelegramAccount) -> None:
    hidden = Privacy(phone_hidden=True)
    telegram.world.people.add(PersonFields(name="Сергей", phone="+79161234505", privacy=hidden))
    for look_up in (worker.find_by_phone("+79161234505"), worker.import_contact("+79161234505", "Сергей")):
        with pytest.raises(PeerNotFoundError, match=r"^\+7…05: "):
            await look_up


async def test_some_people_are_found_only_by_an_import(telegram: Telegram, worker: TelegramAccount) -> None:
    shy = Privacy(import_only=True)
    person = telegram.world.people.add(PersonFields(name="Пётр", phone="+79161234506", privacy=shy))
    with pytest.raises(PeerNotFoundError):
        await worker.find_by_phone("+79161234506")
    assert (await worker.import_contact("+79161234506", "Пётр")).user_id == person.id


async def test_an_import_that_telegram_postpones(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer
) -> None:
    telegram.settings.imports_allowed = 0
    with pytest.raises(ImportPausedError) as later:
        await worker.import_contact(PHONE, "Анна")
    assert later.value.wait == IMPORT_PAUSE


@pytest.mark.parametrize("error", ["USER_RESTRICTED", "CHAT_RESTRICTED", "FROZEN_SOMETHING_NEW", "NEW_SPAM"])
async def test_a_refused_look_up_of_the_account_says_nothing_of_its_messages(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer, error: str
) -> None:
    for method in ("contacts.ResolveUsername", "messages.SendMessage"):
        telegram.faults.plan("error", method, code=403, message=error)
    with pytest.raises(AccountRestrictedError) as of_look_up:
        await worker.find_by_username("anna")
    with pytest.raises(AccountRestrictedError) as of_message:
        await worker.send(anna_peer, "Здравствуйте!", 1)
    assert not of_look_up.value.stops_sending
    assert of_message.value.stops_sending


@pytest.mark.parametrize("method", ["contacts.ResolveUsername", "contacts.ResolvePhone"])
async def test_a_flood_wait(telegram: Telegram, worker: TelegramAccount, method: str) -> None:
    telegram.faults.plan("error", method, code=420, message="FLOOD_WAIT_64800")
    by_username = method.endswith("Username")
    look_up = worker.find_by_username("anna") if by_username else worker.find_by_phone(PHONE)
    with pytest.raises(RateLimitedError) as limited:
        await look_up
    assert limited.value.wait.total_seconds() == 64800
    assert not isinstance(limited.value, ImportPausedError)
    assert telegram.calls.counts[method] == 1


@pytest.mark.parametrize(
    ("privacy", "reason"),
    [
        (Privacy(), None),
        (Privacy(strangers_blocked=True), None),
        (Privacy(premium_only=True), "Premium"),
        (Privacy(paid_stars=50), "50 Telegram Stars"),
    ],
)
async def test_requirements_of_a_contact(
    telegram: Telegram,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    privacy: Privacy,
    reason: str | None,
) -> None:
    telegram.world.people.replace(anna.model_copy(update={"privacy": privacy}))
    if reason is None:
        await worker.check_accepts_messages(anna_peer)
        return
    with pytest.raises(CannotWriteError, match=reason):
        await worker.check_accepts_messages(anna_peer)


async def test_a_server_error_is_unavailable(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer
) -> None:
    telegram.faults.plan("error", "contacts.ResolveUsername", code=500, message="RPC_CALL_FAIL")
    with pytest.raises(TelegramUnavailableError):
        await worker.find_by_username("anna_smirnova")
    assert await worker.find_by_username("anna_smirnova") == anna_peer


async def test_access_hashes_differ_between_accounts(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer
) -> None:
    assert anna_peer.access_hash != telegram.world.access_hash(1, anna_peer.user_id)
