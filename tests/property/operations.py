"""Everything that can happen, told as a list of steps: what, and two numbers that say to whom and how."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import note
from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.database.engine import Database
from shared.statuses import Intent, LeadStatus, may_become
from tests.property.chats import PERSONS, Fate
from tests.property.system_under_test import Stage
from tests.property.workers import WorkerModel

T = TypeVar("T")

USERNAMES = (None, "anna", "boris", "vera", "nobody")
PHONES = (None, "+79990000001", "+79990000002", "8 (999) is not dialable")
OWNERS = {"@anna": 0, "@boris": 1, "@vera": 2, "+79990000001": 0, "+79990000002": 1}
# Mostly things go well, or no story would get far.
FATES = [Fate.WELL] * 12 + [fate for fate in Fate if fate is not Fate.WELL]
PAUSES = (1, 8, 20, 61, 301)
# What moves a lead from outside: the API's retry, the calendar, long silence, a human.
OUTSIDE = (LeadStatus.PENDING, LeadStatus.BOOKED, LeadStatus.NO_REPLY, LeadStatus.HANDED_OFF)
# How often each kind of step is told.
KINDS = {
    "time_passes": 4,
    "submit": 4,
    "work": 16,
    "claim": 3,
    "decide": 8,
    "settle": 8,
    "write": 10,
    "arrive": 3,
    "edit": 1,
    "catch_up": 1,
    "crash": 1,
    "hang": 2,
    "stop": 1,
    "renew": 1,
    "move": 3,
    "change_hands": 1,
}
Step = tuple[str, int, int]


def stories(length: int) -> st.SearchStrategy[list[Step]]:
    """Lists of so many steps, each out of one number: steps drawn singly are too much alike to get far."""

    def story(seed: int) -> list[Step]:
        chance = random.Random(seed)
        kinds = chance.choices(list(KINDS), list(KINDS.values()), k=length)
        kinds[:4] = ["submit", "submit", "work", "work"]
        return [(kind, chance.randrange(60), chance.randrange(60)) for kind in kinds]

    return st.integers(0, 2**32 - 1).map(story)


def pick(choices: Sequence[T], number: int) -> T:
    """One of them for each number."""
    return choices[number % len(choices)]


class Story:
    """Two accounts' workers, an API and three people; a step that is not possible now is skipped."""

    def __init__(self, database: Database, eyes: Engine) -> None:
        self.stage = Stage(database, eyes)
        self.stage.chats.owners = {handle: PERSONS[index] for handle, index in OWNERS.items()}

    async def tell(self, steps: list[Step]) -> None:
        """Take each step and check everything after it."""
        await self.stage.open()
        for kind, first, second in steps:
            note(f"{kind} {first} {second}")
            await getattr(self, kind)(first, second)

    async def time_passes(self, which: int, _: int) -> None:
        self.stage.now += timedelta(seconds=pick(PAUSES, which))

    async def submit(self, username: int, phone: int) -> None:
        name, number = pick(USERNAMES, username), pick(PHONES, phone)
        if name or number:
            dialable = number if number in OWNERS else None
            await self.stage.submit(name, number, dialable)

    async def work(self, account: int, luck: int) -> None:
        """Claim a lead and take it as far as it goes, with one fate all along."""
        life = self._living(account)
        if luck % 4:
            self.stage.now = max(self.stage.now, self.stage.tables.next_due() or self.stage.now)
        await self.stage.claim(life, 1)
        number = next(reversed(life.hands), None)
        for _ in range(1 + luck // 4 % 4):
            if number in life.hands:
                await self.stage.go_on(life, number, pick(FATES, luck), pick(list(Intent), account // 2))

    async def claim(self, account: int, limit: int) -> None:
        await self.stage.claim(self._living(account), 1 + limit % 4)

    async def decide(self, which: int, how: int) -> None:
        if hands := self._hands(decided=False):
            await self.stage.decide(*pick(hands, which), pick(FATES, how), pick(list(Intent), how // 3))

    async def settle(self, which: int, _: int) -> None:
        if hands := self._hands(decided=True):
            await self.stage.settle(*pick(hands, which))

    async def write(self, who: int, arrives: int) -> None:
        """Mostly somebody whom we have written to, and mostly we hear of it."""
        stage = self.stage
        known = [(post.account_id, post.person) for post in stage.chats.posts.values()]
        strangers = [(account_id, PERSONS[0]) for account_id in stage.accounts]
        letter = stage.chats.write(*pick([*known, *known, *strangers], who), stage.tick())
        if arrives % 4:
            await stage.receive(letter)

    async def arrive(self, which: int, _: int) -> None:
        if letters := self.stage.chats.letters:
            await self.stage.receive(pick(letters[::-1], which))

    async def edit(self, which: int, _: int) -> None:
        if letters := self.stage.chats.letters:
            update = self.stage.chats.edit(which % len(letters), self.stage.tick())
            await self.stage.receive(update)

    async def catch_up(self, account: int, _: int) -> None:
        await self.stage.catch_up(self._living(account))

    async def crash(self, account: int, _: int) -> None:
        await self.stage.crash(self._living(account))

    async def hang(self, account: int, _: int) -> None:
        """The next life begins while the last one still goes on with what it has in hand."""
        await self.stage.begin_life(self._living(account).me.account_id)

    async def stop(self, which: int, _: int) -> None:
        await self.stage.stop(pick(self.stage.lives, which))

    async def renew(self, which: int, _: int) -> None:
        await self.stage.renew(pick(self.stage.lives, which))

    async def move(self, which: int, where: int) -> None:
        to = pick(OUTSIDE, where)
        leads = self.stage.tables.leads
        # Before the first word there is nothing to take over; what a human has, a human moves with all of it.
        kept = {LeadStatus.PENDING, LeadStatus.RESOLVED, LeadStatus.HANDED_OFF}
        able = [n for n, lead in leads.items() if lead.status not in kept and may_become(lead.status, to)]
        if able:
            await self.stage.move(pick(able, which), to)

    async def change_hands(self, handle: int, person: int) -> None:
        self.stage.chats.owners[pick(list(OWNERS), handle)] = pick(PERSONS, person)

    def _living(self, account: int) -> WorkerModel:
        return self.stage.living(pick(self.stage.accounts, account))

    def _hands(self, *, decided: bool) -> list[tuple[WorkerModel, int]]:
        return [
            (life, number)
            for life in self.stage.lives
            for number, hand in life.hands.items()
            if (hand.outcome is not None) == decided
        ]
