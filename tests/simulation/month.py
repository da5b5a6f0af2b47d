"""Moves the clock from one moment at which something is due to the next, and counts at Telegram's side."""

import asyncio
import heapq
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from sandbox.app import Sandbox
from sandbox.fake_telegram.state.limits import NEW_CHATS
from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.state.people import Account
from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import LeadStatus
from tests.simulation.people import Arrival, arrivals
from tests.simulation.simulated_worker import Office
from worker.domain.outreach_policy import FRESH, LISTED

START = datetime.fromisoformat("2026-11-02T09:00:00+03:00")
STEP = timedelta(seconds=1)
# As often as a worker polls while there is somebody who waits for their turn.
LOOK = timedelta(seconds=20)
LOOKS, LOOK_SECONDS = 5_000, 0.004


class Time:
    """Both clocks: the worker's and Telegram's."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def unix(self) -> float:
        """In seconds."""
        return self.now.timestamp()


@dataclass
class Figures:
    """What came of it; delays in seconds."""

    statuses: Counter[str] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    exceeded: dict[int, list[str]] = field(default_factory=dict)
    fresh: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.twice or any(self.exceeded.values()))


class Month:
    """So many leads over so many days; what Telegram does of itself is in `trouble`."""

    def __init__(
        self,
        database: Database,
        sandbox: Sandbox,
        offices: Sequence[Office],
        time: Time,
        *,
        days: int,
        leads: int,
        seed: int,
    ) -> None:
        self._database = database
        self._world = sandbox.telegram.world
        self._offices = offices
        self._time = time
        self._chance = random.Random(seed)
        self._end = time.now + timedelta(days=days)
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._new: list[Arrival] = []
        self._people: dict[int, Arrival] = {}
        self._written = 0
        for arrival in arrivals(self._chance, time.now, days, leads):
            self._later(arrival.at, lambda arrival=arrival: self._new.append(arrival))
        self._world.listeners.append(self._heard)
        self._trouble(days)

    async def run(self, say: Callable[[str], None]) -> Figures:
        """Live through it, telling each day."""
        day = 0
        while self._time.now < self._end:
            await self._happen()
            for office in self._offices:
                await office.loop.run_until_idle()
            if (passed := (self._time.now - START).days) > day:
                day = passed
                say(f"day {day}: {await self._statuses()}")
            self._time.now = await self._next()
        return await self._figures()

    def _later(self, at: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (at, len(self._coming) + self._chance.getrandbits(40), what))

    def _trouble(self, days: int) -> None:
        """Floods of up to 18 hours and a refusal to write to strangers, out of the blue."""
        first, last = self._offices[0].user_id, self._offices[-1].user_id
        for part, user_id, method, hours in (
            (0.15, first, "contacts.ResolveUsername", 18),
            (0.4, last, "contacts.ResolvePhone", 3),
            (0.6, last, "messages.SendMessage", 0.5),
            (0.7, first, "contacts.ImportContacts", 12),
        ):
            watch = self._world.watches[user_id]
            at = self._time.now + timedelta(days=days * part)
            self._later(at, lambda w=watch, m=method, h=hours: w.flood(m, h * 3600))
        at = self._time.now + timedelta(days=days * 0.3)
        self._later(at, self._world.watches[last].refuse_next)

    def _heard(self, account: Account, event: Event) -> None:
        arrival = self._people.get(event.person_id)
        if event.change != "message" or event.message is None or arrival is None or not event.message.out:
            return
        if arrival.answers and len(self._world.chat(account.id, event.person_id).messages) == 1:
            at = self._time.now + timedelta(minutes=self._chance.uniform(1, 240))
            self._later(at, lambda: self._answer(account, event.person_id))

    def _answer(self, account: Account, person_id: int) -> None:
        self._written += 1
        self._world.write(self._world.people[person_id], account, "Да, давайте созвонимся")

    async def _happen(self) -> None:
        while self._coming and self._coming[0][0] <= self._time.now:
            heapq.heappop(self._coming)[2]()
        new, self._new = self._new, []
        if new:
            async with self._database.writing() as session:
                session.add_all([self._lead(arrival) for arrival in new])
        for _ in range(LOOKS):
            if await self._stored() == self._written:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise AssertionError("what people wrote was not stored in time")

    def _lead(self, arrival: Arrival) -> Lead:
        if arrival.person is not None:
            person = self._world.people.add(arrival.person)
            self._people[person.id] = arrival
        now = self._time.now
        return Lead(
            name="Анна",
            source=arrival.source,
            username=arrival.username,
            phone=arrival.phone,
            phone_e164=arrival.phone,
            due_at=now,
            created_at=now,
            updated_at=now,
        )

    async def _stored(self) -> int:
        if not self._written:
            return 0
        async with self._database.reading() as session:
            query = select(func.count()).select_from(Message).where(col(Message.direction) == "in")
            return (await session.exec(query)).one()

    async def _next(self) -> datetime:
        """The next moment at which there is something to do."""
        now = self._time.now
        async with self._database.reading() as session:
            due = (await session.exec(select(func.min(col(Lead.due_at))).where(col(Lead.due_at) > now))).one()
            waiting = (await session.exec(select(Lead.id).where(col(Lead.due_at) <= now).limit(1))).first()
        moments = [self._end, *(at for at, *_ in self._coming[:1])]
        moments += [due] if due else []
        moments += [alarm for office in self._offices if (alarm := office.alarms.next())]
        moments += [now + LOOK] if waiting else []
        return max(min(moments), now + STEP)

    async def _statuses(self) -> str:
        async with self._database.reading() as session:
            rows = await session.exec(select(col(Lead.status), func.count()).group_by(col(Lead.status)))
            return ", ".join(f"{status} {number}" for status, number in sorted(rows))

    async def _figures(self) -> Figures:
        figures = Figures()
        async with self._database.reading() as session:
            leads = (await session.exec(select(Lead))).all()
            delivered = await session.exec(
                select(LeadEvent).where(col(LeadEvent.to_status) == LeadStatus.CONTACTED)
            )
            contacted = {event.lead_id: event.at for event in delivered}
            links = await session.exec(select(Message).where(col(Message.kind).in_(("reply", "link"))))
            said = links.all()
        for lead in leads:
            figures.statuses[lead.status.value] += 1
            waits = lead.status in {LeadStatus.PENDING, LeadStatus.RESOLVED}
            if lead.status is LeadStatus.FAILED or (waits and lead.due_at is None):
                figures.lost.append(lead.id or 0)
            if lead.source != LISTED and lead.id in contacted:
                figures.fresh.append((contacted[lead.id] - lead.created_at).total_seconds())
        heard = {one.lead_id: one.created_at for one in said if one.kind == "reply"}
        for one in said:
            if one.kind == "link" and one.sent_at and one.lead_id in heard:
                figures.answers.append((one.sent_at - heard[one.lead_id]).total_seconds())
        for person_id in self._people:
            chats = [box.chats[person_id] for box in self._world.mailboxes.values() if person_id in box.chats]
            firsts = [chat for chat in chats if any(message.out for message in chat.messages)]
            greetings = sum(message.out for chat in firsts for message in chat.messages)
            answered_once = any(not message.out for chat in firsts for message in chat.messages)
            if len(firsts) > 1 or greetings > 1 + answered_once:
                figures.twice.append(person_id)
        figures.exceeded = {
            office.user_id: self._world.watches[office.user_id].exceeded for office in self._offices
        }
        return figures

    def table(self, figures: Figures) -> str:
        """The closing figures, account by account and altogether."""
        heads = ("account", "first messages", "most in 24 h", "look-ups", "exceeded")
        lines = ["".join(f"{head:>16}" for head in heads)]
        for office in self._offices:
            watch = self._world.watches[office.user_id]
            cells = (
                office.user_id,
                watch.total(NEW_CHATS),
                watch.most_in_a_day(NEW_CHATS),
                watch.total("contacts.ResolveUsername"),
                len(watch.exceeded),
            )
            lines.append("".join(f"{cell:>16}" for cell in cells))
        lines.append("leads: " + ", ".join(f"{name} {number}" for name, number in figures.statuses.items()))
        lines.append(f"lost {len(figures.lost)}, written to twice {len(figures.twice)}")
        for name, delays in (("first message after the form", figures.fresh), ("answer", figures.answers)):
            if delays:
                within = sum(delay <= FRESH.total_seconds() for delay in delays) / len(delays)
                lines.append(
                    f"{name}: median {statistics.median(delays):.0f} s, {within:.0%} within 15 min, "
                    f"{len(delays)} in all"
                )
        return "\n".join(lines)
