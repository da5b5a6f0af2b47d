"""Constraints of the schema, and values that it must store unchanged."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from shared.database.models import Lead
from shared.intents import Intent
from shared.statuses import OPEN, LeadStatus
from tests.migrations.conftest import Tables

MOSCOW = timezone(timedelta(hours=3))
CLOSED = sorted(set(LeadStatus) - OPEN)


async def test_submission_key_is_unique_per_source(tables: Tables) -> None:
    await tables.lead(source="tilda", source_key="467251:8442970")
    await tables.lead(source="api", source_key="467251:8442970")
    await tables.lead(source="tilda")
    await tables.lead(source="tilda")
    with pytest.raises(IntegrityError, match=r"uq_leads_source_source_key|leads\.source_key"):
        await tables.lead(source="tilda", source_key="467251:8442970")


@pytest.mark.parametrize("status", sorted(OPEN))
async def test_only_one_open_conversation_per_account_and_person(tables: Tables, status: LeadStatus) -> None:
    account, other = await tables.account(1), await tables.account(2)
    await tables.lead(status="engaged", account_id=account, telegram_user_id=2**40)
    await tables.lead(status=status, account_id=other, telegram_user_id=2**40)
    await tables.lead(status=status, account_id=account, telegram_user_id=2**40 + 1)
    with pytest.raises(IntegrityError, match=r"uq_leads_open_conversation|leads\.telegram_user_id"):
        await tables.lead(status=status, account_id=account, telegram_user_id=2**40)


@pytest.mark.parametrize("status", CLOSED)
async def test_several_closed_conversations_are_allowed(tables: Tables, status: LeadStatus) -> None:
    account = await tables.account()
    for each in ("engaged", status, status):
        await tables.lead(status=each, account_id=account, telegram_user_id=2**40)
    with pytest.raises(IntegrityError, match=r"uq_leads_open_conversation|leads\.telegram_user_id"):
        await tables.rows("UPDATE leads SET status = 'contacted' WHERE status = :status", status=status)


async def test_message_identities_are_unique(tables: Tables) -> None:
    lead, account = await tables.lead(), await tables.account()
    await tables.outgoing(lead, random_id=1, key="1:greeting")
    await tables.outgoing(lead, random_id=2, key="1:link")
    with pytest.raises(IntegrityError, match=r"uq_messages_random_id|messages\.random_id"):
        await tables.outgoing(lead, random_id=1)
    with pytest.raises(IntegrityError, match=r"uq_messages_key|messages\.key"):
        await tables.outgoing(lead, random_id=3, key="1:greeting")
    await tables.message(lead, account_id=account, telegram_message_id=7)
    with pytest.raises(IntegrityError, match=r"uq_messages_account_id|messages\.telegram_message_id"):
        await tables.message(lead, account_id=account, telegram_message_id=7)


async def test_account_has_one_row(tables: Tables) -> None:
    await tables.account(5)
    with pytest.raises(IntegrityError, match="telegram_user_id"):
        await tables.account(5)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "sending"}, "ck_leads_status"),
        ({"status": "PENDING"}, "ck_leads_status"),
        ({"username": None}, "ck_leads_contact"),
        ({"resolved_via": "luck"}, "ck_leads_resolved_via"),
    ],
)
async def test_invalid_lead_is_refused(tables: Tables, values: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        await tables.lead(**values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "queued"}, "ck_messages_direction_kind_state"),
        ({"kind": "request", "state": "queued"}, "ck_messages_direction_kind_state"),
        ({"kind": "greeting"}, "ck_messages_direction_kind_state"),
        ({"direction": "sideways", "random_id": 1}, "ck_messages_direction_kind_state"),
        (
            {"direction": "out", "kind": "reply", "state": "queued", "random_id": 1},
            "ck_messages_direction_kind_state",
        ),
        (
            {"direction": "out", "kind": "greeting", "state": "received", "random_id": 1},
            "ck_messages_direction_kind_state",
        ),
        ({"direction": "out", "kind": "greeting", "state": "queued"}, "ck_messages_identity"),
        ({"direction": "out", "kind": "greeting", "state": "sent"}, "ck_messages_identity"),
        ({"intent": "shrug"}, "ck_messages_intent"),
        ({"next_status": "sending"}, "ck_messages_next_status"),
    ],
)
async def test_invalid_message_is_refused(tables: Tables, values: dict[str, object], constraint: str) -> None:
    lead = await tables.lead()
    with pytest.raises(IntegrityError, match=constraint):
        await tables.message(lead, **values)


async def test_every_status_and_intent_can_be_stored(tables: Tables) -> None:
    for status in LeadStatus:
        lead = await tables.lead(status=status)
        await tables.insert("lead_events", lead_id=lead, from_status=status, to_status=status, actor="x")
    for intent in Intent:
        await tables.message(lead, intent=intent)
    await tables.message(lead, kind="request")
    await tables.outgoing(lead, state="cancelled", random_id=None)


@pytest.mark.parametrize(
    ("table", "values", "constraint"),
    [
        ("lead_events", {"from_status": "sending", "to_status": "pending", "actor": "x"}, "from_status"),
        ("lead_events", {"to_status": "sending", "actor": "x"}, "to_status"),
        ("webhook_deliveries", {"source": "tilda", "body": "", "outcome": "lost"}, "outcome"),
        ("telegram_accounts", {"telegram_user_id": 1, "session_name": "x", "state": "asleep"}, "state"),
    ],
)
async def test_other_invalid_rows_are_refused(
    tables: Tables, table: str, values: dict[str, object], constraint: str
) -> None:
    lead = {"lead_id": await tables.lead()} if table == "lead_events" else {}
    with pytest.raises(IntegrityError, match=f"ck_{table}_{constraint}"):
        await tables.insert(table, **(values | lead))


async def test_message_without_its_lead_is_refused(tables: Tables) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign.?key"):
        await tables.message(404)


async def test_deletion_of_a_lead_deletes_or_detaches_its_rows(tables: Tables) -> None:
    account = await tables.account()
    lead = await tables.lead(account_id=account)
    twin = await tables.lead(duplicate_of=lead)
    await tables.message(lead, account_id=account)
    await tables.insert("webhook_deliveries", source="tilda", body="", outcome="stored", lead_id=lead)
    await tables.rows("DELETE FROM telegram_accounts")
    assert await tables.rows("SELECT account_id FROM messages") == [{"account_id": None}]
    await tables.rows("DELETE FROM leads WHERE id = :id", id=lead)
    assert await tables.rows("SELECT id, duplicate_of FROM leads") == [{"id": twin, "duplicate_of": None}]
    assert await tables.rows("SELECT lead_id FROM webhook_deliveries") == [{"lead_id": None}]
    assert await tables.rows("SELECT id FROM messages") == []
    assert await tables.rows("SELECT lead_id FROM lead_events") == [{"lead_id": twin}]


async def test_ids_are_never_reused(tables: Tables) -> None:
    first = await tables.lead()
    await tables.rows("DELETE FROM leads")
    assert await tables.lead() > first


async def test_telegram_ids_have_64_bits(tables: Tables) -> None:
    account = await tables.account(2**62)
    lead = await tables.lead(telegram_user_id=2**62 + 1, access_hash=-(2**63), account_id=account)
    message = await tables.outgoing(lead, random_id=-(2**63), telegram_message_id=2**40)
    (row,) = await tables.rows(
        "SELECT random_id, telegram_message_id FROM messages WHERE id = :id", id=message
    )
    assert (row["random_id"], row["telegram_message_id"]) == (-(2**63), 2**40)
    async with tables.database.reading() as session:
        stored = await session.get_one(Lead, lead)
    assert (stored.telegram_user_id, stored.access_hash) == (2**62 + 1, -(2**63))


async def test_times_are_returned_aware_in_utc(tables: Tables) -> None:
    moment = datetime(2026, 11, 22, 1, 30, 0, 123456, tzinfo=MOSCOW)
    lead = Lead(name="Анна", username="anna_k", source="api", due_at=moment, leased_until=None)
    lead.created_at, lead.updated_at = moment, moment
    async with tables.database.writing() as session:
        session.add(lead)
    async with tables.database.reading() as session:
        stored = await session.get_one(Lead, lead.id)
    for value in (stored.due_at, stored.created_at, stored.updated_at):
        assert value == moment
        assert value.tzinfo is UTC
        assert value.hour == 22
    assert stored.leased_until is None


async def test_default_times_of_the_database_are_utc(tables: Tables) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    lead = await tables.lead()
    async with tables.database.reading() as session:
        stored = await session.get_one(Lead, lead)
    assert stored.status is LeadStatus.PENDING
    assert stored.extra == {}
    for value in (stored.due_at, stored.created_at, stored.updated_at):
        assert value is not None
        assert value.tzinfo is UTC
        assert before <= value <= datetime.now(UTC)


async def test_naive_time_is_refused(tables: Tables) -> None:
    naive = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).replace(tzinfo=None)
    lead = Lead(name="Анна", username="anna_k", source="api", due_at=naive)
    with pytest.raises(StatementError) as refused:
        async with tables.database.writing() as session:
            session.add(lead)
    assert "without a zone" in str(refused.value.orig)
