"""What a settlement writes for leads whose contact has weak evidence."""

from typing import Any

from shared.database.engine import Database
from shared.database.models import Lead
from shared.intents import Intent
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import FAILURES, S, free, queued, state, write
from worker.domain.outcomes import FallBackToUsername, PeerFound, QueueMessage, Undeliverable
from worker.domain.telegram_port import Peer
from worker.messaging import repeat_requests
from worker.queue.leases import WorkerId

WEAK = {"field": "Контакт", "strength": "weak", "reason": "a field for any contact"}
PHONE = "+79161234567"


async def add_weak(
    database: Database,
    me: WorkerId,
    status: LeadStatus,
    **fields: Any,  # noqa: ANN401
) -> Lead:
    usual = {"phone_e164": PHONE, "contact_evidence": {"username": WEAK}}
    return await add_leased(database, me, status, **usual | fields)


async def test_the_event_names_the_weak_evidence(kept_database: Database, me: WorkerId) -> None:
    lead = await add_weak(kept_database, me, S.PENDING)
    await write(kept_database, me, lead, PeerFound(Peer(6_710_000_000 + me.account_id, 5), "username"))
    reason = "found by username; weak evidence: field «Контакт»"
    assert await moves_of(kept_database, lead) == [(S.PENDING, S.RESOLVED, reason)]
    lead = await add_weak(kept_database, me, S.PENDING)
    await write(kept_database, me, lead, PeerFound(Peer(6_720_000_000 + me.account_id, 5), "phone"))
    assert await moves_of(kept_database, lead) == [(S.PENDING, S.RESOLVED, "found by phone")]


async def test_an_unknown_phone_falls_back_to_the_username(kept_database: Database, me: WorkerId) -> None:
    lead = await add_weak(kept_database, me, S.PENDING)
    settled = await write(kept_database, me, lead, FallBackToUsername("нет в Telegram"))
    assert settled.lead is not None
    row = await now_of(kept_database, lead)
    assert (row.status, row.phone_error, row.username_error) == (S.PENDING, "нет в Telegram", None)
    assert await moves_of(kept_database, lead) == []


async def test_a_phone_that_cannot_be_written_to_falls_back_to_the_username(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_weak(kept_database, me, S.RESOLVED, resolved_via="phone", **FAILURES)
    message = await queued(kept_database, lead, kind="greeting")
    await write(kept_database, me, lead, Undeliverable(message.id, "закрыто"))
    assert await state(kept_database, lead) == free(S.PENDING, due_at=NOW, leased_by=me.lease_name)
    assert (await now_of(kept_database, lead)).phone_error == "закрыто"
    assert await moves_of(kept_database, lead) == [(S.RESOLVED, S.PENDING, "закрыто")]


async def test_after_both_contacts_the_lead_is_unreachable(kept_database: Database, me: WorkerId) -> None:
    spent = {"resolved_via": "username", "phone_error": "нет в Telegram"}
    lead = await add_weak(kept_database, me, S.RESOLVED, **spent)
    message = await queued(kept_database, lead, kind="greeting")
    await write(kept_database, me, lead, Undeliverable(message.id, "закрыто"))
    assert await state(kept_database, lead) == free(S.UNREACHABLE, last_error="закрыто")


async def test_a_strong_username_is_not_tried_after_the_phone(kept_database: Database, me: WorkerId) -> None:
    lead = await add_weak(kept_database, me, S.RESOLVED, resolved_via="phone", contact_evidence={})
    message = await queued(kept_database, lead, kind="greeting")
    await write(kept_database, me, lead, Undeliverable(message.id, "закрыто"))
    assert (await now_of(kept_database, lead)).status is S.UNREACHABLE


async def test_weak_evidence_adds_no_details_to_the_conversation_of_another_request(
    kept_database: Database, me: WorkerId
) -> None:
    known = await add_leased(kept_database, me, S.ENGAGED, leased_by=None, leased_until=None)
    peer = Peer(known.telegram_user_id or 0, 5)
    for via in ("username", "phone"):
        lead = await add_weak(kept_database, me, S.PENDING, name="Ольга", extra={"Задача": "тайное дело"})
        await write(kept_database, me, lead, PeerFound(peer, via))
        row = await now_of(kept_database, lead)
        assert (row.status, row.duplicate_of, row.resolved_via) == (S.HANDED_OFF, known.id, via)
        assert "тайное дело" in (row.handoff_summary or "")
    by_username, by_phone = await messages_of(kept_database, known)
    assert by_username.text == repeat_requests.NO_DETAILS
    assert by_phone.text == "Имя: Ольга\nЗадача: тайное дело"


async def test_an_opt_out_does_not_suppress_the_phone_of_the_person_who_asked(
    kept_database: Database, me: WorkerId
) -> None:
    username, phone = f"wrong_person_{me.account_id}", f"+7916{me.account_id:07d}"
    fields = {"username": username, "phone_e164": phone, "resolved_via": "username"}
    lead = await add_weak(kept_database, me, S.CONTACTED, **fields)
    received = await add_message(kept_database, lead)
    apology = QueueMessage(
        "apology", f"{lead.id}:reply:1", "Извините", S.REJECTED, (received.id,), Intent.REJECT, True
    )
    await write(kept_database, me, lead, apology)
    identities = [
        SuppressedIdentity(username=username),
        SuppressedIdentity(telegram_user_id=lead.telegram_user_id),
        SuppressedIdentity(phone_e164=phone),
    ]
    async with kept_database.reading() as session:
        entries = await suppression_list.find_entries(session, identities)
    assert [entry is not None for entry in entries] == [True, True, False]
