"""Notices about what the owner would not see otherwise: who waits, who was not reached, who was away."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from shared.database.engine import Database
from shared.database.faults import error_tables
from shared.database.faults.driver_errors import unavailable
from shared.database.faults.error_tables import DISK_FULL, ErrorKind, Meaning
from shared.database.models import TelegramAccount, WebhookDelivery
from shared.leads import pauses
from shared.translations import name_of_status, translate_reason
from tests.support.rows import NOW, add_account, add_lead, add_message, messages_of
from tests.worker.notifications.test_notifier import MINUTE, MOSCOW, NotifierSetup, S, account_id, setup
from tests.worker.notifications.test_owner_commands import execute, replies_to_owner
from worker.domain.telegram_port import TelegramUnavailableError
from worker.domain.wait_reasons import NO_CAPACITY
from worker.notifications.figures import quantile
from worker.queue.leases import WorkerId

HOUR = timedelta(hours=1)
# Fixtures.
assert account_id, setup


async def said(setup: NotifierSetup, later: timedelta = timedelta()) -> list[str]:
    """Run a round, and another a minute later; returns the lines that were sent."""
    texts = await setup.run_once(later) + await setup.run_once(MINUTE)
    return [line for text in texts for line in text.splitlines()]


async def test_unreachable_lead_is_reported_with_the_reason_in_plain_words(setup: NotifierSetup) -> None:
    reason = "@anna_petrova: nobody has this username; no phone was given"
    lead = await setup.add_event(S.UNREACHABLE, reason=reason)
    assert await said(setup) == [
        f"Лид {lead}, Анна: не достучались (@anna_petrova: такого имени в Telegram нет;"
        " телефона в заявке нет). Если есть другой контакт, напишите сами."
    ]


async def test_draft_is_reported_at_once_and_after_an_hour(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    lead = await add_lead(database, name="Анна", account_id=account_id, status=S.RESOLVED)
    draft: dict[str, Any] = {
        "direction": "out",
        "kind": "greeting",
        "state": "draft",
        "created_at": setup.now,
    }
    await add_message(database, lead, account_id=account_id, text="Здравствуйте, Анна!", **draft)
    assert await said(setup) == [
        f"Лид {lead.id}, Анна: черновик ждёт решения: «Здравствуйте, Анна!». Отправить: {lead.id} одобряю"
    ]
    assert await said(setup, 30 * MINUTE) == []
    assert await said(setup, HOUR) == [
        f"Лид {lead.id}, Анна: черновик ждёт больше часа: «Здравствуйте, Анна!». Отправить: {lead.id} одобряю"
    ]
    assert await said(setup, 5 * HOUR) == []


async def test_people_who_wait_for_the_limit_are_reported_once_a_day(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    setup.notifier.full_limit, setup.notifier.warmup_days = 30, 7
    async with database.writing() as session:
        await session.exec(update(TelegramAccount).values(outreach_limit=4, created_at=NOW))
    waits = {"last_error": NO_CAPACITY, "due_at": NOW + 20 * HOUR, "created_at": NOW - HOUR}
    for _ in range(3):
        await add_lead(database, **waits)
    (line,) = await said(setup)
    assert line == (
        "Ждут своей очереди: 3. Новых разговоров за сутки сейчас не больше 4, чтобы аккаунт не заблокировали;"
        " через 6 дн. — 30."
        f" Дольше всех ждёт с {(NOW - HOUR).astimezone(MOSCOW):%d.%m %H:%M}."
    )
    assert await said(setup, MINUTE) == []


async def test_other_account_whose_worker_is_away_is_reported(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    gone = await add_account(database, username="second", held_by="there", held_until=NOW - HOUR)
    await add_lead(database, account_id=gone, status=S.ENGAGED, due_at=NOW - HOUR)
    (line,) = await said(setup)
    assert line.startswith("Аккаунт @second: worker не отвечает с ")
    assert line.endswith("Ждут: 1.")
    assert await said(setup, HOUR) == []


async def test_worker_that_comes_back_says_how_long_it_was_away(database: Database) -> None:
    account = await add_account(database, username="ours")
    setup = NotifierSetup(database, account, last_alive=NOW - 150 * MINUTE)
    await add_lead(database, created_at=NOW - HOUR)
    (line,) = await said(setup)
    assert line.startswith("Worker не работал 2 ч 30 мин, с ")
    assert "За это время заявок: 1, людей написало: 0." in line
    short = NotifierSetup(database, account, last_alive=NOW - MINUTE)
    assert await said(short) == []


async def test_database_that_stored_nothing_is_reported_afterwards(setup: NotifierSetup) -> None:
    full = unavailable(DISK_FULL)
    await setup.notifier.note_failure(full)
    await setup.notifier.note_failure(TelegramUnavailableError("no connection"))
    assert setup.sent == []
    setup.now += 3 * MINUTE
    # The account lease cannot be confirmed meanwhile.
    setup.has_lease = False
    for _ in range(2):
        await setup.notifier.note_failure(full)
    (told,) = setup.sent
    assert told[-2].startswith("База данных ничего не сохраняет с 24.11 15:00: на диске базы нет места. ")
    setup.has_lease = True
    (line,) = await said(setup, 10 * MINUTE)
    assert line.startswith("База данных не принимала записи с ")
    assert "на диске базы нет места" in line
    assert await said(setup, MINUTE) == []


async def test_a_wrong_clock_and_a_full_disk_are_reported_once_a_day(
    database: Database, account_id: int
) -> None:
    clock = "this machine's clock is 600 s ahead of the database's"
    troubles = {"clock": clock, "disk": "12 MB free in /data"}
    setup = NotifierSetup(database, account_id, machine_troubles=lambda: troubles)
    line, disk = await said(setup)
    assert disk.startswith("На диске машины, где работает worker, почти нет места: свободно 12 МБ в /data.")
    assert line.startswith(
        "Часы машины, на которой работает worker, неверны: они спешат на 600 с против базы."
    )
    assert await said(setup, HOUR) == []
    again = " ".join(await said(setup, 24 * HOUR))
    assert "Часы машины" in again
    assert "На диске машины" in again


def test_every_reason_of_the_database_has_a_translation() -> None:
    meanings = [value for value in vars(error_tables).values() if isinstance(value, Meaning)]
    away = {f"the database {one.reason}" for one in meanings if one.kind is ErrorKind.AWAY}
    assert len(away) > 20
    assert [reason for reason in away if translate_reason("ru", reason) == reason] == []


async def test_summary_names_trouble_and_mondays_have_the_week(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    monday = (
        (NOW + timedelta(days=(7 - NOW.weekday()) % 7 or 7)).astimezone(MOSCOW).replace(hour=9, minute=30)
    )
    start: datetime = monday - timedelta(days=3)
    async with database.writing() as session:
        session.add(
            WebhookDelivery(
                source="tilda", body="x", outcome="refused", received_at=monday - timedelta(days=1)
            )
        )
    for number, source in enumerate(["yandex", "yandex", "yandex", "vk", "vk", ""]):
        lead = await add_lead(
            database,
            status=S.CONTACTED,
            created_at=start,
            extra={"utm_source": source},
            account_id=account_id,
        )
        sent = {"sent_at": start + timedelta(seconds=30 * (number + 1)), "state": "sent"}
        await add_message(
            database, lead, direction="out", kind="greeting", created_at=start, account_id=account_id, **sent
        )
    lines = await said(setup, monday - setup.now)
    summary = next(line for line in lines if line.startswith("Вчера, "))
    assert "непрочитанных форм 1" in summary
    week = next(line for line in lines if line.startswith("Неделя "))
    assert "заявок 6," in week
    assert week.endswith("Откуда: yandex 3, vk 2, источник не указан 1.")
    assert "половина за 90 с, 95% за 3 мин" in week
    assert [line for line in await said(setup, MINUTE) if "Неделя" in line] == []


async def test_owner_approves_a_draft_and_pauses(kept_database: Database, me: WorkerId) -> None:
    lead = await add_lead(kept_database, account_id=me.account_id, status=S.RESOLVED, telegram_user_id=6_200)
    draft = {"direction": "out", "kind": "greeting", "state": "draft", "random_id": None}
    await add_message(kept_database, lead, account_id=me.account_id, **draft)
    await execute(kept_database, me, f"{lead.id} одобряю", 1)
    assert [message.state for message in await messages_of(kept_database, lead)] == ["queued"]
    await execute(kept_database, me, f"{lead.id} одобряю", 2)
    await execute(kept_database, me, "пауза всё", 3)
    async with kept_database.reading() as session:
        pause = await pauses.current(session)
    assert pause is not None
    assert (pause.scope, pause.actor) == ("all", "owner")
    await execute(kept_database, me, "статус", 4)
    await execute(kept_database, me, "продолжай", 5)
    texts = [message.text for message in await replies_to_owner(kept_database, me)]
    assert texts[0] == f"Лид {lead.id}: отправляю черновик."
    assert texts[1] == f"Лид {lead.id}: черновика нет."
    assert texts[3].startswith("Сейчас пауза: ассистент никому не пишет.\nЛиды: ")
    assert texts[4] == "Пауза окончена: ассистент снова пишет."


def test_quantiles() -> None:
    assert (quantile([], 0.5), quantile([7], 0.95)) == (None, 7)
    assert [quantile([1, 2, 3, 4], share) for share in (0.25, 0.5, 0.95)] == [1, 2, 4]


def test_statuses_have_names_in_both_languages_and_unknown_reasons_stay() -> None:
    for language in ("ru", "en"):
        unnamed = [status for status in S if name_of_status(language, status) == str(status)]
        # «Booked» and «failed» are plain words as well.
        assert set(unnamed) <= ({S.BOOKED, S.FAILED} if language == "en" else set())
    assert translate_reason("ru", "after 8 attempts: the model cannot be reached: 503") == (
        "попыток: 8; до модели не достучаться: 503"
    )
    assert translate_reason("ru", "A sentence of a provider; more") == "A sentence of a provider; more"
    assert translate_reason("en", "nobody has this username") == "nobody has this username"
