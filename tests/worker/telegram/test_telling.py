"""Notices to the owner over a real connection: each arrives once, even if an answer is lost."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person
from shared.clock import Clock, utc_now
from shared.database.engine import Database
from shared.database.models import WebhookDelivery
from tests.support.rows import add_account
from tests.worker.telegram.conftest import texts_in_chat
from worker.domain.telegram_port import TelegramUnavailableError
from worker.notifications import notices
from worker.notifications.notifier import OwnerNotifier
from worker.telegram.adapter import TelegramAccount


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.close()


async def notifier_to(
    chat: str, database: Database, worker: TelegramAccount, clock: Clock = utc_now
) -> OwnerNotifier:
    """Make a notifier that has one notice to send at once."""
    notifier = OwnerNotifier(
        database,
        await add_account(database),
        worker,
        clock,
        chat,
        "ru",
        60,
        ZoneInfo("Europe/Moscow"),
        model_trouble=lambda: None,
        may_send=lambda: True,
        bundle_after=timedelta(),
    )
    async with database.writing() as session:
        await notices.add(session, "event:1", "Лид 1, Анна: ссылка отправлена.", now=utc_now())
    return notifier


@pytest.mark.parametrize("on_repeat", ["first", "error_400", "error_500"])
async def test_a_notice_is_sent_once_if_its_answer_is_lost(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    database: Database,
    on_repeat: str,
) -> None:
    telegram.settings.on_repeat = on_repeat
    notifier = await notifier_to("anna_smirnova", database, worker)
    telegram.faults.plan("drop_after", "messages.SendMessage")
    with pytest.raises(TelegramUnavailableError):
        await notifier.run_once()
    await notifier.run_once()
    await notifier.run_once()
    assert texts_in_chat(telegram, account, anna) == ["Лид 1, Анна: ссылка отправлена."]


async def test_a_notice_to_saved_messages(
    telegram: Telegram, account: Account, worker: TelegramAccount, database: Database
) -> None:
    notifier = await notifier_to("me", database, worker)
    await notifier.run_once()
    own = telegram.world.chat(account.id, account.id)
    assert [message.text for message in own.messages] == ["Лид 1, Анна: ссылка отправлена."]


async def test_refused_calls_are_told_in_saved_messages(
    telegram: Telegram, account: Account, worker: TelegramAccount, database: Database
) -> None:
    now = [utc_now()]
    notifier = await notifier_to("me", database, worker, lambda: now[0])
    now[0] = utc_now()
    await notifier.run_once()
    refused = {"received_at": now[0], "outcome": "refused", "error": "the body is over 256 KiB", "body": ""}
    async with database.writing() as session:
        session.add_all(
            [WebhookDelivery(source=source, **refused) for source in ("tilda", "tilda", "albato")]
        )
    now[0] += timedelta(minutes=1)
    await notifier.run_once()
    await notifier.run_once()
    *_, last = telegram.world.chat(account.id, account.id).messages
    assert last.text == (
        "Не удалось прочитать 3 обращения с форм (tilda: 2, albato: 1)."
        " Последняя причина: форма больше 256 КиБ. Посмотреть: GET /deliveries?outcome=refused;"
        " после исправления: POST /deliveries/3/replay"
    )
    assert len(telegram.world.chat(account.id, account.id).messages) == 2
