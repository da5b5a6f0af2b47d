"""A copy of the tables at one moment, and the invariants that must hold at any moment."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import OPEN, REPLIED_TO, LeadStatus, may_become
from worker.queue.leases import WorkerId

# In these statuses the worker always has something to do, now or later.
UNDER_WAY = {LeadStatus.PENDING, LeadStatus.RESOLVED}


@dataclass(frozen=True)
class Tables:
    """Every row, oldest first."""

    leads: dict[int, Lead]
    messages: list[Message]
    events: list[LeadEvent]

    def of(self, lead_id: int, *states: str) -> list[Message]:
        """The messages of a lead that are in one of `states`."""
        return [one for one in self.messages if one.lead_id == lead_id and one.state in states]

    def claimable(self, me: WorkerId, now: datetime) -> list[int]:
        """The leads that `me` may claim, in order: conversations by due time, then new leads, newest first.

        The newest first, because all of these are hot: just submitted.
        """
        due = [
            (False, lead.due_at.timestamp(), number)
            if lead.status is not LeadStatus.PENDING
            else (True, -lead.created_at.timestamp(), -number)
            for number, lead in self.leads.items()
            if lead.due_at is not None
            and lead.due_at <= now
            and (lead.leased_until is None or lead.leased_until <= now)
            and lead.account_id in {None, me.account_id}
        ]
        return [abs(number) for *_, number in sorted(due)]

    def next_due(self) -> datetime | None:
        """The earliest due time, or None if nothing is scheduled."""
        return min((lead.due_at for lead in self.leads.values() if lead.due_at), default=None)

    def lead_of_person(self, account_id: int, person: int) -> int | None:
        """The lead that a person's message belongs to: the open one, one that a human has, or the newest."""
        theirs = [
            (lead.status in OPEN, lead.status is LeadStatus.HANDED_OFF, number)
            for number, lead in self.leads.items()
            if (lead.account_id, lead.telegram_user_id) == (account_id, person)
        ]
        return max(theirs)[-1] if theirs else None

    def check(self) -> None:
        """Check every invariant; AssertionError if one is broken."""
        self._check_status_chain()
        self._check_one_open_conversation()
        self._check_message_identity()
        self._check_nothing_is_stuck()

    def _check_status_chain(self) -> None:
        chains = {number: list(chain) for number, chain in groupby(self.events, lambda event: event.lead_id)}
        for number, lead in self.leads.items():
            first, *moves = chains[number]
            assert all(move.actor != "human" for move in moves), "took its own message for a human's"
            assert (first.from_status, first.to_status) == (None, LeadStatus.PENDING)
            for before, after in pairwise([first, *moves]):
                assert after.from_status is before.to_status
                assert may_become(before.to_status, after.to_status)
                assert after.from_status is not LeadStatus.HANDED_OFF, "taken from a human"
            assert lead.status is chains[number][-1].to_status

    def _check_one_open_conversation(self) -> None:
        conversations = Counter(
            (lead.account_id, lead.telegram_user_id) for lead in self.leads.values() if lead.status in OPEN
        )
        assert not [one for one, leads in conversations.items() if leads > 1 or None in one]

    def _check_message_identity(self) -> None:
        for number, lead in self.leads.items():
            said = self.of(number, "queued", "sent", "failed", "cancelled")
            assert len(self.of(number, "queued")) <= 1
            assert len([one for one in self.of(number, "sent") if one.kind == "greeting"]) <= 1
            assert all(one.random_id for one in said if one.state != "cancelled")
            assert {one.account_id for one in said} <= {lead.account_id}

    def _check_nothing_is_stuck(self) -> None:
        for number, lead in self.leads.items():
            unanswered = lead.status in REPLIED_TO and self.of(number, "received")
            to_do = unanswered or lead.status in UNDER_WAY or lead.leased_by or self.of(number, "queued")
            assert lead.due_at is not None or not to_do, f"lead {number} is stuck: {lead}"
            assert (lead.leased_by is None) == (lead.leased_until is None)

    def check_idle(self) -> None:
        """Check that no work is left and nothing was forgotten."""
        for number, lead in self.leads.items():
            assert lead.status not in UNDER_WAY
            assert (lead.leased_by, lead.due_at) == (None, None)
            assert not self.of(number, "queued")
            assert lead.status not in REPLIED_TO or not self.of(number, "received")


def load_tables(observer: Engine) -> Tables:
    """Read the tables."""
    with Session(observer) as session:
        leads = session.exec(select(Lead).order_by(col(Lead.id))).all()
        messages = session.exec(select(Message).order_by(col(Message.id))).all()
        events = session.exec(select(LeadEvent).order_by(col(LeadEvent.lead_id), col(LeadEvent.id))).all()
    return Tables({lead.id: lead for lead in leads}, list(messages), list(events))
