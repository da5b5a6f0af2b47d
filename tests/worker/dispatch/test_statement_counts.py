"""Many leads at once: statements per lead, and the number of leads in progress."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Connection, PoolProxiedConnection, event
from sqlalchemy.exc import OperationalError

from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead, TelegramAccount
from shared.statuses import LeadStatus
from tests.support.fakes import Words, World
from tests.support.rows import messages_of, moves_of, now_of
from worker.accounts import account_lease, account_state
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import Brief, Greeting
from worker.domain.telegram_port import Peer, Sender, Sent
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import build_dispatcher, build_limits
from worker.settings import WorkerSettings

LEAD_COUNT = 64
MAX_STATEMENTS = 8


class ManyPeople(World):
    """Every username is a different person, and every sent message has a message id."""

    async def find_by_username(self, username: str) -> Peer:
        return Peer(6_900_000_000 + int(username.rpartition("_")[2]), 5)

    async def fetch_profile(self, peer: Peer) -> Sender:
        return Sender(peer.user_id, peer.access_hash, (f"person_{peer.user_id - 6_900_000_000}",))

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        await super().send(peer, text, random_id)
        return Sent(len(self.asked))


class CountingModel(Words):
    """Counts how many greetings are requested at the same time."""

    now = most = 0

    async def greeting(self, brief: Brief) -> Greeting:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return await super().greeting(brief)


@pytest.fixture
async def leads(database: Database) -> list[Lead]:
    leads = [Lead(name="Анна", username=f"person_{number}", source="api") for number in range(LEAD_COUNT)]
    async with database.writing() as session:
        session.add(TelegramAccount(telegram_user_id=1, session_name="test"))
        session.add_all(leads)
    return leads


async def _greet_all(database: Database, words: Words, **settings: object) -> World:
    usual = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "openai_api_key": "key",
        "calendly_link": "https://calendly.com/gordovcode/30min",
        "typing_seconds": 0,
        "outreach_gap_seconds": 0,
        "lookup_gap_seconds": 0,
        "outreach_daily_limit": 1000,
        "outreach_warmup_days": 0,
        "resolve_daily_limit": 1000,
    }
    worker_settings = WorkerSettings(_env_file=None, **usual | settings)
    me, world = WorkerId(1, "life"), ManyPeople()
    async with database.writing() as session:
        until = utc_now() + timedelta(hours=1)
        assert await account_lease.acquire_lease(session, 1, "here", "test", now=utc_now(), until=until) == 1
        await account_state.register_account(session, 1, None, build_limits(worker_settings), now=utc_now())
    dispatcher = build_dispatcher(
        worker_settings,
        database=database,
        worker_id=me,
        telegram=world,
        assistant=words,
        persona=Persona(),
        clock=utc_now,
        wakeups=Wakeups(utc_now, 3600),
        may_send=lambda: True,
        on_late_delivery=lambda *_: None,
    )
    await dispatcher.run_until_idle()
    return world


async def test_many_leads_take_at_most_eight_statements_each(database: Database, leads: list[Lead]) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    world = await _greet_all(database, Words())
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len([call for call in world.asked if call[0] == "send"]) == LEAD_COUNT
    assert {(await now_of(database, lead)).status for lead in leads} == {LeadStatus.CONTACTED}
    assert len(statements) / LEAD_COUNT <= MAX_STATEMENTS


@pytest.mark.parametrize("most", [16, LEAD_COUNT])
async def test_the_number_of_leads_in_progress_is_limited_by_the_setting(
    database: Database, leads: list[Lead], most: int
) -> None:
    model = CountingModel()
    world = await _greet_all(database, model, leads_in_hand=most)
    assert len([call for call in world.asked if call[0] == "send"]) == LEAD_COUNT
    assert most / 2 <= model.most <= most


# Statements that identify the settlements of found peers, queued messages, and deliveries.
KINDS = {
    "found": re.compile("UPDATE leads SET.*resolved_via ?="),
    "said": re.compile("INSERT INTO messages"),
    "delivered": re.compile("UPDATE messages SET.*sent_at ?="),
}
MAX_LOST = 2


class LostAnswers:
    """Loses the answers to the first commits of each kind; the commits themselves succeed."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lost: Counter[str] = Counter()
        dialect = database.engine.sync_engine.dialect
        self._commit = dialect.do_commit
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)
        monkeypatch.setattr(dialect, "do_commit", self._commit_without_answer)

    def _note(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        for kind, statements in KINDS.items():
            if statements.match(statement.replace("\n", " ")) and self.lost[kind] < MAX_LOST:
                connection.info["unheard"] = kind

    def _commit_without_answer(self, connection: PoolProxiedConnection) -> None:
        self._commit(connection)
        if (kind := connection.info.pop("unheard", None)) is not None:
            self.lost[kind] += 1
            raise OperationalError("COMMIT", {}, ConnectionError("the answer is lost"))


async def test_an_outcome_is_written_once_if_the_answer_to_its_commit_is_lost(
    database: Database, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = LostAnswers(database, monkeypatch)
    world = await _greet_all(database, Words())
    assert set(answers.lost) == set(KINDS)
    sent = [call for call in world.asked if call[0] == "send"]
    assert len(sent) == LEAD_COUNT
    for lead in leads:
        row = await now_of(database, lead)
        assert (row.status, row.due_at, row.leased_by) == (LeadStatus.CONTACTED, None, None)
        assert (row.attempts, row.lost_leases, row.last_error) == (0, 0, None)
        assert [to for _, to, _ in await moves_of(database, lead)] == [
            LeadStatus.RESOLVED,
            LeadStatus.CONTACTED,
        ]
        assert [message.state for message in await messages_of(database, lead)] == ["sent"]
