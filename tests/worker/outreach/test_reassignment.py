"""A lost account: leads that were not written to are reassigned, the others stay."""

from datetime import timedelta

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_account, add_lead, add_leased, add_message, messages_of, now_of
from tests.support.settling import write
from worker.domain.outcomes import PeerFound
from worker.domain.telegram_port import Peer
from worker.outreach import reassignment
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
REASON = "Telegram has banned this account"


async def add_resolved(database: Database, me: WorkerId, status: LeadStatus = LeadStatus.RESOLVED) -> Lead:
    person = {"account_id": me.account_id, "telegram_user_id": 6_000_000_000 + id(object()) % 10**6}
    return await add_lead(database, status=status, access_hash=5, resolved_via="username", **person)


async def reassign(database: Database, me: WorkerId) -> int:
    async with database.writing() as session:
        return await reassignment.reassign_untouched_leads(
            session, me.account_id, now=NOW + SECOND, reason=REASON
        )


async def test_another_account_finds_an_untouched_lead_again(kept_database: Database, me: WorkerId) -> None:
    lead = await add_resolved(kept_database, me)
    await add_message(kept_database, lead, direction="out", kind="greeting", state="queued", text="Привет")
    assert await reassign(kept_database, me) == 1
    moved = await now_of(kept_database, lead)
    assert (moved.status, moved.account_id, moved.access_hash) == (LeadStatus.PENDING, None, None)
    assert (moved.telegram_user_id, moved.due_at) == (None, NOW + SECOND)
    other = WorkerId(await add_account(kept_database), "life1")
    async with kept_database.writing() as session:
        claimed = await session.get_one(Lead, lead.id)
        claimed.leased_by = other.lease_name
    await write(kept_database, other, moved, PeerFound(Peer(6_500_000_000 + lead.id, 7), "username"))
    assert (await now_of(kept_database, lead)).account_id == other.account_id
    # The old greeting is not sent with its old random_id; the new account writes a new one.
    assert [message.state for message in await messages_of(kept_database, lead)] == ["failed"]


@pytest.mark.parametrize("state", ["queued", "cancelled", "failed"])
async def test_a_lead_with_a_released_greeting_stays(
    kept_database: Database, me: WorkerId, state: str
) -> None:
    lead = await add_resolved(kept_database, me)
    await add_message(kept_database, lead, direction="out", kind="greeting", state=state, released_at=NOW)
    assert await reassign(kept_database, me) == 0
    assert (await now_of(kept_database, lead)).account_id == me.account_id


async def test_a_leased_lead_stays(kept_database: Database, me: WorkerId) -> None:
    await add_leased(kept_database, me, LeadStatus.RESOLVED)
    assert await reassign(kept_database, me) == 0


async def test_an_open_conversation_is_marked_until_the_account_returns(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_resolved(kept_database, me, LeadStatus.ENGAGED)
    assert await reassign(kept_database, me) == 0
    async with kept_database.writing() as session:
        assert await reassignment.mark_stranded(session, me.account_id, REASON) == 1
    assert (await now_of(kept_database, lead)).last_error == f"its Telegram account is lost: {REASON}"
    async with kept_database.writing() as session:
        await reassignment.clear_stranded_marks(session, me.account_id)
    assert (await now_of(kept_database, lead)).last_error is None
