"""One round of the sweep: some leads, a failure of one method, its end, and what must be true meanwhile."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import col, select

from sandbox.fake_telegram.state.people import Person, PersonFields, Privacy
from shared.database.models import Lead, Message, TelegramAccount
from shared.statuses import LeadStatus
from tests.chaos.sweep.failures import Failure
from tests.chaos.sweep.rig import Rig
from tests.support.rows import add_lead, add_message
from worker.domain.telegram_port import Peer, SessionRevokedError
from worker.outreach import peer_cache
from worker.telegram.error_classes import ErrorClass

# Manners: whatever becomes of them, every lead goes on.
MANNERS = frozenset({"messages.ReadHistory", "messages.SetTyping", "contacts.DeleteContacts"})
# More calls in a minute of one method, with five leads, are a loop without a pause.
MAX_CALLS_A_MINUTE = 30
FAILING_FOR, LATEST = timedelta(minutes=10), timedelta(days=4)
GIVEN_UP = frozenset({LeadStatus.UNREACHABLE, LeadStatus.FAILED})

_numbers = itertools.count(1)


@dataclass
class Result:
    """What a round has shown; `broken` is empty if all invariants held."""

    method: str
    failure: Failure
    calls: int = 0
    most_a_minute: int = 0
    broken: list[str] = field(default_factory=list)


class Round:
    """Three new leads (username, phone, known before), and two conversations: a reply, a voice message."""

    def __init__(self, rig: Rig, method: str, failure: Failure) -> None:
        self.rig = rig
        self.failure = failure
        self.result = Result(method, failure)
        self.people: dict[int, Person] = {}
        self.leads: dict[str, int] = {}

    async def run(self) -> Result:
        """Run the round."""
        rig, failure = self.rig, self.failure
        await rig.new_round()
        # Nothing of this is pushed: it is found by the worker itself.
        silence = rig.server.faults.plan("suppress", times=None)
        await self._add_leads()
        rig.server.faults.remove(silence.id)
        rig.start_tasks()
        details = {"code": failure.code, "message": failure.message}
        fault = rig.server.faults.plan(failure.action, self.result.method, times=None, **details)
        try:
            await self._while_failing()
            rig.server.faults.remove(fault.id)
            if not failure.ends_session:
                await rig.run_for(LATEST, self._is_finished)
                await self._check_end()
        except TimeoutError:
            self._break("a loop without a pause, or a call that never ends")
        except SessionRevokedError as error:
            if not failure.ends_session:
                self._break(f"the worker stops: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the process would have ended
            self._break(f"the worker fails: {type(error).__name__}: {error}")
        self._check_chats()
        return self.result

    def _break(self, what: str) -> None:
        self.result.broken.append(what)

    # The leads.

    async def _add_leads(self) -> None:
        rig = self.rig
        await self._add_pending("username", PersonFields(name="Анна", username=f"anna_{next(_numbers)}"))
        by_phone = PersonFields(name="Пётр", phone=_phone(), privacy=Privacy(import_only=True))
        await self._add_pending("phone", by_phone)
        known = await self._add_pending("known", PersonFields(name="Олег", username=f"oleg_{next(_numbers)}"))
        peer = Peer(known.id, self._access_hash(known))
        async with rig.database.writing() as session:
            await peer_cache.store_usernames(
                session, rig.account_id, {known.username or "": peer}, now=rig.time()
            )
        await self._add_conversation("reply")
        await self._add_conversation("voice", media="voice", spoken="да, давайте созвонимся")

    async def _add_pending(self, name: str, fields: PersonFields) -> Person:
        person = self._add_person(fields)
        columns = {"username": person.username, "phone_e164": f"+{person.phone}" if person.phone else None}
        await self._store(name, phone=person.phone, **columns)
        return person

    async def _add_conversation(self, name: str, media: str | None = None, spoken: str = "") -> None:
        """Add a conversation whose greeting is sent, and whose answer comes without an update."""
        rig = self.rig
        person = self._add_person(PersonFields(name="Мария", username=f"maria_{next(_numbers)}"))
        sent = rig.server.world.send(rig.account, person, "Здравствуйте!", random_id=next(_numbers)).message
        known = {"telegram_user_id": person.id, "access_hash": self._access_hash(person), "due_at": None}
        lead = await self._store(
            name,
            username=person.username,
            status=LeadStatus.CONTACTED,
            account_id=rig.account_id,
            resolved_via="username",
            **known,
        )
        await add_message(
            rig.database,
            lead,
            direction="out",
            kind="greeting",
            state="sent",
            text="Здравствуйте!",
            telegram_message_id=sent.id if sent else None,
            sent_at=rig.time(),
            created_at=rig.time(),
        )
        rig.server.world.write(person, rig.account, "" if media else "Да, давайте созвонимся", media, spoken)

    def _add_person(self, fields: PersonFields) -> Person:
        person = self.rig.server.world.people.add(fields)
        self.people[person.id] = person
        return person

    def _access_hash(self, person: Person) -> int:
        return self.rig.server.world.access_hash(self.rig.account.id, person.id)

    async def _store(self, name: str, **columns: object) -> Lead:
        now = self.rig.time()
        times = {"created_at": now, "updated_at": now, "due_at": now}
        lead = await add_lead(self.rig.database, name=name, **times | columns)
        self.leads[name] = lead.id
        return lead

    # What must be true.

    async def _while_failing(self) -> None:
        rig, result = self.rig, self.result
        try:
            await rig.run_for(FAILING_FOR)
        finally:
            calls = rig.server.calls.of(result.method)
            result.calls = len(calls)
            result.most_a_minute = most_in_a_minute([call.at for call in calls])
        if result.most_a_minute > MAX_CALLS_A_MINUTE:
            self._break(f"{result.most_a_minute} calls in a minute")
        if self.failure.ends_session:
            return
        for lead in await self._load():
            if not _is_over(lead) and not lead.last_error and await self._waits(lead):
                self._break(f"lead “{lead.name}” is {lead.status} and waits without a reason")
        if result.method in MANNERS and not await self._is_finished():
            self._break("manners stop a lead")

    async def _waits(self, lead: Lead) -> bool:
        """True if the lead is to be worked on; a conversation is not, until its reply is fetched."""
        if lead.status is LeadStatus.PENDING:
            return True
        async with self.rig.database.reading() as session:
            found = await session.exec(
                select(Message.id).where(
                    col(Message.lead_id) == lead.id, col(Message.state).in_(("queued", "received"))
                )
            )
            return found.first() is not None

    async def _is_finished(self) -> bool:
        return all(_is_over(lead) for lead in await self._load())

    async def _check_end(self) -> None:
        for lead in await self._load():
            if not _is_over(lead):
                self._break(f"lead “{lead.name}” stays {lead.status}: {lead.last_error}")
            elif lead.status in GIVEN_UP:
                if not lead.last_error:
                    self._break(f"lead “{lead.name}” is {lead.status} without a reason")
                if not self.failure.may_give_up:
                    self._break(f"lead “{lead.name}” is given up: {lead.last_error}")
        if self.failure.kind in (ErrorClass.ACCOUNT, ErrorClass.STRANGERS):
            await self._check_account()

    async def _check_account(self) -> None:
        """After the restriction the account works again, by itself."""
        async with self.rig.database.reading() as session:
            account = await session.get_one(TelegramAccount, self.rig.account_id)
        if account.state != "active" and self.result.method == "messages.SendMessage":
            self._break(f"the account stays {account.state}")

    async def _load(self) -> list[Lead]:
        async with self.rig.database.reading() as session:
            return [*await session.exec(select(Lead).order_by(col(Lead.id)))]

    def _check_chats(self) -> None:
        """Each message is sent once, and nobody else is written to."""
        chats = self.rig.server.world.mailboxes[self.rig.account.id].chats
        for person in self.people.values():
            texts = (
                [message.text for message in chats[person.id].messages if message.out]
                if (person.id in chats)
                else []
            )
            if len(texts) != len(set(texts)):
                self._break(f"{person.name} got a message twice: {texts}")


def _is_over(lead: Lead) -> bool:
    """True if the lead was greeted, or its reply answered, or it was given up."""
    if lead.name in ("reply", "voice"):
        return lead.status is not LeadStatus.CONTACTED
    return lead.status not in (LeadStatus.PENDING, LeadStatus.RESOLVED)


def most_in_a_minute(times: list[float]) -> int:
    """Return the most calls within any 60 seconds; `times` in Unix seconds, ascending."""
    recent: deque[float] = deque()
    most = 0
    for moment in times:
        recent.append(moment)
        while recent[0] <= moment - 60:
            recent.popleft()
        most = max(most, len(recent))
    return most


def _phone() -> str:
    return f"7916{next(_numbers):07d}"
