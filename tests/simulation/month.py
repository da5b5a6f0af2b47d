"""Moves the clock from one due moment to the next, and counts the messages in Telegram."""

import heapq
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select

from sandbox.app import Sandbox
from sandbox.fake_telegram.state.limits import NEW_CHATS
from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.state.people import Account
from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import LeadStatus
from tests.simulation.people import SimulatedLead, generate_leads
from tests.simulation.simulated_worker import SimulatedWorker
from tests.support.waiting import until_async
from worker.domain.sending_limits import HOT_FOR, IMPORTED

START = datetime.fromisoformat("2026-11-02T09:00:00+03:00")
STEP = timedelta(seconds=1)
MOSCOW = ZoneInfo("Europe/Moscow")
# How often a worker polls while a due lead waits for a quota slot.
POLL = timedelta(seconds=20)


class SimulatedClock:
    """The clock of the worker and of Telegram."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def unix(self) -> float:
        """Unix time in seconds."""
        return self.now.timestamp()


@dataclass
class Figures:
    """The results; delays in seconds. `lost` has lead ids, `twice` person ids."""

    statuses: Counter[str] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    exceeded: dict[int, list[str]] = field(default_factory=dict)
    hot: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    # Message ids of follow-ups outside working hours.
    at_night: list[int] = field(default_factory=list)
    # People who have never answered, by the number of messages that they got.
    unanswered: Counter[int] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """True if no lead was lost, nobody written to too often or at night, and no limit exceeded."""
        return not (self.lost or self.twice or self.at_night or any(self.exceeded.values()))


class Month:
    """Simulates `leads` leads over `days` days, with planned faults of Telegram."""

    def __init__(
        self,
        database: Database,
        sandbox: Sandbox,
        workers: Sequence[SimulatedWorker],
        time: SimulatedClock,
        *,
        days: int,
        leads: int,
        seed: int,
    ) -> None:
        self._database = database
        self._world = sandbox.telegram.world
        self._workers = workers
        self._time = time
        self._chance = random.Random(seed)
        self._end = time.now + timedelta(days=days)
        self._scheduled: list[tuple[datetime, int, Callable[[], None]]] = []
        self._new: list[SimulatedLead] = []
        self._people: dict[int, SimulatedLead] = {}
        self._written = 0
        for simulated in generate_leads(self._chance, time.now, days, leads):
            self._schedule(simulated.at, lambda simulated=simulated: self._new.append(simulated))
        self._world.listeners.append(self._on_event)
        self._schedule_faults(days)

    async def run(self, report: Callable[[str], None]) -> Figures:
        """Run the simulation; calls `report` with one line a day."""
        day = 0
        while self._time.now < self._end:
            await self._run_due_events()
            for worker in self._workers:
                await worker.dispatcher.run_until_idle()
                await worker.enrolment.run_once(self._time.now)
            if (passed := (self._time.now - START).days) > day:
                day = passed
                report(f"day {day}: {await self._statuses()}")
            self._time.now = await self._next_moment()
        return await self._figures()

    def _schedule(self, at: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._scheduled, (at, len(self._scheduled) + self._chance.getrandbits(40), what))

    def _schedule_faults(self, days: int) -> None:
        """Plan unexpected flood waits of up to 18 hours, and a refusal of messages to strangers."""
        first, last = self._workers[0].user_id, self._workers[-1].user_id
        for part, user_id, method, hours in (
            (0.15, first, "contacts.ResolveUsername", 18),
            (0.4, last, "contacts.ResolvePhone", 3),
            (0.6, last, "messages.SendMessage", 0.5),
            (0.7, first, "contacts.ImportContacts", 12),
        ):
            watch = self._world.watches[user_id]
            at = self._time.now + timedelta(days=days * part)
            self._schedule(at, lambda w=watch, m=method, h=hours: w.flood(m, h * 3600))
        at = self._time.now + timedelta(days=days * 0.3)
        self._schedule(at, self._world.watches[last].refuse_next)

    def _on_event(self, account: Account, event: Event) -> None:
        simulated = self._people.get(event.person_id)
        if event.change != "message" or event.message is None or simulated is None or not event.message.out:
            return
        if simulated.answers and len(self._world.chat(account.id, event.person_id).messages) == 1:
            at = self._time.now + timedelta(minutes=self._chance.uniform(1, 240))
            self._schedule(at, lambda: self._answer(account, event.person_id))

    def _answer(self, account: Account, person_id: int) -> None:
        self._written += 1
        self._world.write(self._world.people[person_id], account, "Да, давайте созвонимся")

    async def _run_due_events(self) -> None:
        while self._scheduled and self._scheduled[0][0] <= self._time.now:
            heapq.heappop(self._scheduled)[2]()
        new, self._new = self._new, []
        if new:
            async with self._database.writing() as session:
                session.add_all([self._lead(simulated) for simulated in new])

        async def is_stored() -> bool:
            return await self._count_stored() == self._written

        await until_async(is_stored, "the messages of the people are stored")

    def _lead(self, simulated: SimulatedLead) -> Lead:
        if simulated.person is not None:
            person = self._world.people.add(simulated.person)
            self._people[person.id] = simulated
        now = self._time.now
        return Lead(
            name="Анна",
            source=simulated.source,
            username=simulated.username,
            phone=simulated.phone,
            phone_e164=simulated.phone,
            due_at=now,
            created_at=now,
            updated_at=now,
        )

    async def _count_stored(self) -> int:
        if not self._written:
            return 0
        async with self._database.reading() as session:
            query = select(func.count()).select_from(Message).where(col(Message.direction) == "in")
            return (await session.exec(query)).one()

    async def _next_moment(self) -> datetime:
        """The next moment at which something is due."""
        now = self._time.now
        async with self._database.reading() as session:
            due = (await session.exec(select(func.min(col(Lead.due_at))).where(col(Lead.due_at) > now))).one()
            waiting = (await session.exec(select(Lead.id).where(col(Lead.due_at) <= now).limit(1))).first()
        moments = [self._end, *(at for at, *_ in self._scheduled[:1])]
        moments += [due] if due else []
        moments += [moment for worker in self._workers if (moment := worker.wakeups.next_moment())]
        moments += [now + POLL] if waiting else []
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
            said = (await session.exec(select(Message))).all()
        for lead in leads:
            figures.statuses[lead.status.value] += 1
            waits = lead.status in {LeadStatus.PENDING, LeadStatus.RESOLVED}
            if lead.status is LeadStatus.FAILED or (waits and lead.due_at is None):
                figures.lost.append(lead.id)
            if lead.source != IMPORTED and lead.id in contacted:
                figures.hot.append((contacted[lead.id] - lead.created_at).total_seconds())
        heard = {one.lead_id: one.created_at for one in said if one.kind == "reply"}
        for one in said:
            figures.kinds[one.kind] += one.state == "sent"
            local = one.sent_at.astimezone(MOSCOW) if one.sent_at else None
            if one.kind == "follow_up" and local and not (10 <= local.hour < 19 and local.weekday() < 5):
                figures.at_night.append(one.id)
            if one.kind == "link" and one.sent_at and one.lead_id in heard:
                figures.answers.append((one.sent_at - heard[one.lead_id]).total_seconds())
        person_of = {lead.id: lead.telegram_user_id for lead in leads}
        followed_up = Counter(
            person_of[one.lead_id] for one in said if (one.kind, one.state) == ("follow_up", "sent")
        )
        for person_id in self._people:
            chats = [box.chats[person_id] for box in self._world.mailboxes.values() if person_id in box.chats]
            firsts = [chat for chat in chats if any(message.out for message in chat.messages)]
            greetings = sum(message.out for chat in firsts for message in chat.messages)
            answered_once = any(not message.out for chat in firsts for message in chat.messages)
            if greetings and not answered_once:
                figures.unanswered[greetings] += 1
            # A greeting and one follow-up; after an answer the link, and at most two.
            follow_ups = followed_up[person_id]
            is_too_often = follow_ups > 1 + answered_once or greetings - follow_ups > 1 + answered_once
            if len(firsts) > 1 or is_too_often:
                figures.twice.append(person_id)
        figures.exceeded = {
            worker.user_id: self._world.watches[worker.user_id].exceeded for worker in self._workers
        }
        return figures

    def table(self, figures: Figures) -> str:
        """Format the figures, by account and in total."""
        heads = ("account", "first messages", "most in 24 h", "look-ups", "exceeded")
        lines = ["".join(f"{head:>16}" for head in heads)]
        for worker in self._workers:
            watch = self._world.watches[worker.user_id]
            cells = (
                worker.user_id,
                watch.total(NEW_CHATS),
                watch.most_in_a_day(NEW_CHATS),
                watch.total("contacts.ResolveUsername"),
                len(watch.exceeded),
            )
            lines.append("".join(f"{cell:>16}" for cell in cells))
        lines.append("leads: " + ", ".join(f"{name} {number}" for name, number in figures.statuses.items()))
        lines.append("messages: " + ", ".join(f"{name} {number}" for name, number in figures.kinds.items()))
        night = len(figures.at_night)
        lines.append(f"lost {len(figures.lost)}, too often {len(figures.twice)}, at night {night}")
        # The risk of complaints: a first message and one follow-up, never a second one.
        silent = figures.unanswered
        more = sum(count for number, count in silent.items() if number > 2)
        lines.append(
            f"never answered: {silent.total()}, of them with a follow-up {silent[2]}, with two or more {more}"
        )
        for name, delays in (("first message after the form", figures.hot), ("answer", figures.answers)):
            if delays:
                within = sum(delay <= HOT_FOR.total_seconds() for delay in delays) / len(delays)
                lines.append(
                    f"{name}: median {statistics.median(delays):.0f} s, {within:.0%} within 15 min, "
                    f"{len(delays)} in all"
                )
        return "\n".join(lines)
