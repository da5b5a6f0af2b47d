"""Tests the suppression list: listed contacts get no messages, and a human reads what they write."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.errors import LostRaceError
from shared.intents import Intent
from shared.leads import suppression_list
from shared.leads.suppression_list import PERSON, SuppressedIdentity
from shared.statuses import ALLOWED, LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.rows import PERSON as ANNA
from tests.support.settling import TALKING, S, free, queued, state, write
from worker.dispatch.delivery import MessageSender
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, NoReplyNeeded, QueueMessage, Suppressed
from worker.domain.sending_limits import Limits
from worker.messaging import outbox
from worker.messaging.suppression import suppression_reasons
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

REASON = "on the do-not-contact list: просили не писать"
OPEN_STATUSES = [S.PENDING, S.RESOLVED, *TALKING]


async def suppress(database: Database, lead: Lead, **fields: Any) -> None:  # noqa: ANN401
    usual: dict[str, Any] = {"reason": "просили не писать", "actor": "operator"}
    async with database.writing() as session:
        await suppression_list.add(session, SuppressedIdentity.of(lead), now=NOW, **usual | fields)


async def add_unlisted_lead(database: Database, me: WorkerId, status: LeadStatus) -> Lead:
    """Add a lead of a contact that no other test has put on the list."""
    lead = await add_leased(database, me, status, username=None, phone="x")
    lead.telegram_user_id = lead.telegram_user_id or ANNA * 1000 + lead.id
    return lead


async def suppression_reason(database: Database, lead: Lead) -> str | None:
    async with database.reading() as session:
        messages = await outbox.transcripts(session, [lead.id])
        (reason,) = await suppression_reasons(session, [Conversation(lead, messages[lead.id])])
        return reason


@pytest.mark.parametrize("status", [S.PENDING, S.RESOLVED])
async def test_suppressed_lead_without_a_greeting_is_unreachable(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead, kind="greeting")
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(S.UNREACHABLE, last_error=REASON)
    assert await moves_of(kept_database, lead) == [(status, S.UNREACHABLE, REASON)]
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


@pytest.mark.parametrize("status", OPEN_STATUSES)
async def test_message_of_a_suppressed_contact_goes_to_a_human(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await add_message(kept_database, lead, text="Всё-таки напишите")
    await queued(kept_database, lead)
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(S.HANDED_OFF, last_error=REASON)
    incoming, outgoing = await messages_of(kept_database, lead)
    assert (incoming.state, incoming.text, incoming.intent) == ("handled", "Всё-таки напишите", None)
    assert (outgoing.state, outgoing.error) == ("cancelled", REASON)


@pytest.mark.parametrize("status", TALKING)
async def test_suppressed_conversation_without_messages_keeps_its_status(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(status)


@pytest.mark.parametrize("status", sorted(set(LeadStatus) - set(OPEN_STATUSES)))
async def test_queued_human_message_is_cancelled_too(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead, kind="human")
    await write(kept_database, me, lead, Suppressed(REASON))
    assert S.HANDED_OFF not in ALLOWED[status]
    assert (await now_of(kept_database, lead)).status is status
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


async def test_opt_out_suppresses_the_contact_but_the_apology_is_sent(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.CONTACTED)
    incoming = await add_message(kept_database, lead, text="Не пишите мне")
    apology = QueueMessage(
        *("apology", f"{lead.id}:reply", "Извините", S.REJECTED, (incoming.id,), Intent.REJECT),
        do_not_contact=True,
    )
    assert await suppression_reason(kept_database, lead) is None
    await write(kept_database, me, lead, apology)
    async with kept_database.reading() as session:
        (entry,) = await suppression_list.find_entries(session, [SuppressedIdentity.of(lead)])
    assert entry is not None
    assert (entry.actor, entry.lead_id, entry.created_at) == (PERSON, lead.id, NOW)
    assert await suppression_reason(kept_database, lead) is None, "the apology still goes out"
    sent = (await messages_of(kept_database, lead))[-1]
    await write(kept_database, me, lead, Delivered(sent.id, None, NOW))
    assert (await now_of(kept_database, lead)).status is S.REJECTED
    assert (
        await suppression_reason(kept_database, lead)
        == "on the do-not-contact list: asked not to be written to"
    )


async def test_opt_out_after_a_refusal_suppresses_the_contact_too(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.REJECTED)
    incoming = await add_message(kept_database, lead)
    await write(kept_database, me, lead, NoReplyNeeded((incoming.id,), Intent.REJECT, True))
    assert await suppression_reason(kept_database, lead) is not None


async def test_refusal_without_opt_out_does_not_suppress(kept_database: Database, me: WorkerId) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.CONTACTED)
    incoming = await add_message(kept_database, lead)
    apology = QueueMessage(
        "apology", f"{lead.id}:reply", "Извините", S.REJECTED, (incoming.id,), Intent.REJECT
    )
    await write(kept_database, me, lead, apology)
    assert await suppression_reason(kept_database, lead) is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("answer", {"actor": PERSON, "lead_id": "this lead"}), ("apology", {"actor": PERSON}), ("apology", {})],
)
async def test_no_other_message_is_sent_to_a_suppressed_contact(
    kept_database: Database, me: WorkerId, kind: str, fields: dict[str, Any]
) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.ENGAGED)
    await queued(kept_database, lead, kind=kind)
    await suppress(
        kept_database,
        lead,
        **{key: lead.id if value == "this lead" else value for key, value in fields.items()},
    )
    assert await suppression_reason(kept_database, lead) == REASON


async def test_contact_suppressed_after_the_claim_gets_no_message(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.ENGAGED)
    message: Message = await queued(kept_database, lead)
    await suppress(kept_database, lead)
    limits = Limits(timedelta(), 1, timedelta())
    world = World()
    sender = MessageSender(
        world, OutreachRateLimiter(kept_database, me, limits, lambda: NOW, UTC), lambda: NOW, 0, lambda: True
    )
    assert await sender.deliver(Conversation(lead, [message]), message) == Suppressed(REASON)
    assert world.asked == []


async def test_contact_erased_after_the_claim_gets_no_message(kept_database: Database, me: WorkerId) -> None:
    lead = await add_unlisted_lead(kept_database, me, S.ENGAGED)
    message: Message = await queued(kept_database, lead)
    async with kept_database.writing() as session:
        await session.delete(await session.get_one(Lead, lead.id))
    limits = Limits(timedelta(), 1, timedelta())
    world = World()
    sender = MessageSender(
        world, OutreachRateLimiter(kept_database, me, limits, lambda: NOW, UTC), lambda: NOW, 0, lambda: True
    )
    outcome = await sender.deliver(Conversation(lead, [message]), message)
    with pytest.raises(LostRaceError, match="it is gone"):
        await write(kept_database, me, lead, outcome)
    assert world.asked == []
