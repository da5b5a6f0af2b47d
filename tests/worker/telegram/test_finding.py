"""Finding people over the wire: by username and by phone."""

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Kind, Person, PersonFields, Privacy
from worker.domain.telegram_port import (
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
async def test_a_username_knows_no_case(worker: TelegramAccount, annas: Peer, username: str) -> None:
    assert await worker.find_by_username(username) == annas


async def test_collectible_usernames(telegram: Telegram, worker: TelegramAccount) -> None:
    person = telegram.world.people.add(PersonFields(name="Борис", more_usernames=["bors"]))
    assert (await worker.find_by_username("bors")).user_id == person.id


@pytest.mark.parametrize(
    ("kind", "what"),
    [("bot", "a bot"), ("channel", "a group or a channel"), ("group", "a group or a channel")],
)
async def test_not_a_person(telegram: Telegram, worker: TelegramAccount, kind: Kind, what: str) -> None:
    telegram.world.people.add(PersonFields(name="Новости", username="design_news", kind=kind))
    with pytest.raises(PeerNotFoundError, match=f"^@design_news: this is {what}"):
        await worker.find_by_username("design_news")


@pytest.mark.parametrize("username", ["nobody_has_it", "x", "дмитрий", "a b"])
async def test_nobody(worker: TelegramAccount, username: str) -> None:
    with pytest.raises(PeerNotFoundError, match=f"^@{username}: "):
        await worker.find_by_username(username)


async def test_a_deleted_account(telegram: Telegram, worker: TelegramAccount, anna: Person) -> None:
    telegram.world.people.replace(anna.model_copy(update={"kind": "deleted"}))
    with pytest.raises(PeerNotFoundError):
        await worker.find_by_username("anna_smirnova")


async def test_a_person_is_found_by_phone(
    telegram: Telegram, account: Account, worker: TelegramAccount, annas: Peer
) -> None:
    assert await worker.find_by_phone(PHONE) == annas
    assert telegram.world.mailboxes[account.id].contacts == {}


async def test_a_person_is_imported(
    telegram: Telegram, account: Account, worker: TelegramAccount, annas: Peer
) -> None:
    assert await worker.import_contact(PHONE, "Анна из заявки") == annas
    assert telegram.world.mailboxes[account.id].contacts == {annas.user_id: "Анна из заявки"}
    await worker.drop_contacts([annas])
    assert telegram.world.mailboxes[account.id].contacts == {}


@pytest.mark.parametrize(("name", "saved"), [("", PHONE), ("Анна " * 20, ("Анна " * 20)[:64].strip())])
async def test_how_a_contact_is_called(
    telegram: Telegram, account: Account, worker: TelegramAccount, annas: Peer, name: str, saved: str
) -> None:
    await worker.import_contact(PHONE, name)
    assert telegram.world.mailboxes[account.id].contacts == {annas.user_id: saved}


async def test_all_ways_lead_to_the_same_person(worker: TelegramAccount, annas: Peer) -> None:
    assert await worker.find_by_username("anna_smirnova") == annas
    assert await worker.find_by_phone(PHONE) == await worker.import_contact(PHONE, "Анна") == annas


async def test_an_unknown_phone(worker: TelegramAccount) -> None:
    for look_up in (worker.find_by_phone("+79160000000"), worker.import_contact("+79160000000", "Анна")):
        with pytest.raises(PeerNotFoundError) as nobody:
            await look_up
        assert str(nobody.value) == "+7…00: no Telegram account can be found by this phone"


async def test_a_hidden_phone(telegram: Telegram, worker: TelegramAccount) -> None:
    hidden = Privacy(phone_hidden=True)
    telegram.world.people.add(PersonFields(name="Сергей", phone="+79161234505", privacy=hidden))
    for look_up in (worker.find_by_phone("+79161234505"), worker.import_contact("+79161234505", "Сергей")):
        with pytest.raises(PeerNotFoundError, match=r"^\+7…05: "):
            await look_up


async def test_some_are_found_by_import_alone(telegram: Telegram, worker: TelegramAccount) -> None:
    shy = Privacy(import_only=True)
    person = telegram.world.people.add(PersonFields(name="Пётр", phone="+79161234506", privacy=shy))
    with pytest.raises(PeerNotFoundError):
        await worker.find_by_phone("+79161234506")
    assert (await worker.import_contact("+79161234506", "Пётр")).user_id == person.id


async def test_an_import_that_is_put_off(telegram: Telegram, worker: TelegramAccount, annas: Peer) -> None:
    telegram.settings.imports_allowed = 0
    with pytest.raises(ImportPausedError) as later:
        await worker.import_contact(PHONE, "Анна")
    assert later.value.wait == IMPORT_PAUSE


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
async def test_what_a_person_asks_of_strangers(
    telegram: Telegram,
    worker: TelegramAccount,
    anna: Person,
    annas: Peer,
    privacy: Privacy,
    reason: str | None,
) -> None:
    telegram.world.people.replace(anna.model_copy(update={"privacy": privacy}))
    if reason is None:
        await worker.check_open(annas)
        return
    with pytest.raises(CannotWriteError, match=reason):
        await worker.check_open(annas)


async def test_telegram_in_trouble(telegram: Telegram, worker: TelegramAccount, annas: Peer) -> None:
    telegram.faults.plan("error", "contacts.ResolveUsername", code=500, message="RPC_CALL_FAIL")
    with pytest.raises(TelegramUnavailableError):
        await worker.find_by_username("anna_smirnova")
    assert await worker.find_by_username("anna_smirnova") == annas


async def test_an_access_hash_is_of_one_account(
    telegram: Telegram, worker: TelegramAccount, annas: Peer
) -> None:
    assert annas.access_hash != telegram.world.access_hash(1, annas.user_id)
