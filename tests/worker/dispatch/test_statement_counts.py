"""Many leads at once: what they cost the database together, and how many are in hand at a time."""

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
from worker.domain.telegram_port import Peer, Sent
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import build_dispatcher, build_limits
from worker.settings import WorkerSettings

CROWD = 64
MOST_STATEMENTS = 8


class Town(World):
    """Everybody is somebody else, and every message has its number."""

    async def find_by_username(self, username: str) -> Peer:
        return Peer(6_900_000_000 + int(username.rpartition("_")[2]), 5)

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        await super().send(peer, text, random_id)
        return Sent(len(self.asked))


class Thinker(Words):
    """Counts how many think at a time."""

    now = most = 0

    async def greeting(self, brief: Brief) -> Greeting:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return await super().greeting(brief)


@pytest.fixture
async def leads(database: Database) -> list[Lead]:
    leads = [Lead(name="Анна", username=f"person_{number}", source="api") for number in range(CROWD)]
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
    wanted = WorkerSettings(_env_file=None, **usual | settings)
    me, town = WorkerId(1, "life"), Town()
    async with database.writing() as session:
        until = utc_now() + timedelta(hours=1)
        assert await account_lease.acquire_lease(session, 1, "here", "test", now=utc_now(), until=until) == 1
        await account_state.register_account(session, 1, None, build_limits(wanted), now=utc_now())
    dispatcher = build_dispatcher(
        wanted,
        database=database,
        worker_id=me,
        telegram=town,
        assistant=words,
        persona=Persona(),
        clock=utc_now,
        wakeups=Wakeups(utc_now, 3600),
        may_send=lambda: True,
        on_late_delivery=lambda *_: None,
    )
    await dispatcher.run_until_idle()
    return town


async def test_a_crowd_costs_few_statements_each(database: Database, leads: list[Lead]) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    town = await _greet_all(database, Words())
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len([call for call in town.asked if call[0] == "send"]) == CROWD
    assert {(await now_of(database, lead)).status for lead in leads} == {LeadStatus.CONTACTED}
    assert len(statements) / CROWD <= MOST_STATEMENTS


@pytest.mark.parametrize("most", [16, CROWD])
async def test_no_more_are_in_hand_than_the_setting_says(
    database: Database, leads: list[Lead], most: int
) -> None:
    thinker = Thinker()
    town = await _greet_all(database, thinker, leads_in_hand=most)
    assert len([call for call in town.asked if call[0] == "send"]) == CROWD
    assert most / 2 <= thinker.most <= most


# What tells apart the settlements of who was found, of what is to be said, and of what was delivered.
KINDS = {
    "found": re.compile("UPDATE leads SET.*resolved_via ?="),
    "said": re.compile("INSERT INTO messages"),
    "delivered": re.compile("UPDATE messages SET.*sent_at ?="),
}
MOST_LOST = 2


class LostAnswers:
    """The first commits of each kind arrive, and the answers to them are lost."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lost: Counter[str] = Counter()
        dialect = database.engine.sync_engine.dialect
        self._commit = dialect.do_commit
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)
        monkeypatch.setattr(dialect, "do_commit", self._commit_unheard)

    def _note(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        for kind, statements in KINDS.items():
            if statements.match(statement.replace("\n", " ")) and self.lost[kind] < MOST_LOST:
                connection.info["unheard"] = kind

    def _commit_unheard(self, connection: PoolProxiedConnection) -> None:
        self._commit(connection)
        if (kind := connection.info.pop("unheard", None)) is not None:
            self.lost[kind] += 1
            raise OperationalError("COMMIT", {}, ConnectionError("the answer is lost"))


async def test_outcomes_whose_commit_was_not_answered_are_written_once(
    database: Database, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = LostAnswers(database, monkeypatch)
    town = await _greet_all(database, Words())
    assert set(answers.lost) == set(KINDS)
    sent = [call for call in town.asked if call[0] == "send"]
    assert len(sent) == CROWD
    for lead in leads:
        row = await now_of(database, lead)
        assert (row.status, row.due_at, row.leased_by) == (LeadStatus.CONTACTED, None, None)
        assert (row.attempts, row.lost_leases, row.last_error) == (0, 0, None)
        assert [to for _, to, _ in await moves_of(database, lead)] == [
            LeadStatus.RESOLVED,
            LeadStatus.CONTACTED,
        ]
        assert [message.state for message in await messages_of(database, lead)] == ["sent"]
