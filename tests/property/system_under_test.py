"""Workers, an API and people on one database; each operation of the product is compared with the model."""

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
from shared.intents import Intent
from shared.leads.transitions import change_status
from shared.statuses import NOT_GREETED, REPLIED_TO, LeadStatus
from tests.property.chats import Chats, FakePorts, InboundMessage, Scenario
from tests.property.invariants import Tables, load_tables
from tests.property.reference_model import ReferenceModel
from tests.property.workers import UNPACED, ClaimedLead, WorkerModel
from tests.support.rows import DEBOUNCE, LEASE, NOW, POLICY, add_account
from worker.dispatch.settlement import Settlement
from worker.messaging import inbox
from worker.messaging.listener import Listener
from worker.outreach import new_leads
from worker.queue import leases
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

MOMENT = timedelta(milliseconds=1)
TABLES = (Message, LeadEvent, Lead, TelegramPerson, TelegramAccount)


class CaughtUpError(Exception):
    """Ends `Listener.catch_up` after its first round."""


class _OneRound(asyncio.Event):
    async def wait(self) -> Literal[True]:
        raise CaughtUpError


class SystemUnderTest:
    """`observer` reads the tables; `now` advances with every operation, so that no two moments are equal."""

    def __init__(self, database: Database, observer: Engine) -> None:
        self.database = database
        self.observer = observer
        self.now = NOW
        self.chats = Chats()
        self.reference = ReferenceModel()
        self.tables = Tables({}, [], [])
        self.accounts: list[int] = []
        self.workers: list[WorkerModel] = []
        self._numbers = count(1)

    async def open(self) -> None:
        """Empty the tables, then add two accounts with a worker each."""
        async with self.database.writing() as session:
            for table in TABLES:
                await session.exec(delete(table))
        for _ in range(2):
            self.accounts.append(await add_account(self.database))
            await self.start_worker(self.accounts[-1])

    def tick(self) -> datetime:
        """Advance to the next moment and return it."""
        self.now += MOMENT
        return self.now

    def clock(self) -> datetime:
        """The present moment."""
        return self.now

    def current_worker(self, account_id: int) -> WorkerModel:
        """The newest worker of an account, which holds the account lease."""
        return [worker for worker in self.workers if worker.me.account_id == account_id][-1]

    def check(self) -> Tables:
        """Check every invariant; returns the tables of the check before."""
        before, self.tables = self.tables, load_tables(self.observer)
        self.tables.check()
        self.reference.check(self.tables, self.chats)
        return before

    async def submit(self, username: str | None, phone: str | None, dialable: str | None) -> None:
        """Store a submitted form as a lead."""
        now = self.tick()
        moments: dict[str, Any] = {"due_at": now, "created_at": now, "updated_at": now}
        lead = Lead(name="Anna", source="api", username=username, phone=phone, phone_e164=dialable, **moments)
        async with self.database.writing() as session:
            session.add(lead)
        self.check()

    async def start_worker(self, account_id: int) -> None:
        """Start a worker; the leases of earlier workers of its account expire."""
        now = self.tick()
        worker = WorkerModel(WorkerId(account_id, f"worker{next(self._numbers)}"), self.database, self.clock)
        async with self.database.writing() as session:
            inherited = await leases.expire_previous_leases(session, worker.me, now=now)
        assert inherited == self.reference.inherited(worker.me, now)
        self.workers.append(worker)
        self.check()

    async def claim(self, worker: WorkerModel, limit: int) -> None:
        """Claim leads, and check that exactly the claimable ones are claimed, in order."""
        now = self.tick()
        expected = self.tables.claimable(worker.me, now)[:limit]
        async with self.database.writing() as session:
            claim = leases.ClaimRequest(worker.me, now, LEASE)
            leads = list(await leases.claim(session, claim, limit=limit))
            due = await new_leads.load_due_summary(session, worker.me, now=now)
            leads += (await new_leads.claim(session, claim, UNPACED, due, limit=limit - len(leads))).leads
        assert [lead.id for lead in leads] == expected
        for lead in leads:
            self.reference.claimed(lead.id, worker.me, now, now + LEASE)
            worker.start(lead)
        self.check()

    async def decide(self, worker: WorkerModel, number: int, scenario: Scenario, intent: Intent) -> None:
        """Work on a claimed lead: a message may be sent, the outcome is not settled yet."""
        self.tick()
        claimed_lead = worker.claimed[number]
        said = len(self.chats.outbound)
        ports = FakePorts(self.chats, worker.me.account_id, self.clock, scenario, intent)
        try:
            claimed_lead.outcome = await worker.decide(
                claimed_lead.lead, ports, lambda: self.current_worker(worker.me.account_id) is worker
            )
        except LostRaceError:
            assert not self.reference.holds(worker.me, number)
            worker.finish(number)
        self.check()
        for sent in list(self.chats.outbound.values())[said:]:
            lead = self.tables.leads[number]
            assert (sent.account_id, sent.person) == (lead.account_id, lead.telegram_user_id)

    async def decide_and_settle(
        self, worker: WorkerModel, number: int, scenario: Scenario, intent: Intent
    ) -> None:
        """Decide, unless the outcome is known already, then settle."""
        if worker.claimed[number].outcome is None:
            await self.decide(worker, number, scenario, intent)
        if number in worker.claimed and worker.claimed[number].outcome is not None:
            await self.settle(worker, number)

    async def settle(self, worker: WorkerModel, number: int) -> None:
        """Settle the outcome; it must fail if the worker has lost the lease."""
        now = self.tick()
        claimed_lead = worker.claimed[number]
        assert claimed_lead.outcome is not None
        writing = Settlement(self.database, worker.me, POLICY).settle(
            claimed_lead.lead, claimed_lead.outcome, now=now
        )
        if not self.reference.holds(worker.me, number):
            with pytest.raises(LostRaceError):
                await writing
            worker.finish(number)
        else:
            settled = await writing
            now_at = self.tables.leads[number].status
            taken_over = now_at is LeadStatus.HANDED_OFF is not claimed_lead.lead.status
            # The person wrote before the greeting while the worker was deciding.
            taken_over |= now_at is LeadStatus.ENGAGED and claimed_lead.lead.status in NOT_GREETED
            self.reference.settled(claimed_lead.outcome, self.tables, taken_over=taken_over)
            if settled.lead is not None:
                worker.claimed[number] = ClaimedLead(settled.lead)
            else:
                self.reference.released(worker.me, [number])
                worker.finish(number)
        self.check()

    async def renew(self, worker: WorkerModel) -> None:
        """Renew the worker's leases."""
        until = self.tick() + LEASE
        async with self.database.writing() as session:
            await leases.renew(session, worker.me, list(worker.claimed), until=until)
        self.reference.renewed(worker.me, list(worker.claimed), until)
        self.check()

    async def stop(self, worker: WorkerModel) -> None:
        """Stop a worker, which releases its leases, and start the next one."""
        async with self.database.writing() as session:
            await leases.release(session, worker.me, list(worker.claimed))
        self.reference.released(worker.me, list(worker.claimed))
        await self.crash(worker)

    async def crash(self, worker: WorkerModel) -> None:
        """Lose a worker's memory and start the next worker."""
        self.workers.remove(worker)
        await self.start_worker(worker.me.account_id)

    async def receive(self, message: InboundMessage) -> None:
        """Deliver the update about a message to the worker, for the first time or again."""
        now = self.tick()
        async with self.database.writing() as session:
            lead = await inbox.receive(
                session, message.account_id, message.incoming, now=now, debounce=DEBOUNCE
            )
        number = self.tables.lead_of_person(message.account_id, message.incoming.user_id)
        new = self._arrived(message, number)
        assert (lead.id if lead else None) == (number if new else None)
        before = self.check()
        if lead and lead.status in REPLIED_TO and not before.of(lead.id, "queued"):
            arrivals = [one.created_at for one in self.tables.of(lead.id, "received")]
            quiet = min(max(arrivals) + DEBOUNCE, min(arrivals) + inbox.MAX_DEBOUNCES * DEBOUNCE)
            assert self.tables.leads[lead.id].due_at == quiet

    async def catch_up(self, worker: WorkerModel) -> None:
        """Let the listener look for messages whose updates were lost."""
        self.tick()
        ports = FakePorts(self.chats, worker.me.account_id, self.clock)
        wakeups = Wakeups(self.clock, 5)
        listener = Listener(self.database, worker.me, ports, wakeups, self.clock, DEBOUNCE)
        with contextlib.suppress(CaughtUpError):
            await listener.catch_up(_OneRound())
        stored = {(one.account_id, one.telegram_message_id) for one in load_tables(self.observer).messages}
        for message in self.chats.inbound:
            if (message.account_id, message.incoming.message_id) in stored:
                self._arrived(
                    message, self.tables.lead_of_person(message.account_id, message.incoming.user_id)
                )
        self.check()

    def _arrived(self, message: InboundMessage, number: int | None) -> bool:
        status = self.tables.leads[number].status if number else LeadStatus.PENDING
        return self.reference.arrived(message.account_id, message.incoming, number, status)

    async def change_lead_status(self, number: int, target: LeadStatus) -> None:
        """Change a status from outside: the API, the calendar, a human."""
        now = self.tick()
        contacts = {"username_error": None, "phone_error": None}
        again = {"due_at": now, **contacts} if target is LeadStatus.PENDING else {}
        async with self.database.writing() as session:
            lead = await session.get_one(Lead, number)
            await change_status(session, lead, target, reason="because", actor="api", now=now, **again)
        self.check()
