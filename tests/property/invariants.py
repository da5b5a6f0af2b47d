"""What the tables say at one moment, and what must be true of them at any."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import OPEN, LeadStatus, may_become
from worker.messaging.inbox import ANSWERED
from worker.queue.leases import WorkerId

# In these the worker always has something to do, now or later.
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
        """The leads that `me` may claim: running conversations, the longest due first; then new ones, the
        latest first, since all of these have just sent the form."""
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
        """When there is something to do, if ever."""
        return min((lead.due_at for lead in self.leads.values() if lead.due_at), default=None)

    def whose(self, account_id: int, person: int) -> int | None:
        """The lead that a person's message belongs to: the open conversation, or else the latest."""
        theirs = [
            (lead.status in OPEN, number)
            for number, lead in self.leads.items()
            if (lead.account_id, lead.telegram_user_id) == (account_id, person)
        ]
        return max(theirs)[1] if theirs else None

    def check(self) -> None:
        """Everything that holds whatever has happened; AssertionError otherwise."""
        self._events_are_a_lawful_chain()
        self._one_person_has_one_open_conversation()
        self._what_is_to_be_said_has_its_identity()
        self._nothing_is_forgotten()

    def _events_are_a_lawful_chain(self) -> None:
        chains = {number: list(chain) for number, chain in groupby(self.events, lambda event: event.lead_id)}
        for number, lead in self.leads.items():
            first, *moves = chains[number]
            assert all(move.actor != "human" for move in moves), "took its own words for a human's"
            assert (first.from_status, first.to_status) == (None, LeadStatus.PENDING)
            for before, after in pairwise([first, *moves]):
                assert after.from_status is before.to_status
                assert may_become(before.to_status, after.to_status)
                assert after.from_status is not LeadStatus.HANDED_OFF, "taken from a human"
            assert lead.status is chains[number][-1].to_status

    def _one_person_has_one_open_conversation(self) -> None:
        conversations = Counter(
            (lead.account_id, lead.telegram_user_id) for lead in self.leads.values() if lead.status in OPEN
        )
        assert not [one for one, leads in conversations.items() if leads > 1 or None in one]

    def _what_is_to_be_said_has_its_identity(self) -> None:
        for number, lead in self.leads.items():
            said = self.of(number, "queued", "sent", "failed", "cancelled")
            assert len(self.of(number, "queued")) <= 1
            assert len([one for one in self.of(number, "sent") if one.kind == "greeting"]) <= 1
            assert all(one.random_id for one in said if one.state != "cancelled")
            assert {one.account_id for one in said} <= {lead.account_id}

    def _nothing_is_forgotten(self) -> None:
        for number, lead in self.leads.items():
            unanswered = lead.status in ANSWERED and self.of(number, "received")
            to_do = unanswered or lead.status in UNDER_WAY or lead.leased_by or self.of(number, "queued")
            assert lead.due_at is not None or not to_do, f"lead {number} is stuck: {lead}"
            assert (lead.leased_by is None) == (lead.leased_until is None)

    def check_at_rest(self) -> None:
        """Nobody has anything to do, and nothing was left undone."""
        for number, lead in self.leads.items():
            assert lead.status not in UNDER_WAY
            assert (lead.leased_by, lead.due_at) == (None, None)
            assert not self.of(number, "queued")
            assert lead.status not in ANSWERED or not self.of(number, "received")


def look(eyes: Engine) -> Tables:
    """The tables as they are now."""
    with Session(eyes) as session:
        leads = session.exec(select(Lead).order_by(col(Lead.id))).all()
        messages = session.exec(select(Message).order_by(col(Message.id))).all()
        events = session.exec(select(LeadEvent).order_by(col(LeadEvent.lead_id), col(LeadEvent.id))).all()
    return Tables({lead.id or 0: lead for lead in leads}, list(messages), list(events))
