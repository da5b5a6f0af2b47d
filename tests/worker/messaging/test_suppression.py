"""Whoever is on the do-not-contact list gets nothing more, and what they say is a human's to read."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.errors import LostRaceError
from shared.leads import suppression_list
from shared.leads.suppression_list import PERSON, SuppressedIdentity
from shared.statuses import ALLOWED, Intent, LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.rows import PERSON as ANNA
from tests.support.settling import TALKING, S, free, queued, state, write
from worker.dispatch.delivery import Sender
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, NoReplyNeeded, QueueMessage, Suppressed
from worker.domain.outreach_policy import Limits
from worker.messaging import outbox
from worker.messaging.suppression import suppression_reasons
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

REASON = "on the do-not-contact list: просили не писать"
EVERYONE = [S.PENDING, S.RESOLVED, *TALKING]


async def enlist(database: Database, lead: Lead, **fields: Any) -> None:  # noqa: ANN401
    usual: dict[str, Any] = {"reason": "просили не писать", "actor": "operator"}
    async with database.writing() as session:
        await suppression_list.add(session, SuppressedIdentity.of(lead), now=NOW, **usual | fields)


async def talk(database: Database, me: WorkerId, status: LeadStatus) -> Lead:
    """A lead of somebody that no other test has listed."""
    lead = await add_leased(database, me, status, username=None, phone="x")
    lead.telegram_user_id = lead.telegram_user_id or ANNA * 1000 + (lead.id or 0)
    return lead


async def silent(database: Database, lead: Lead) -> str | None:
    async with database.reading() as session:
        said = await outbox.transcripts(session, [lead.id or 0])
        (why,) = await suppression_reasons(session, [Conversation(lead, said[lead.id or 0])])
        return why


@pytest.mark.parametrize("status", [S.PENDING, S.RESOLVED])
async def test_who_is_not_greeted_yet_is_unreachable(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead, kind="greeting")
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(S.UNREACHABLE, last_error=REASON)
    assert await moves_of(kept_database, lead) == [(status, S.UNREACHABLE, REASON)]
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


@pytest.mark.parametrize("status", EVERYONE)
async def test_whoever_writes_again_is_a_humans(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await add_message(kept_database, lead, text="Всё-таки напишите")
    await queued(kept_database, lead)
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(S.HANDED_OFF, last_error=REASON)
    theirs, ours = await messages_of(kept_database, lead)
    assert (theirs.state, theirs.text, theirs.intent) == ("handled", "Всё-таки напишите", None)
    assert (ours.state, ours.error) == ("cancelled", REASON)


@pytest.mark.parametrize("status", TALKING)
async def test_where_nothing_is_to_be_said_nothing_changes(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await write(kept_database, me, lead, Suppressed(REASON))
    assert await state(kept_database, lead) == free(status)


@pytest.mark.parametrize("status", sorted(set(LeadStatus) - set(EVERYONE)))
async def test_a_humans_words_are_taken_back_too(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead, kind="human")
    await write(kept_database, me, lead, Suppressed(REASON))
    assert S.HANDED_OFF not in ALLOWED[status]
    assert (await now_of(kept_database, lead)).status is status
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


async def test_their_own_wish_lists_them_with_the_apology_and_lets_it_out(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await talk(kept_database, me, S.CONTACTED)
    said = await add_message(kept_database, lead, text="Не пишите мне")
    say = QueueMessage(
        *("apology", f"{lead.id}:reply", "Извините", S.REJECTED, (said.id or 0,), Intent.REJECT),
        asks_not_to_be_contacted=True,
    )
    assert await silent(kept_database, lead) is None
    await write(kept_database, me, lead, say)
    async with kept_database.reading() as session:
        entry = await suppression_list.find(session, SuppressedIdentity.of(lead))
    assert entry is not None
    assert (entry.actor, entry.lead_id, entry.created_at) == (PERSON, lead.id, NOW)
    assert await silent(kept_database, lead) is None, "the apology still goes out"
    apology = (await messages_of(kept_database, lead))[-1]
    await write(kept_database, me, lead, Delivered(apology.id or 0, None, NOW))
    assert (await now_of(kept_database, lead)).status is S.REJECTED
    assert await silent(kept_database, lead) == "on the do-not-contact list: asked not to be written to"


async def test_a_wish_after_a_refusal_lists_them_too(kept_database: Database, me: WorkerId) -> None:
    lead = await talk(kept_database, me, S.REJECTED)
    said = await add_message(kept_database, lead)
    await write(kept_database, me, lead, NoReplyNeeded((said.id or 0,), Intent.REJECT, True))
    assert await silent(kept_database, lead) is not None


async def test_a_plain_refusal_lists_nobody(kept_database: Database, me: WorkerId) -> None:
    lead = await talk(kept_database, me, S.CONTACTED)
    said = await add_message(kept_database, lead)
    say = QueueMessage("apology", f"{lead.id}:reply", "Извините", S.REJECTED, (said.id or 0,), Intent.REJECT)
    await write(kept_database, me, lead, say)
    assert await silent(kept_database, lead) is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("answer", {"actor": PERSON, "lead_id": "theirs"}), ("apology", {"actor": PERSON}), ("apology", {})],
)
async def test_no_other_word_goes_out(
    kept_database: Database, me: WorkerId, kind: str, fields: dict[str, Any]
) -> None:
    lead = await talk(kept_database, me, S.ENGAGED)
    await queued(kept_database, lead, kind=kind)
    await enlist(
        kept_database, lead, **{key: lead.id if value == "theirs" else value for key, value in fields.items()}
    )
    assert await silent(kept_database, lead) == REASON


async def test_who_was_listed_after_the_work_began_is_not_written_to(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await talk(kept_database, me, S.ENGAGED)
    message: Message = await queued(kept_database, lead)
    await enlist(kept_database, lead)
    limits = Limits(timedelta(), 1, timedelta())
    world = World()
    sender = Sender(
        world, OutreachRateLimiter(kept_database, me, limits, lambda: NOW, UTC), lambda: NOW, 0, lambda: True
    )
    assert await sender.deliver(Conversation(lead, [message]), message) == Suppressed(REASON)
    assert world.asked == []


async def test_who_was_erased_after_the_work_began_is_not_written_to(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await talk(kept_database, me, S.ENGAGED)
    message: Message = await queued(kept_database, lead)
    async with kept_database.writing() as session:
        await session.delete(await session.get_one(Lead, lead.id))
    limits = Limits(timedelta(), 1, timedelta())
    world = World()
    sender = Sender(
        world, OutreachRateLimiter(kept_database, me, limits, lambda: NOW, UTC), lambda: NOW, 0, lambda: True
    )
    outcome = await sender.deliver(Conversation(lead, [message]), message)
    with pytest.raises(LostRaceError, match="it is gone"):
        await write(kept_database, me, lead, outcome)
    assert world.asked == []
