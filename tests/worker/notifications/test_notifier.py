"""Tests the owner's notices: each is sent once, they are bundled, and failures are retried."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent, OwnerNotice, TelegramAccount
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, add_account, add_lead, add_message
from worker.domain.telegram_port import (
    CannotWriteError,
    Incoming,
    PeerNotFoundError,
    RateLimitedError,
    Sender,
    Sent,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.notifications import strangers, texts
from worker.notifications.notifier import OwnerNotifier

S = LeadStatus
MINUTE = timedelta(minutes=1)
MOSCOW = ZoneInfo("Europe/Moscow")


class NotifierSetup:
    """A notifier of one account on a clock that the test sets; `sent` lists what reached Telegram."""

    def __init__(self, database: Database, account_id: int, **options: Any) -> None:  # noqa: ANN401
        self.database = database
        self.now = NOW
        self.world = World()
        self.model_trouble: str | None = None
        self.has_lease = True
        usual: dict[str, Any] = {"chat": "owner_name", "language": "ru", "max_per_hour": 3, "zone": MOSCOW}
        self.notifier = OwnerNotifier(
            database,
            account_id,
            self.world,
            lambda: self.now,
            model_trouble=lambda: self.model_trouble,
            may_send=lambda: self.has_lease,
            **usual | options,
        )

    async def run_once(self, later: timedelta = timedelta()) -> list[str]:
        """Move the clock by `later` and run one round; returns the texts sent in it."""
        self.now += later
        before = len(self.sent)
        await self.notifier.run_once()
        return [call[-2] for call in self.sent[before:]]

    @property
    def sent(self) -> list[tuple[str, ...]]:
        return [call for call in self.world.asked if call[0] in {"send", "note"}]

    async def add_event(self, to: LeadStatus, name: str = "Анна", **event: Any) -> int:  # noqa: ANN401
        """Add a lead that changed its status just now."""
        lead = await add_lead(self.database, name=name, created_at=self.now)
        fields = {"reason": "link delivered", "actor": "worker", "at": self.now} | event
        async with self.database.writing() as session:
            await session.exec(update(Lead).where(col(Lead.id) == lead.id).values(status=to))
            await session.exec(insert(LeadEvent).values(lead_id=lead.id, to_status=to, **fields))
        return lead.id


@pytest.fixture
async def account_id(database: Database) -> int:
    return await add_account(database, username="ours")


@pytest.fixture
async def setup(database: Database, account_id: int) -> NotifierSetup:
    """A notifier after its first round."""
    setup = NotifierSetup(database, account_id)
    await setup.run_once()
    return setup


async def stored_notices(database: Database) -> list[OwnerNotice]:
    async with database.reading() as session:
        return list(await session.exec(select(OwnerNotice).where(col(OwnerNotice.key) != "began")))


async def test_events_within_a_minute_are_sent_as_one_message(setup: NotifierSetup) -> None:
    first = await setup.add_event(S.SCHEDULED)
    assert await setup.run_once() == []
    second = await setup.add_event(S.HANDED_OFF, "Борис +7 916 123-45-67", reason="asked for a human")
    await setup.add_event(S.REJECTED)
    await setup.add_event(S.HANDED_OFF, reason="taken over by the owner", actor="owner")
    assert await setup.run_once(MINUTE) == [
        f"Лид {first}, Анна: согласие на звонок, ссылка отправлена.\n"
        f"Лид {second}, Борис +7…67: нужен человек (asked for a human)."
    ]
    assert await setup.run_once(MINUTE) == []
    # Another run of the worker does not repeat them, and their texts are not kept.
    next_run = NotifierSetup(setup.database, setup.notifier.account_id)
    next_run.now = setup.now
    assert await next_run.run_once(MINUTE) == []
    assert {(row.state, row.text) for row in await stored_notices(setup.database)} == {("sent", "")}


async def test_events_before_the_first_round_are_not_reported(database: Database, account_id: int) -> None:
    setup = NotifierSetup(database, account_id)
    await setup.add_event(S.SCHEDULED, at=NOW - MINUTE)
    await setup.run_once()
    assert await setup.run_once(MINUTE) == []


@pytest.mark.parametrize("before", [S.FAILED, S.UNREACHABLE])
async def test_the_owner_is_told_of_people_who_write_although_they_were_given_up(
    setup: NotifierSetup, before: LeadStatus
) -> None:
    lead = await setup.add_event(S.ENGAGED, from_status=before, actor="person")
    await setup.add_event(S.ENGAGED, from_status=S.RESOLVED, actor="person")
    await setup.add_event(S.PENDING, from_status=before, actor="api")
    assert await setup.run_once() == []
    assert await setup.run_once(MINUTE) == [
        f"Лид {lead}, Анна: не удалось написать, но человек пишет сам. Разговор идёт дальше."
    ]


async def test_the_owner_is_told_of_a_stranger_once_a_day(setup: NotifierSetup, account_id: int) -> None:
    sender = Sender(7, 5, ("olga_k",), name="Ольга")
    message = Incoming(7, 1, "Здравствуйте!\nМой номер +7 916 123-45-67", NOW, sender=sender)
    for _ in range(2):
        async with setup.database.writing() as session:
            await strangers.report(session, account_id, message, "ru", zone=UTC, now=setup.now)
    assert await setup.run_once() == []
    assert await setup.run_once(MINUTE) == [
        "Пишет человек без заявки, Ольга @olga_k: «Здравствуйте! Мой номер +7…67»."
    ]


async def test_lines_beyond_the_maximum_are_counted(setup: NotifierSetup) -> None:
    for _ in range(3):
        await setup.add_event(S.SCHEDULED)
        await setup.run_once()
        assert len(await setup.run_once(MINUTE)) == 1
    for _ in range(20):
        await setup.add_event(S.SCHEDULED)
    assert await setup.run_once() == []
    assert await setup.run_once(MINUTE) == []
    (late,) = await setup.run_once(timedelta(hours=1))
    assert late.count("\n") == texts.MAX_LINES
    assert late.endswith("…и ещё 5")


@pytest.mark.parametrize("failure", [TelegramUnavailableError("?"), SessionRevokedError("gone")])
async def test_unknown_outcome_is_retried_with_the_same_text_and_random_id(
    setup: NotifierSetup, failure: TelegramError
) -> None:
    await setup.add_event(S.SCHEDULED)
    await setup.run_once()
    setup.world.sending = failure
    with pytest.raises(type(failure)):
        await setup.run_once(MINUTE)
    setup.world.sending = Sent(1)
    # A later event goes into another message.
    await setup.add_event(S.SCHEDULED)
    assert len(await setup.run_once()) == 1
    first, second = setup.sent
    assert first == second


async def test_flood_wait_postpones_the_notice(setup: NotifierSetup) -> None:
    await setup.add_event(S.SCHEDULED)
    await setup.run_once()
    setup.world.sending = RateLimitedError(timedelta(minutes=5))
    await setup.run_once(MINUTE)
    assert await setup.run_once(MINUTE) == []
    setup.world.sending = Sent(1)
    assert len(await setup.run_once(timedelta(minutes=5))) == 1


@pytest.mark.parametrize("failure", [PeerNotFoundError("nobody"), CannotWriteError("blocked")])
async def test_undeliverable_notice_is_marked_failed(setup: NotifierSetup, failure: TelegramError) -> None:
    if isinstance(failure, PeerNotFoundError):
        setup.world.by_username = failure
    else:
        setup.world.sending = failure
    await setup.add_event(S.SCHEDULED)
    await setup.run_once()
    await setup.run_once(MINUTE)
    assert [(row.state, row.error) for row in await stored_notices(setup.database)] == [
        ("failed", str(failure))
    ]


async def test_nothing_is_sent_without_the_account_lease(setup: NotifierSetup) -> None:
    await setup.add_event(S.SCHEDULED)
    await setup.run_once()
    setup.has_lease = False
    with pytest.raises(TelegramUnavailableError):
        await setup.run_once(MINUTE)
    assert setup.sent == []


async def test_lasting_trouble_is_reported_once_a_day(setup: NotifierSetup, database: Database) -> None:
    other = await add_account(database, username="other", state="banned", state_reason="by Telegram")
    setup.model_trouble = "OPENAI_API_KEY: the key is refused"
    assert await setup.run_once() == []
    (text,) = await setup.run_once(MINUTE)
    assert "Аккаунт @other: заблокирован (by Telegram)." in text
    assert "Модель недоступна, людям не отвечаем: OPENAI_API_KEY: ключ не принят." in text
    assert await setup.run_once(timedelta(minutes=30)) == []
    # Notices of a lost account are sent by another account.
    lead = await add_lead(database, account_id=other)
    async with database.writing() as session:
        session.add(
            OwnerNotice(key="event:0", text="Лид", account_id=other, lead_id=lead.id, created_at=setup.now)
        )
    assert await setup.run_once(MINUTE) == ["Лид"]


async def test_model_failure_is_reported_after_ten_minutes(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    error = "the model cannot be reached: APIConnectionError"
    lead = await add_lead(database, account_id=account_id, status=S.ENGAGED, last_error=error)
    await add_message(database, lead, account_id=account_id)
    assert await setup.run_once(timedelta(minutes=9)) == []
    await setup.run_once(2 * MINUTE)
    assert await setup.run_once(MINUTE) == [
        "Модель недоступна, людям не отвечаем: до модели не достучаться: APIConnectionError."
    ]


async def test_daily_summary_is_sent_once_at_nine(setup: NotifierSetup, database: Database) -> None:
    await setup.add_event(S.SCHEDULED)
    await setup.add_event(S.HANDED_OFF)
    await setup.run_once()
    await setup.run_once(MINUTE)
    # 8:59 in Moscow, then 9:00.
    setup.now = datetime(2026, 11, 25, 8, 59, tzinfo=MOSCOW)
    assert await setup.run_once() == []
    assert await setup.run_once(MINUTE) == []
    assert await setup.run_once(MINUTE) == [
        "Вчера, 24.11: заявок 2, согласились на звонок 1. Сейчас ждут человека 1, ответа ассистента 0."
    ]
    assert await setup.run_once(timedelta(hours=5)) == []


async def test_erased_lead_is_not_reported(setup: NotifierSetup, database: Database) -> None:
    lead_id = await setup.add_event(S.SCHEDULED)
    await setup.run_once()
    async with database.writing() as session:
        await session.delete(await session.get_one(Lead, lead_id))
    assert await setup.run_once(MINUTE) == []


async def test_owner_chat_me_sends_to_saved_messages(database: Database, account_id: int) -> None:
    setup = NotifierSetup(database, account_id, chat="me", language="en")
    await setup.run_once()
    lead_id = await setup.add_event(S.SCHEDULED, name="")
    await setup.run_once()
    assert await setup.run_once(MINUTE) == [f"Lead {lead_id}, no name: agreed to a call, the link is sent."]
    assert setup.sent[0][0] == "note"


async def test_limit_of_the_notifiers_own_account_is_reported(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    own_account = update(TelegramAccount).where(col(TelegramAccount.id) == account_id)
    async with database.writing() as session:
        await session.exec(own_account.values(state="limited", state_reason="PEER_FLOOD"))
    await setup.run_once()
    assert await setup.run_once(MINUTE) == [
        "Аккаунт @ours: Telegram ограничил первые сообщения (PEER_FLOOD)."
    ]


async def test_an_unexplained_refusal_is_reported_after_ten_minutes(
    setup: NotifierSetup, database: Database, account_id: int
) -> None:
    error = "Telegram refused: SOMETHING_NEW"
    lead = await add_lead(database, account_id=account_id, status=S.RESOLVED, last_error=error)
    await add_message(database, lead, account_id=account_id, direction="out", kind="greeting", state="queued")
    assert await setup.run_once(timedelta(minutes=9)) == []
    await setup.run_once(2 * MINUTE)
    assert await setup.run_once(MINUTE) == [
        "Telegram не принимает сообщения: Telegram отказал: SOMETHING_NEW. Посмотрите, что с аккаунтом."
    ]
