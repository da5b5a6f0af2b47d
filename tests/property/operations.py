"""Every possible operation; a step is its name and two numbers that choose its target and details."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import note
from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.database.engine import Database
from shared.intents import Intent
from shared.statuses import LeadStatus, may_become
from tests.property.chats import PERSONS, Scenario
from tests.property.system_under_test import SystemUnderTest
from tests.property.workers import WorkerModel

T = TypeVar("T")

USERNAMES = (None, "anna", "boris", "vera", "nobody")
PHONES = (None, "+79990000001", "+79990000002", "8 (999) is not dialable")
OWNERS = {"@anna": 0, "@boris": 1, "@vera": 2, "+79990000001": 0, "+79990000002": 1}
# Most calls succeed, or no history would get far.
SCENARIOS = [Scenario.SUCCESS] * 12 + [scenario for scenario in Scenario if scenario is not Scenario.SUCCESS]
PAUSES = (1, 8, 20, 61, 301)
# Status changes from outside: the API's retry, the calendar, no reply for long, a human.
OUTSIDE = (LeadStatus.PENDING, LeadStatus.BOOKED, LeadStatus.NO_REPLY, LeadStatus.HANDED_OFF)
# The relative frequency of each kind of step.
KINDS = {
    "advance_time": 4,
    "submit": 4,
    "work": 16,
    "claim": 3,
    "decide": 8,
    "settle": 8,
    "write": 10,
    "deliver_update": 3,
    "edit": 1,
    "catch_up": 1,
    "crash": 1,
    "start_second_worker": 2,
    "stop": 1,
    "renew": 1,
    "change_status": 3,
    "reassign_handle": 1,
}
Step = tuple[str, int, int]


def histories(length: int) -> st.SearchStrategy[list[Step]]:
    """Generate lists of `length` steps, each list from one seed: steps drawn one by one are too similar."""

    def history(seed: int) -> list[Step]:
        chance = random.Random(seed)
        kinds = chance.choices(list(KINDS), list(KINDS.values()), k=length)
        kinds[:4] = ["submit", "submit", "work", "work"]
        return [(kind, chance.randrange(60), chance.randrange(60)) for kind in kinds]

    return st.integers(0, 2**32 - 1).map(history)


def pick(choices: Sequence[T], number: int) -> T:
    """Choose by number, modulo the number of choices."""
    return choices[number % len(choices)]


class History:
    """Runs steps on two accounts' workers, an API and three people; impossible steps are skipped."""

    def __init__(self, database: Database, observer: Engine) -> None:
        self.system = SystemUnderTest(database, observer)
        self.system.chats.owners = {handle: PERSONS[index] for handle, index in OWNERS.items()}

    async def run(self, steps: list[Step]) -> None:
        """Run each step and check all invariants after it."""
        await self.system.open()
        for kind, first, second in steps:
            note(f"{kind} {first} {second}")
            await getattr(self, kind)(first, second)

    async def advance_time(self, which: int, _: int) -> None:
        self.system.now += timedelta(seconds=pick(PAUSES, which))

    async def submit(self, username: int, phone: int) -> None:
        name, number = pick(USERNAMES, username), pick(PHONES, phone)
        if name or number:
            dialable = number if number in OWNERS else None
            await self.system.submit(name, number, dialable)

    async def work(self, account: int, luck: int) -> None:
        """Claim a lead and work on it for several decisions, all with the same scenario."""
        worker = self._current_worker(account)
        if luck % 4:
            self.system.now = max(self.system.now, self.system.tables.next_due() or self.system.now)
        await self.system.claim(worker, 1)
        number = next(reversed(worker.claimed), None)
        for _ in range(1 + luck // 4 % 4):
            if number in worker.claimed:
                await self.system.decide_and_settle(
                    worker, number, pick(SCENARIOS, luck), pick(list(Intent), account // 2)
                )

    async def claim(self, account: int, limit: int) -> None:
        await self.system.claim(self._current_worker(account), 1 + limit % 4)

    async def decide(self, which: int, how: int) -> None:
        if claimed := self._claimed_leads(decided=False):
            await self.system.decide(
                *pick(claimed, which), pick(SCENARIOS, how), pick(list(Intent), how // 3)
            )

    async def settle(self, which: int, _: int) -> None:
        if claimed := self._claimed_leads(decided=True):
            await self.system.settle(*pick(claimed, which))

    async def write(self, who: int, arrives: int) -> None:
        """A person writes: mostly one who has got a message, and mostly the update arrives."""
        system = self.system
        known = [(sent.account_id, sent.person) for sent in system.chats.outbound.values()]
        strangers = [(account_id, PERSONS[0]) for account_id in system.accounts]
        message = system.chats.write(*pick([*known, *known, *strangers], who), system.tick())
        if arrives % 4:
            await system.receive(message)

    async def deliver_update(self, which: int, _: int) -> None:
        if inbound := self.system.chats.inbound:
            await self.system.receive(pick(inbound[::-1], which))

    async def edit(self, which: int, _: int) -> None:
        if inbound := self.system.chats.inbound:
            update = self.system.chats.edit(which % len(inbound), self.system.tick())
            await self.system.receive(update)

    async def catch_up(self, account: int, _: int) -> None:
        await self.system.catch_up(self._current_worker(account))

    async def crash(self, account: int, _: int) -> None:
        await self.system.crash(self._current_worker(account))

    async def start_second_worker(self, account: int, _: int) -> None:
        """Start the next worker while the last one still works on its claimed leads."""
        await self.system.start_worker(self._current_worker(account).me.account_id)

    async def stop(self, which: int, _: int) -> None:
        await self.system.stop(pick(self.system.workers, which))

    async def renew(self, which: int, _: int) -> None:
        await self.system.renew(pick(self.system.workers, which))

    async def change_status(self, which: int, where: int) -> None:
        to = pick(OUTSIDE, where)
        leads = self.system.tables.leads
        # Before the greeting there is nothing to take over; a handed-off lead is changed by the human only.
        kept = {LeadStatus.PENDING, LeadStatus.RESOLVED, LeadStatus.HANDED_OFF}
        able = [n for n, lead in leads.items() if lead.status not in kept and may_become(lead.status, to)]
        if able:
            await self.system.change_lead_status(pick(able, which), to)

    async def reassign_handle(self, handle: int, person: int) -> None:
        self.system.chats.owners[pick(list(OWNERS), handle)] = pick(PERSONS, person)

    def _current_worker(self, account: int) -> WorkerModel:
        return self.system.current_worker(pick(self.system.accounts, account))

    def _claimed_leads(self, *, decided: bool) -> list[tuple[WorkerModel, int]]:
        return [
            (worker, number)
            for worker in self.system.workers
            for number, claimed_lead in worker.claimed.items()
            if (claimed_lead.outcome is not None) == decided
        ]
