"""Changes of names and phones: who is told, and what strangers see."""

import pytest
from pyrogram import raw

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person, Privacy
from tests.sandbox.fake_telegram.clients import Listener
from tests.support.waiting import until_async


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"username": "anna_new"}, raw.types.UpdateUserName),
        ({"more_usernames": ["anna_nft"]}, raw.types.UpdateUserName),
        ({"phone": "79990001122"}, raw.types.UpdateUserPhone),
    ],
)
async def test_an_account_is_told_of_changes_of_people_in_its_chats(
    telegram: Telegram,
    account: Account,
    worker: Listener,
    anna: Person,
    change: dict[str, object],
    kind: type,
) -> None:
    telegram.world.change_person(anna.model_copy(update={"username": "before_any_chat"}))
    telegram.world.write(anna, account, "Здравствуйте")
    telegram.world.change_person(telegram.world.people[anna.id].model_copy(update=change))

    def told() -> list[raw.types.UpdateUserName]:
        return [one for one in worker.updates if isinstance(one, kind)]

    async def is_told() -> bool:
        return bool(told())

    await until_async(is_told, "the change is pushed")
    assert [one.user_id for one in told()] == [anna.id]


async def test_a_shown_phone_is_seen_by_strangers(telegram: Telegram, worker: Listener, anna: Person) -> None:
    telegram.world.change_person(anna.model_copy(update={"privacy": Privacy(phone_shown=True)}))
    found = await worker.call(raw.functions.contacts.ResolveUsername(username=anna.username))
    assert found.users[0].phone == anna.phone
