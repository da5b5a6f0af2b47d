"""One round of the sweep: some leads, a failure of one method, its end, and what must be true meanwhile."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import col, select

from sandbox.fake_telegram.faults import Fault
from shared.database.models import Lead, Message, OwnerNotice, TelegramAccount
from shared.statuses import LeadStatus
from tests.chaos.sweep.failures import Failure
from tests.chaos.sweep.leads import EVERY_LEAD, RoundLeads, is_over
from tests.chaos.sweep.rig import Rig
from tests.chaos.sweep.steps import HotLoopError, StuckError
from worker.domain.telegram_port import SessionRevokedError
from worker.telegram.errors.classes import ErrorClass
from worker.telegram.transport.mtproto_session import MAX_REJECTIONS

# Manners: whatever becomes of them, every lead goes on. So a 401 in one of them alone ends nothing: a session
# that has really ended shows itself in the message that follows, or in the sign of life every 45 s.
MANNERS = frozenset(
    {"messages.ReadHistory", "messages.SetTyping", "messages.ReadReactions", "contacts.DeleteContacts"}
)
# More calls in a minute of one method, with six leads, are a loop without a pause.
MAX_CALLS_A_MINUTE = 20
# Longer than a failure may last without a notice to the owner.
FAILING_FOR, LATEST = timedelta(minutes=11), timedelta(days=4)
GIVEN_UP = frozenset({LeadStatus.UNREACHABLE, LeadStatus.FAILED})
RESTRICTIONS = frozenset({ErrorClass.ACCOUNT, ErrorClass.STRANGERS})


@dataclass
class Result:
    """What a round has shown; `broken` is empty if all invariants held."""

    method: str
    failure: Failure
    # The failures that calls have met: several if they took turns.
    met: list[Failure] = field(default_factory=list)
    calls: int = 0
    most_a_minute: int = 0
    broken: list[str] = field(default_factory=list)


class Round:
    """A failure of one method while these leads wait.

    `others`: failures of the same class, which come first, each for one call. `witness`: a lead that does not
    need the method: it goes on meanwhile. `with_notices`: the owner's notices are checked too.
    """

    def __init__(
        self,
        rig: Rig,
        method: str,
        failure: Failure,
        leads: Sequence[str] = EVERY_LEAD,
        *,
        others: Sequence[Failure] = (),
        witness: str | None = None,
        with_notices: bool = False,
    ) -> None:
        self.rig = rig
        self.failure = failure
        self.failures = (*others, failure)
        self.result = Result(method, failure)
        self._names = leads
        self._witness = witness
        self._with_notices = with_notices
        self._leads = RoundLeads(rig)
        self._must_end = failure.ends_session and method not in MANNERS
        self._has_ended = False

    async def run(self) -> Result:
        """Run the round."""
        rig, failure = self.rig, self.failure
        await rig.new_round()
        if self._with_notices:
            await rig.report()
        for name in self._names:
            await self._leads.add(name)
        rig.start_tasks()
        faults = [self._plan(one, times=1) for one in self.failures[:-1]] + [self._plan(failure, times=None)]
        try:
            await self._while_failing()
            for fault in faults:
                rig.server.faults.remove(fault.id)
            if not self._must_end:
                rig.longest_step = timedelta(hours=2)
                await rig.run_for(LATEST, self._is_finished)
                await self._check_end()
            await rig.stop_tasks()
        except (HotLoopError, StuckError) as error:
            self._break(str(error))
        except SessionRevokedError as error:
            self._has_ended = True
            if not failure.ends_session:
                self._break(f"the worker stops: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the process would have ended
            self._break(f"the worker fails: {type(error).__name__}: {error}")
        finally:
            await rig.kill_tasks()
        met = zip(self.failures, faults, strict=True)
        self.result.met = [one for one, fault in met if fault.struck]
        if self._must_end and not self._has_ended:
            self._break("the session has ended, and the worker goes on")
        self._check_chats()
        return self.result

    def _plan(self, failure: Failure, times: int | None) -> Fault:
        details = {"code": failure.code, "message": failure.message}
        return self.rig.server.faults.plan(failure.action, self.result.method, times=times, **details)

    def _break(self, what: str) -> None:
        self.result.broken.append(what)

    async def _while_failing(self) -> None:
        try:
            await self.rig.run_for(FAILING_FOR)
        finally:
            self._check_calls()
        if self._must_end:
            return
        for lead in await self._load():
            await self._check_waiting(lead)
            if lead.name == self._witness and not is_over(lead):
                self._break(f"lead “{lead.name}” waits too: {lead.status} {lead.last_error or ''}")
        if self.result.method in MANNERS and not await self._is_finished():
            self._break("manners stop a lead")
        if self._with_notices:
            await self._check_notice_of_trouble()

    def _check_calls(self) -> None:
        calls = self.rig.server.calls.of(self.result.method)
        self.result.calls = len(calls)
        self.result.most_a_minute = most_in_a_minute([call.at for call in calls])
        # A rejected message is corrected and sent again at once, twice.
        sends = MAX_REJECTIONS if self.failure.action == "reject" else 1
        if self.result.most_a_minute > MAX_CALLS_A_MINUTE * sends:
            self._break(f"{self.result.most_a_minute} calls in a minute")
        if not calls:
            self._break("the method was not called")

    async def _check_waiting(self, lead: Lead) -> None:
        # A reply that has just arrived waits for its debounce.
        is_next = lead.due_at is not None and lead.due_at <= self.rig.time() + timedelta(seconds=5)
        if not is_over(lead) and not lead.last_error and not is_next and await self._waits(lead):
            self._break(f"lead “{lead.name}” is {lead.status} and waits without a reason")

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

    async def _check_notice_of_trouble(self) -> None:
        """A human has to act on a restriction, and on refusals that nobody understands."""
        await self.rig.report()
        account = await self._account()
        refused = [
            lead for lead in await self._load() if (lead.last_error or "").startswith("Telegram refused")
        ]
        notices = [notice.key.partition(":")[0] for notice in await self._notices()]
        if account.state != "active" and "account" not in notices:
            self._break(f"the owner is not told that the account is {account.state}")
        if any(not is_over(lead) for lead in refused) and "refusal" not in notices:
            self._break("the owner is not told of the refusals")

    async def _is_finished(self) -> bool:
        return all(is_over(lead) for lead in await self._load())

    async def _check_end(self) -> None:
        leads = await self._load()
        for lead in leads:
            if not is_over(lead):
                self._break(f"lead “{lead.name}” stays {lead.status}: {lead.last_error}")
            elif lead.status in GIVEN_UP:
                if not lead.last_error:
                    self._break(f"lead “{lead.name}” is {lead.status} without a reason")
                if not self.failure.may_give_up:
                    self._break(f"lead “{lead.name}” is given up: {lead.last_error}")
        if self._with_notices:
            await self._check_notices_of_leads(leads)
        if self.failure.kind in RESTRICTIONS and self.result.method == "messages.SendMessage":
            await self._check_account()

    async def _check_account(self) -> None:
        """After the restriction the account works again, by itself."""
        if (state := (await self._account()).state) != "active":
            self._break(f"the account stays {state}")

    async def _check_notices_of_leads(self, leads: Sequence[Lead]) -> None:
        await self.rig.report()
        reported = {notice.lead_id for notice in await self._notices()}
        for lead in leads:
            if lead.status is LeadStatus.FAILED and lead.id not in reported:
                self._break(f"the owner is not told that lead “{lead.name}” has failed")

    async def _account(self) -> TelegramAccount:
        async with self.rig.database.reading() as session:
            return await session.get_one(TelegramAccount, self.rig.account_id)

    async def _notices(self) -> Sequence[OwnerNotice]:
        async with self.rig.database.reading() as session:
            return (await session.exec(select(OwnerNotice))).all()

    async def _load(self) -> list[Lead]:
        async with self.rig.database.reading() as session:
            return [*await session.exec(select(Lead).order_by(col(Lead.id)))]

    def _check_chats(self) -> None:
        """Each message is sent once, and nobody else is written to."""
        chats = self.rig.server.world.mailboxes[self.rig.account.id].chats
        for person in self._leads.people:
            chat = chats.get(person.id)
            texts = [message.text for message in chat.messages if message.out] if chat else []
            if len(texts) != len(set(texts)):
                self._break(f"{person.name} got a message twice: {texts}")
        known = {person.id for person in self._leads.people} | {self.rig.account.id}
        if others := {user_id for user_id, chat in chats.items() if chat.messages} - known:
            self._break(f"others were written to: {others}")


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
