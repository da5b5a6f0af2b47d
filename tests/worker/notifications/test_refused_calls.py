"""The owner is told about refused webhook calls: once, in one notice for all of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import OwnerNotice, WebhookDelivery
from tests.conftest import Postgres
from tests.support.rows import NOW, add_account
from tests.support.waiting import until_async
from tests.worker.notifications.test_notifier import NotifierSetup
from worker.notifications import refused_calls, texts
from worker.notifications.refused_calls import REPORT_EVERY

MINUTE = timedelta(minutes=1)
NO_CONTACT = "a phone number or a Telegram username is needed"


@pytest.fixture
async def setup(database: Database) -> NotifierSetup:
    """A notifier after its first round, a minute ago."""
    setup = NotifierSetup(database, await add_account(database, username="ours"))
    setup.now -= MINUTE
    await setup.run_once()
    setup.now = NOW
    return setup


@pytest.fixture
async def postgres_database(postgres: Postgres) -> AsyncIterator[Database]:
    """A database whose locks a test can see."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def add_calls(setup: NotifierSetup, *sources: str, **fields: Any) -> int:  # noqa: ANN401
    """Add refused calls that came ten seconds ago; returns the id of the last one."""
    at = setup.now - timedelta(seconds=10)
    usual = {"received_at": at, "outcome": "refused", "error": NO_CONTACT, "body": "Телефон=Анна"}
    calls = [WebhookDelivery(source=source, **usual | fields) for source in sources]
    async with setup.database.writing() as session:
        session.add_all(calls)
    return max(call.id for call in calls)


async def notices_of(database: Database) -> list[OwnerNotice]:
    """The notices about refused calls, oldest first."""
    async with database.reading() as session:
        rows = await session.exec(
            select(OwnerNotice)
            .where(col(OwnerNotice.key).startswith("refused"))
            .order_by(col(OwnerNotice.id))
        )
        return list(rows)


async def test_calls_share_one_notice(setup: NotifierSetup) -> None:
    await add_calls(setup, "tilda", "albato")
    last = await add_calls(setup, "tilda", error="the body is over 256 KiB")
    await add_calls(setup, "tilda", outcome="probe")
    assert await setup.run_once() == []
    assert await setup.run_once(MINUTE) == [
        "Не удалось прочитать 3 обращения с форм (tilda: 2, albato: 1)."
        " Последняя причина: форма больше 256 КиБ. Посмотреть: GET /deliveries?outcome=refused;"
        f" после исправления: POST /deliveries/{last}/replay"
    ]
    assert await setup.run_once(REPORT_EVERY) == []


async def test_the_first_is_reported_at_once_and_later_ones_after_ten_minutes(setup: NotifierSetup) -> None:
    first = await add_calls(setup, "tilda")
    await setup.run_once()
    second = await add_calls(setup, "tilda", "tilda")
    await setup.run_once(REPORT_EVERY - timedelta(seconds=1))
    third = await add_calls(setup, "albato")
    await setup.run_once(timedelta(seconds=1))
    assert third > second
    assert [notice.key for notice in await notices_of(setup.database)] == [
        f"refused:{first}",
        f"refused:{third}",
    ]
    (message,) = await setup.run_once(MINUTE)
    assert message.startswith("Не удалось прочитать 3 обращения с форм (tilda: 2, albato: 1).")


async def test_several_workers_report_each_call_once(database: Database, setup: NotifierSetup) -> None:
    others = [NotifierSetup(database, await add_account(database)) for _ in range(3)]
    for other in others:
        await other.run_once()
    for _ in range(5):
        await add_calls(setup, "tilda")
        await asyncio.gather(*(one.run_once() for one in (setup, *others)))
        for one in (setup, *others):
            one.now += REPORT_EVERY
    await asyncio.gather(*(one.run_once(REPORT_EVERY) for one in (setup, *others)))
    assert len(await notices_of(database)) == 5
    sent = [line for one in (setup, *others) for call in one.sent for line in call[-2].splitlines()]
    assert len(sent) == 5
    assert all(line.startswith("Не удалось прочитать 1 обращение с форм (tilda: 1).") for line in sent)


async def test_a_worker_waits_for_the_notice_of_another(postgres_database: Database) -> None:
    database = postgres_database
    setup = NotifierSetup(database, await add_account(database))
    await setup.run_once(-MINUTE)
    setup.now = NOW
    await add_calls(setup, "tilda")

    async def report() -> None:
        async with database.writing() as session:
            await refused_calls.report(session, "ru", since=NOW - MINUTE, now=NOW)

    async def is_waiting() -> bool:
        async with database.reading() as session:
            waiting = await session.exec(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            return other.done() or waiting.scalar_one() > 0

    async with database.writing() as session:
        await refused_calls.report(session, "ru", since=NOW - MINUTE, now=NOW)
        # The other worker sees this call, but not yet the notice.
        await add_calls(setup, "tilda")
        other = asyncio.create_task(report())
        await until_async(is_waiting, "the other worker waits")
    await other
    assert len(await notices_of(database)) == 1


async def test_calls_before_the_first_round_are_not_reported(setup: NotifierSetup) -> None:
    await add_calls(setup, "tilda", received_at=NOW - 2 * MINUTE)
    await setup.run_once()
    assert await notices_of(setup.database) == []


async def test_calls_that_may_still_change_are_waited_for(setup: NotifierSetup) -> None:
    # The API crashed while it processed the first of them; it refuses it when it runs again.
    unfinished = await add_calls(setup, "tilda", outcome="received", error=None)
    await add_calls(setup, "albato")
    await add_calls(setup, "albato", received_at=NOW - timedelta(seconds=1))
    await setup.run_once()
    assert await notices_of(setup.database) == []
    async with setup.database.writing() as session:
        refusal = {"outcome": "refused", "error": "the lead could not be stored"}
        await session.exec(
            update(WebhookDelivery).where(col(WebhookDelivery.id) == unfinished).values(**refusal)
        )
    await setup.run_once(timedelta(seconds=30))
    assert "3 обращения с форм (albato: 2, tilda: 1)" in (await notices_of(setup.database))[0].text


async def test_a_call_that_stays_unfinished_delays_others_for_two_minutes_only(setup: NotifierSetup) -> None:
    await add_calls(setup, "tilda", outcome="received", error=None)
    await add_calls(setup, "tilda")
    await setup.run_once(MINUTE)
    assert await notices_of(setup.database) == []
    await setup.run_once(MINUTE)
    assert len(await notices_of(setup.database)) == 1


async def test_a_call_that_was_replayed_with_success_is_not_counted_again(setup: NotifierSetup) -> None:
    await add_calls(setup, "tilda")
    last = await add_calls(setup, "tilda")
    await setup.run_once()
    async with setup.database.writing() as session:
        await session.exec(
            update(WebhookDelivery).where(col(WebhookDelivery.id) == last).values(outcome="stored")
        )
    await setup.run_once(REPORT_EVERY)
    assert len(await notices_of(setup.database)) == 1


@pytest.mark.parametrize(
    ("count", "russian", "english"),
    [
        (1, "1 обращение с форм", "1 call from"),
        (3, "3 обращения с форм", "3 calls from"),
        (11, "11 обращений с форм", "11 calls from"),
        (21, "21 обращение с форм", "21 calls from"),
        (113, "113 обращений с форм", "113 calls from"),
    ],
)
def test_numbers_have_the_right_word(count: int, russian: str, english: str) -> None:
    assert russian in texts.render_refused("ru", [("tilda", count)], NO_CONTACT, 1)
    assert english in texts.render_refused("en", [("tilda", count)], NO_CONTACT, 1)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_long_reason_is_cut_and_the_command_is_not(language: texts.Language) -> None:
    sources = [(f"source-{number}", 9 - number) for number in range(9)]
    reason = "fields seen: +7 916 123-45-67, " + "x" * 500
    line = texts.render_refused(language, sources, reason, 17)
    assert "source-0: 9, source-1: 8" in line
    assert "fields seen: +7…67, xxx" in line
    assert line.endswith("POST /deliveries/17/replay")
    message = texts.join_lines(language, [line] * texts.MAX_LINES)
    assert 3000 < len(message) < 4096
    shown = message.count("\n")
    assert message.endswith(str(texts.MAX_LINES - shown) + (" more" if language == "en" else ""))
