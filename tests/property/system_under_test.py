"""Workers, an API and people around one database: each operation is the product's, held to the ledger."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal

import pytest
from sqlalchemy import Engine, delete

from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent, Message, TelegramAccount, TelegramPerson
from shared.errors import LostRaceError
from shared.leads.transitions import change_status
from shared.statuses import Intent, LeadStatus
from tests.property.chats import Chats, Fate, Letter, Line
from tests.property.invariants import Tables, look
from tests.property.reference_model import Ledger
from tests.property.workers import UNPACED, ClaimedLead, WorkerModel
from tests.support.rows import DEBOUNCE, LEASE, NOW, POLICY, add_account
from worker.dispatch.settlement import Settlement
from worker.messaging import inbox
from worker.messaging.inbox import ANSWERED
from worker.messaging.listener import Listener
from worker.outreach import new_leads
from worker.queue import leases
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

MOMENT = timedelta(milliseconds=1)
TABLES = (Message, LeadEvent, Lead, TelegramPerson, TelegramAccount)


class LookedThroughError(Exception):
    """The listener has looked once, which is enough."""


class _OneLook(asyncio.Event):
    async def wait(self) -> Literal[True]:
        raise LookedThroughError


class Stage:
    """`eyes` see the tables; `now` moves on with every operation, so that no two moments are the same."""

    def __init__(self, database: Database, eyes: Engine) -> None:
        self.database = database
        self.eyes = eyes
        self.now = NOW
        self.chats = Chats()
        self.ledger = Ledger()
        self.tables = Tables({}, [], [])
        self.accounts: list[int] = []
        self.lives: list[WorkerModel] = []
        self._numbers = count(1)

    async def open(self) -> None:
        """Empty tables, and two accounts with a worker each."""
        async with self.database.writing() as session:
            for table in TABLES:
                await session.exec(delete(table))
        for _ in range(2):
            self.accounts.append(await add_account(self.database))
            await self.begin_life(self.accounts[-1])

    def tick(self) -> datetime:
        """The next moment."""
        self.now += MOMENT
        return self.now

    def clock(self) -> datetime:
        """The present moment."""
        return self.now

    def living(self, account_id: int) -> WorkerModel:
        """The latest life of an account: the one that may speak for it."""
        return [life for life in self.lives if life.me.account_id == account_id][-1]

    def check(self) -> Tables:
        """What must be true at any time; gives the tables as they were before."""
        before, self.tables = self.tables, look(self.eyes)
        self.tables.check()
        self.ledger.check(self.tables, self.chats)
        return before

    async def submit(self, username: str | None, phone: str | None, dialable: str | None) -> None:
        """A form arrives."""
        now = self.tick()
        moments: dict[str, Any] = {"due_at": now, "created_at": now, "updated_at": now}
        lead = Lead(name="Anna", source="api", username=username, phone=phone, phone_e164=dialable, **moments)
        async with self.database.writing() as session:
            session.add(lead)
        self.check()

    async def begin_life(self, account_id: int) -> None:
        """A worker starts and inherits what earlier lives of its account had in hand."""
        now = self.tick()
        life = WorkerModel(WorkerId(account_id, f"life{next(self._numbers)}"), self.database, self.clock)
        async with self.database.writing() as session:
            inherited = await leases.expire_previous_leases(session, life.me, now=now)
        assert inherited == self.ledger.inherited(life.me, now)
        self.lives.append(life)
        self.check()

    async def claim(self, life: WorkerModel, limit: int) -> None:
        """Exactly what is due and free is claimed, the longest due first."""
        now = self.tick()
        expected = self.tables.claimable(life.me, now)[:limit]
        async with self.database.writing() as session:
            claim = leases.ClaimRequest(life.me, now, LEASE)
            leads = list(await leases.claim(session, claim, limit=limit))
            due = await new_leads.load_due_summary(session, life.me, now=now)
            leads += (await new_leads.claim(session, claim, UNPACED, due, limit=limit - len(leads))).leads
        assert [lead.id for lead in leads] == expected
        for lead in leads:
            self.ledger.claimed(lead.id or 0, life.me, now, now + LEASE)
            life.take(lead)
        self.check()

    async def decide(self, life: WorkerModel, number: int, fate: Fate, intent: Intent) -> None:
        """Work on a claimed lead: what comes of it stays in hand, but what is said is said."""
        self.tick()
        hand = life.hands[number]
        said = len(self.chats.posts)
        line = Line(self.chats, life.me.account_id, self.clock, fate, intent)
        try:
            hand.outcome = await life.decide(hand.lead, line, lambda: self.living(life.me.account_id) is life)
        except LostRaceError:
            assert not self.ledger.holds(life.me, number)
            life.done(number)
        self.check()
        for post in list(self.chats.posts.values())[said:]:
            lead = self.tables.leads[number]
            assert (post.account_id, post.person) == (lead.account_id, lead.telegram_user_id)

    async def go_on(self, life: WorkerModel, number: int, fate: Fate, intent: Intent) -> None:
        """Decide, unless that is done, and settle."""
        if life.hands[number].outcome is None:
            await self.decide(life, number, fate, intent)
        if number in life.hands and life.hands[number].outcome is not None:
            await self.settle(life, number)

    async def settle(self, life: WorkerModel, number: int) -> None:
        """Write down what came of a lead: with its lease, and not without."""
        now = self.tick()
        hand = life.hands[number]
        assert hand.outcome is not None
        writing = Settlement(self.database, life.me, POLICY).settle(hand.lead, hand.outcome, now=now)
        if not self.ledger.holds(life.me, number):
            with pytest.raises(LostRaceError):
                await writing
            life.done(number)
        else:
            settled = await writing
            now_at = self.tables.leads[number].status
            taken_over = now_at is LeadStatus.HANDED_OFF is not hand.lead.status
            self.ledger.settled(hand.outcome, self.tables, taken_over=taken_over)
            if settled.lead is not None:
                life.hands[number] = ClaimedLead(settled.lead)
            else:
                self.ledger.released(life.me, [number])
                life.done(number)
        self.check()

    async def renew(self, life: WorkerModel) -> None:
        """The worker says that it is still at it."""
        until = self.tick() + LEASE
        async with self.database.writing() as session:
            await leases.renew(session, life.me, list(life.hands), until=until)
        self.ledger.renewed(life.me, list(life.hands), until)
        self.check()

    async def stop(self, life: WorkerModel) -> None:
        """A graceful stop gives back what is in hand; then the next life begins."""
        async with self.database.writing() as session:
            await leases.release(session, life.me, list(life.hands))
        self.ledger.released(life.me, list(life.hands))
        await self.crash(life)

    async def crash(self, life: WorkerModel) -> None:
        """What was in memory is gone; then the next life begins."""
        self.lives.remove(life)
        await self.begin_life(life.me.account_id)

    async def receive(self, letter: Letter) -> None:
        """The worker is told of a letter, be it for the first time or again."""
        now = self.tick()
        async with self.database.writing() as session:
            lead = await inbox.receive(
                session, letter.account_id, letter.incoming, now=now, debounce=DEBOUNCE
            )
        number = self.tables.whose(letter.account_id, letter.incoming.user_id)
        new = self._arrived(letter, number)
        assert (lead.id if lead else None) == (number if new else None)
        before = self.check()
        if lead and lead.status in ANSWERED and not before.of(lead.id or 0, "queued"):
            arrivals = [one.created_at for one in self.tables.of(lead.id or 0, "received")]
            quiet = min(max(arrivals) + DEBOUNCE, min(arrivals) + inbox.MAX_DEBOUNCES * DEBOUNCE)
            assert self.tables.leads[lead.id or 0].due_at == quiet

    async def catch_up(self, life: WorkerModel) -> None:
        """The listener looks for letters that it was not told of."""
        self.tick()
        line = Line(self.chats, life.me.account_id, self.clock)
        wakeups = Wakeups(self.clock, 5)
        listener = Listener(self.database, life.me, line, wakeups, self.clock, DEBOUNCE)
        with contextlib.suppress(LookedThroughError):
            await listener.catch_up(_OneLook())
        stored = {(one.account_id, one.telegram_message_id) for one in look(self.eyes).messages}
        for letter in self.chats.letters:
            if (letter.account_id, letter.incoming.message_id) in stored:
                self._arrived(letter, self.tables.whose(letter.account_id, letter.incoming.user_id))
        self.check()

    def _arrived(self, letter: Letter, number: int | None) -> bool:
        status = self.tables.leads[number].status if number else LeadStatus.PENDING
        return self.ledger.arrived(letter.account_id, letter.incoming, number, status)

    async def move(self, number: int, target: LeadStatus) -> None:
        """Somebody else moves a lead: the API, the calendar, a human."""
        now = self.tick()
        again = {"due_at": now, "username_error": None} if target is LeadStatus.PENDING else {}
        async with self.database.writing() as session:
            lead = await session.get_one(Lead, number)
            await change_status(session, lead, target, reason="because", actor="api", now=now, **again)
        self.check()
