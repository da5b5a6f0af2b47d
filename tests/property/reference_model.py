"""The reference model: leases and messages in plain dictionaries, to compare with the tables."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from shared.database.models import Message
from shared.statuses import LeadStatus
from tests.property.chats import Chats
from tests.property.invariants import Tables
from worker.domain.outcomes import NoReplyNeeded, Outcome, QueueMessage
from worker.domain.telegram_port import Incoming
from worker.messaging.edits import message_key
from worker.queue.leases import WorkerId


@dataclass
class InboxEntry:
    """A message in the inbox."""

    lead_id: int
    person: int
    text: str
    state: str
    verdicts: int = 0


def _name_of(row: Message) -> tuple[int, int | str]:
    """Return what names a message of a person: Telegram's id, or the key of an edit."""
    return row.account_id or 0, row.telegram_message_id or row.key or 0


@dataclass
class ReferenceModel:
    """`leases`: lead id to holder and end. `inbox`: account id, and message id or edit key, to entry."""

    leases: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    inbox: dict[tuple[int, int | str], InboxEntry] = field(default_factory=dict)

    def claimed(self, lead_id: int, me: WorkerId, now: datetime, until: datetime) -> None:
        """A lease begins; it must not overlap one that still runs."""
        assert self.leases.get(lead_id, ("", now))[1] <= now, f"lead {lead_id} is claimed twice"
        self.leases[lead_id] = (me.lease_name, until)

    def holds(self, me: WorkerId, lead_id: int) -> bool:
        """True if `me` may settle the lead: no other worker has claimed it, even if the lease expired."""
        return self.leases.get(lead_id, ("", None))[0] == me.lease_name

    def renewed(self, me: WorkerId, lead_ids: list[int], until: datetime) -> None:
        """The leases that are still held are extended."""
        self.leases |= {number: (me.lease_name, until) for number in lead_ids if self.holds(me, number)}

    def released(self, me: WorkerId, lead_ids: list[int]) -> None:
        """The leases that are still held end."""
        for number in lead_ids:
            if self.holds(me, number):
                del self.leases[number]

    def inherited(self, me: WorkerId, now: datetime) -> int:
        """Leases of the account's other workers expire now; returns their number."""
        name = f"account-{me.account_id}/"
        lost = [
            (number, holder)
            for number, (holder, until) in self.leases.items()
            if holder.startswith(name) and holder != me.lease_name and until > now
        ]
        self.leases |= {number: (holder, now) for number, holder in lost}
        return len(lost)

    def arrived(self, account_id: int, incoming: Incoming, lead_id: int | None, status: LeadStatus) -> bool:
        """Add a message to the inbox; returns True if it is new."""
        key = (account_id, incoming.message_id)
        known = self.inbox.get(key)
        if incoming.edited:
            return known is not None and self._edited(key, incoming, lead_id, status)
        if lead_id is None or known is not None:
            return False
        state = "handled" if status is LeadStatus.HANDED_OFF else "received"
        self.inbox[key] = InboxEntry(lead_id, incoming.user_id, incoming.text, state)
        return True

    def _edited(
        self, key: tuple[int, int], incoming: Incoming, lead_id: int | None, status: LeadStatus
    ) -> bool:
        """Replace the text of an unanswered message; else add the new words once."""
        if lead_id is None:
            return False
        prefix = f"{lead_id}:edit:{incoming.message_id}:"
        edits = [entry for (_, name), entry in self.inbox.items() if str(name).startswith(prefix)]
        newest = edits[-1] if edits else self.inbox[key]
        if newest.state == "received" and lead_id not in self.leases:
            newest.text = f"[edited] {incoming.text}" if edits else incoming.text
            return False
        name = (key[0], message_key(lead_id, incoming))
        if newest.text.removeprefix("[edited] ") == incoming.text or name in self.inbox:
            return False
        state = "handled" if status is LeadStatus.HANDED_OFF else "received"
        self.inbox[name] = InboxEntry(lead_id, incoming.user_id, f"[edited] {incoming.text}", state)
        return True

    def settled(self, outcome: Outcome, tables: Tables, *, taken_over: bool) -> None:
        """The messages of a verdict are handled, once; not if a human took the lead over meanwhile."""
        answers = (
            outcome.answers_message_ids
            if isinstance(outcome, QueueMessage | NoReplyNeeded) and not taken_over
            else ()
        )
        for row in tables.messages:
            if row.id in answers and row.kind == "reply":
                kept = self.inbox[_name_of(row)]
                kept.state = "handled"
                kept.verdicts += 1

    def check(self, tables: Tables, chats: Chats) -> None:
        """Compare the tables with the model; AssertionError if they differ."""
        leases = {
            number: (lead.leased_by, lead.leased_until)
            for number, lead in tables.leads.items()
            if lead.leased_by
        }
        assert leases == self.leases
        inbox = [
            (_name_of(one), (one.lead_id, one.text, one.state))
            for one in tables.messages
            if one.kind == "reply"
        ]
        kept = {key: (one.lead_id, one.text, one.state) for key, one in self.inbox.items()}
        assert len(inbox) == len(kept)
        assert dict(inbox) == kept
        assert all(one.verdicts <= 1 for one in self.inbox.values())
        linked = Counter(f"{number}:request" for number, lead in tables.leads.items() if lead.duplicate_of)
        assert linked == Counter(one.key for one in tables.messages if one.kind == "request")
        self._check_outbound(tables, chats)

    def _check_outbound(self, tables: Tables, chats: Chats) -> None:
        rows = {one.random_id or 0: one for one in tables.messages if one.direction == "out"}
        for random_id, sent in chats.outbound.items():
            row = rows[random_id]
            assert row.text == sent.text
            assert sent.account_id == row.account_id == tables.leads[row.lead_id].account_id
        for random_id, row in rows.items():
            if row.state == "sent":
                assert chats.outbound[random_id].number == row.telegram_message_id
        greeted = Counter(
            (rows[random_id].lead_id, sent.person)
            for random_id, sent in chats.outbound.items()
            if rows[random_id].kind == "greeting"
        )
        assert not [one for one, times in greeted.items() if times > 1], "greeted twice"
