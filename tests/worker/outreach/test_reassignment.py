"""An account that is lost: what nobody was told moves on, what may have been said stays."""

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


async def found(database: Database, me: WorkerId, status: LeadStatus = LeadStatus.RESOLVED) -> Lead:
    person = {"account_id": me.account_id, "telegram_user_id": 6_000_000_000 + id(object()) % 10**6}
    return await add_lead(database, status=status, access_hash=5, resolved_via="username", **person)


async def hand_on(database: Database, me: WorkerId) -> int:
    async with database.writing() as session:
        return await reassignment.reassign_untouched_leads(
            session, me.account_id, now=NOW + SECOND, reason=REASON
        )


async def test_who_was_not_written_to_is_found_anew_by_another(kept_database: Database, me: WorkerId) -> None:
    lead = await found(kept_database, me)
    await add_message(kept_database, lead, direction="out", kind="greeting", state="queued", text="Привет")
    assert await hand_on(kept_database, me) == 1
    moved = await now_of(kept_database, lead)
    assert (moved.status, moved.account_id, moved.access_hash) == (LeadStatus.PENDING, None, None)
    assert (moved.telegram_user_id, moved.due_at) == (None, NOW + SECOND)
    other = WorkerId(await add_account(kept_database), "life1")
    async with kept_database.writing() as session:
        taken = await session.get_one(Lead, lead.id)
        taken.leased_by = other.lease_name
    await write(kept_database, other, moved, PeerFound(Peer(6_500_000_000 + (lead.id or 0), 7), "username"))
    assert (await now_of(kept_database, lead)).account_id == other.account_id
    # The old text is not sent under its old identity; the new account says it under a new one.
    assert [message.state for message in await messages_of(kept_database, lead)] == ["failed"]


@pytest.mark.parametrize("state", ["queued", "cancelled", "failed"])
async def test_what_may_be_with_telegram_stays(kept_database: Database, me: WorkerId, state: str) -> None:
    lead = await found(kept_database, me)
    await add_message(kept_database, lead, direction="out", kind="greeting", state=state, released_at=NOW)
    assert await hand_on(kept_database, me) == 0
    assert (await now_of(kept_database, lead)).account_id == me.account_id


async def test_what_somebody_works_on_stays(kept_database: Database, me: WorkerId) -> None:
    await add_leased(kept_database, me, LeadStatus.RESOLVED)
    assert await hand_on(kept_database, me) == 0


async def test_a_running_conversation_waits_and_says_so(kept_database: Database, me: WorkerId) -> None:
    lead = await found(kept_database, me, LeadStatus.ENGAGED)
    assert await hand_on(kept_database, me) == 0
    async with kept_database.writing() as session:
        assert await reassignment.mark_stranded(session, me.account_id, REASON) == 1
    assert (await now_of(kept_database, lead)).last_error == f"its Telegram account is lost: {REASON}"
    async with kept_database.writing() as session:
        await reassignment.clear_stranded_marks(session, me.account_id)
    assert (await now_of(kept_database, lead)).last_error is None
