"""The owner is told of what matters, once, in few messages, and no lead is any the worse for it."""

from datetime import datetime, timedelta
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
    PeerNotFoundError,
    RateLimitedError,
    Sent,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.notifications import command_parser, texts
from worker.notifications.notifier import OwnerNotifier

S = LeadStatus
MINUTE = timedelta(minutes=1)
MOSCOW = ZoneInfo("Europe/Moscow")


class Stage:
    """A herald of one account on a clock that is set by hand; `said` is what reached Telegram."""

    def __init__(self, database: Database, account_id: int, **options: Any) -> None:  # noqa: ANN401
        self.database = database
        self.now = NOW
        self.world = World()
        self.trouble: str | None = None
        self.is_ours = True
        usual: dict[str, Any] = {"chat": "owner_name", "language": "ru", "most_an_hour": 3, "zone": MOSCOW}
        self.herald = OwnerNotifier(
            database,
            account_id,
            self.world,
            lambda: self.now,
            trouble=lambda: self.trouble,
            may_speak=lambda: self.is_ours,
            **usual | options,
        )

    async def tick(self, later: timedelta = timedelta()) -> list[str]:
        """One round, after so long; gives what was sent in it."""
        self.now += later
        before = len(self.sent)
        await self.herald.run_once()
        return [call[-2] for call in self.sent[before:]]

    @property
    def sent(self) -> list[tuple[str, ...]]:
        return [call for call in self.world.asked if call[0] in {"send", "note"}]

    async def lead(self, to: LeadStatus, name: str = "Анна", **event: Any) -> int:  # noqa: ANN401
        """A lead to which something has happened now."""
        lead = await add_lead(self.database, name=name, created_at=self.now)
        fields = {"reason": "link delivered", "actor": "worker", "at": self.now} | event
        async with self.database.writing() as session:
            await session.exec(update(Lead).where(col(Lead.id) == lead.id).values(status=to))
            await session.exec(insert(LeadEvent).values(lead_id=lead.id, to_status=to, **fields))
        return lead.id or 0


@pytest.fixture
async def account_id(database: Database) -> int:
    return await add_account(database, username="ours")


@pytest.fixture
async def stage(database: Database, account_id: int) -> Stage:
    """A herald that has begun."""
    stage = Stage(database, account_id)
    await stage.tick()
    return stage


async def rows(database: Database) -> list[OwnerNotice]:
    async with database.reading() as session:
        return list(await session.exec(select(OwnerNotice).where(col(OwnerNotice.key) != "began")))


async def test_what_happens_within_a_minute_is_one_message(stage: Stage) -> None:
    first = await stage.lead(S.SCHEDULED)
    assert await stage.tick() == []
    second = await stage.lead(S.HANDED_OFF, "Борис +7 916 123-45-67", reason="asked for a human")
    await stage.lead(S.REJECTED)
    await stage.lead(S.HANDED_OFF, reason="taken over by the owner", actor="owner")
    assert await stage.tick(MINUTE) == [
        f"Лид {first}, Анна: согласие на звонок, ссылка отправлена.\n"
        f"Лид {second}, Борис +7…67: нужен человек (asked for a human)."
    ]
    assert await stage.tick(MINUTE) == []
    # Another life of the worker knows what was told; what it told of people is not kept.
    again = Stage(stage.database, stage.herald.account_id)
    again.now = stage.now
    assert await again.tick(MINUTE) == []
    assert {(row.state, row.text) for row in await rows(stage.database)} == {("sent", "")}


async def test_history_is_not_told(database: Database, account_id: int) -> None:
    stage = Stage(database, account_id)
    await stage.lead(S.SCHEDULED, at=NOW - MINUTE)
    await stage.tick()
    assert await stage.tick(MINUTE) == []


async def test_a_flood_becomes_a_count(stage: Stage) -> None:
    for _ in range(3):
        await stage.lead(S.SCHEDULED)
        await stage.tick()
        assert len(await stage.tick(MINUTE)) == 1
    for _ in range(20):
        await stage.lead(S.SCHEDULED)
    assert await stage.tick() == []
    assert await stage.tick(MINUTE) == []
    (late,) = await stage.tick(timedelta(hours=1))
    assert late.count("\n") == texts.MOST_LINES
    assert late.endswith("…и ещё 5")


@pytest.mark.parametrize("failure", [TelegramUnavailableError("?"), SessionRevokedError("gone")])
async def test_an_unknown_outcome_is_tried_again_as_the_same(stage: Stage, failure: TelegramError) -> None:
    await stage.lead(S.SCHEDULED)
    await stage.tick()
    stage.world.sending = failure
    with pytest.raises(type(failure)):
        await stage.tick(MINUTE)
    stage.world.sending = Sent(1)
    # What happens meanwhile goes into another message.
    await stage.lead(S.SCHEDULED)
    assert len(await stage.tick()) == 1
    first, second = stage.sent
    assert first == second


async def test_telegrams_wait_is_kept(stage: Stage) -> None:
    await stage.lead(S.SCHEDULED)
    await stage.tick()
    stage.world.sending = RateLimitedError(timedelta(minutes=5))
    await stage.tick(MINUTE)
    assert await stage.tick(MINUTE) == []
    stage.world.sending = Sent(1)
    assert len(await stage.tick(timedelta(minutes=5))) == 1


@pytest.mark.parametrize("failure", [PeerNotFoundError("nobody"), CannotWriteError("blocked")])
async def test_who_cannot_be_told_is_left_alone(stage: Stage, failure: TelegramError) -> None:
    if isinstance(failure, PeerNotFoundError):
        stage.world.by_username = failure
    else:
        stage.world.sending = failure
    await stage.lead(S.SCHEDULED)
    await stage.tick()
    await stage.tick(MINUTE)
    assert [(row.state, row.error) for row in await rows(stage.database)] == [("failed", str(failure))]


async def test_nothing_is_said_for_an_account_that_may_be_anothers(stage: Stage) -> None:
    await stage.lead(S.SCHEDULED)
    await stage.tick()
    stage.is_ours = False
    with pytest.raises(TelegramUnavailableError):
        await stage.tick(MINUTE)
    assert stage.sent == []


async def test_trouble_is_told_once_a_day(stage: Stage, database: Database) -> None:
    other = await add_account(database, username="other", state="banned", state_reason="by Telegram")
    stage.trouble = "OPENAI_API_KEY: the key is refused"
    assert await stage.tick() == []
    (said,) = await stage.tick(MINUTE)
    assert "Аккаунт @other: заблокирован (by Telegram)." in said
    assert "Модель недоступна, людям не отвечаем: OPENAI_API_KEY: the key is refused." in said
    assert await stage.tick(timedelta(minutes=30)) == []
    # A lost account's own notices go out by another one.
    lead = await add_lead(database, account_id=other)
    async with database.writing() as session:
        session.add(
            OwnerNotice(key="event:0", text="Лид", account_id=other, lead_id=lead.id, created_at=stage.now)
        )
    assert await stage.tick(MINUTE) == ["Лид"]


async def test_a_model_that_is_away_for_long(stage: Stage, database: Database, account_id: int) -> None:
    away = "the model cannot be reached: APIConnectionError"
    lead = await add_lead(database, account_id=account_id, status=S.ENGAGED, last_error=away)
    await add_message(database, lead, account_id=account_id)
    assert await stage.tick(timedelta(minutes=9)) == []
    await stage.tick(2 * MINUTE)
    assert await stage.tick(MINUTE) == [f"Модель недоступна, людям не отвечаем: {away}."]


async def test_the_morning_summary(stage: Stage, database: Database) -> None:
    await stage.lead(S.SCHEDULED)
    await stage.lead(S.HANDED_OFF)
    await stage.tick()
    await stage.tick(MINUTE)
    # 8:59 in Moscow, then 9:00.
    stage.now = datetime(2026, 11, 25, 8, 59, tzinfo=MOSCOW)
    assert await stage.tick() == []
    assert await stage.tick(MINUTE) == []
    assert await stage.tick(MINUTE) == [
        "Вчера, 24.11: заявок 2, согласились на звонок 1. Сейчас ждут человека 1, ответа ассистента 0."
    ]
    assert await stage.tick(timedelta(hours=5)) == []


async def test_an_erased_lead_is_not_told_of(stage: Stage, database: Database) -> None:
    lead_id = await stage.lead(S.SCHEDULED)
    await stage.tick()
    async with database.writing() as session:
        await session.delete(await session.get_one(Lead, lead_id))
    assert await stage.tick(MINUTE) == []


async def test_saved_messages(database: Database, account_id: int) -> None:
    stage = Stage(database, account_id, chat="me", language="en")
    await stage.tick()
    lead_id = await stage.lead(S.SCHEDULED, name="")
    await stage.tick()
    assert await stage.tick(MINUTE) == [f"Lead {lead_id}, no name: agreed to a call, the link is sent."]
    assert stage.sent[0][0] == "note"


async def test_a_limit_of_our_own_account(stage: Stage, database: Database, account_id: int) -> None:
    mine = update(TelegramAccount).where(col(TelegramAccount.id) == account_id)
    async with database.writing() as session:
        await session.exec(mine.values(state="limited", state_reason="PEER_FLOOD"))
    await stage.tick()
    assert await stage.tick(MINUTE) == ["Аккаунт @ours: Telegram ограничил первые сообщения (PEER_FLOOD)."]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_notice_reads_as_a_command(language: texts.Language) -> None:
    kinds = ("scheduled", "handed_off", "limited", "needs_login", "banned", "model", "summary")
    values = dict.fromkeys(("account", "day", "leads", "scheduled", "taken", "unanswered", "reason"), "1")
    for kind in kinds:
        assert command_parser.parse(texts.say(language, kind, lead=17, name="x", **values)) is None
