"""A person's data: an export contains all of it, and an erasure leaves nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2

from shared.database.account_models import TelegramAccount, TelegramPerson
from shared.database.booking_models import Booking, BookingEvent
from shared.database.console_models import LEAD_VIEWS
from shared.database.engine import Database
from shared.database.models import Message
from shared.database.notification_models import OwnerNotice
from tests.api.conftest import WEBHOOK, rows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBMISSION = {"Name": "Анна", "Phone": "+7 999 123-45-67", "tranid": "1:2", "Comments": "тайна"}
TABLES = (
    "leads",
    "messages",
    "lead_events",
    "webhook_deliveries",
    "telegram_people",
    "owner_notices",
    "lead_notes",
    "lead_actions",
    "lead_views",
    "do_not_contact",
    "bookings",
    "booking_events",
    "planned_messages",
)
# Named otherwise in the export; `lead_views` tells about the colleagues.
NAMES_IN_EXPORT = {"lead_events": "events", "webhook_deliveries": "deliveries"}
EXPORTED = {NAMES_IN_EXPORT.get(table, table) for table in TABLES} - {"lead_views"}
# The agency's own accounts and owner, and the sign-in of its colleagues.
NOT_OF_LEADS = {"telegram_accounts", "owner_identities", "user_sessions", "user_links"}
# A table with one of these columns contains personal data.
PERSONAL_COLUMNS = {
    *("lead_id", "booking_id", "phone", "phone_e164", "username", "user_id", "telegram_user_id", "chat_id"),
}


async def _add_person(client: httpx2.AsyncClient, database: Database) -> int:
    """Add a lead that was submitted twice, with a conversation; returns its id."""
    lead = (await client.post(WEBHOOK, data=SUBMISSION)).json()
    assert (await client.post(WEBHOOK, data=SUBMISSION)).status_code == 200
    async with database.writing() as session:
        session.add(
            Message(
                lead_id=lead["id"], direction="in", kind="reply", text="тайна", state="handled",
                created_at=NOW,
            )
        )  # fmt: skip
        booking = Booking(lead_id=lead["id"], source="human", external_id="тайна", state="booked")
        session.add(booking)
        await session.flush()
        event = {"kind": "booked", "actor": "Мария", "at": NOW, "details": {"name": "тайна"}}
        session.add(BookingEvent(booking_id=booking.id, key="1", **event))
        session.add(OwnerNotice(key="event:1", text="Анна, тайна", lead_id=lead["id"], created_at=NOW))
        account = TelegramAccount(telegram_user_id=7, session_name="a")
        session.add(account)
        await session.flush()
        session.add(
            TelegramPerson(account_id=account.id, user_id=5, access_hash=1, phone_e164=lead["phone_e164"])
        )
    return int(lead["id"])


async def _post(client: httpx2.AsyncClient, **fields: object) -> int:
    answer = await client.post("/leads", json={"name": "Анна"} | fields)
    return int(answer.json()["id"])


async def _stored_data(database: Database) -> str:
    return str([await rows(database, f"SELECT * FROM {table}") for table in TABLES])


async def _ids(database: Database) -> Sequence[int]:
    return [row["id"] for row in await rows(database, "SELECT id FROM leads ORDER BY id")]


def test_the_list_of_tables_is_complete() -> None:
    personal = {
        name
        for name, table in LEAD_VIEWS.metadata.tables.items()
        if PERSONAL_COLUMNS & set(table.columns.keys())
    }
    assert personal - NOT_OF_LEADS == set(TABLES)


async def test_an_erased_person_leaves_nothing(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await _add_person(client, database)
    other = await _post(client, phone="+79990000000")
    assert (await client.delete(f"/leads/{lead_id}")).status_code == 204
    assert await _ids(database) == [other]
    stored = await _stored_data(database)
    for trace in ("тайна", "9991234567", "123-45-67"):
        assert trace not in stored
    assert (await client.delete(f"/leads/{lead_id}")).status_code == 404
    assert (await client.get(f"/leads/{lead_id}")).status_code == 404
    # The same submission is now a new lead.
    assert (await client.post(WEBHOOK, data=SUBMISSION)).status_code == 201


async def test_other_leads_of_the_person_are_erased_only_on_request(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first = await _post(client, phone="+79991234567", username="anna_k")
    same = [await _post(client, phone="8 999 123 45 67"), await _post(client, username="@Anna_K")]
    repeat = await _post(client, phone="+79990000001")
    other_person = await _post(client, phone="+79990000002", username="anna_kk")
    same_account = await _post(client, username="another_name")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE leads SET duplicate_of = {first} WHERE id = {repeat}")
        await connection.exec_driver_sql(
            f"UPDATE leads SET telegram_user_id = 7 WHERE id IN ({first}, {same_account})"
        )
    exported = (await client.get(f"/leads/{first}/export")).json()
    assert [lead["id"] for lead in exported["leads"]] == [first, *same, repeat, same_account]
    alone = await _post(client, phone="+79991234567", comment="another request")
    assert (await client.delete(f"/leads/{alone}")).status_code == 204
    assert await _ids(database) == [first, *same, repeat, other_person, same_account]
    assert (await client.delete(f"/leads/{first}", params={"everything": "true"})).status_code == 204
    assert await _ids(database) == [other_person]


async def test_the_message_of_an_erased_repeat_is_erased_from_the_other_conversation(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first, repeat = await _post(client, phone="+79991234567"), await _post(client, phone="+79990000001")
    common: dict[str, Any] = {"lead_id": first, "direction": "in", "state": "handled", "created_at": NOW}
    async with database.writing() as session:
        session.add(Message(kind="reply", text="остаётся", **common))
        session.add(Message(kind="request", text="тайна", key=f"{repeat}:request", **common))
    assert (await client.delete(f"/leads/{repeat}")).status_code == 204
    assert [row["text"] for row in await rows(database, "SELECT text FROM messages")] == ["остаётся"]


async def test_an_erased_person_can_stay_on_the_do_not_contact_list(
    client: httpx2.AsyncClient, database: Database
) -> None:
    lead = await _post(client, phone="+79991234567", username="anna_k")
    assert (await client.delete(f"/leads/{lead}", params={"do_not_contact": "true"})).status_code == 204
    for contact in ({"phone": "8 999 123-45-67"}, {"username": "@ANNA_K"}):
        assert (await client.get("/do-not-contact/check", params=contact)).json()["listed"]
    assert "9991234567" not in await _stored_data(database)
    assert "anna_k" not in await _stored_data(database)


async def test_an_export_is_complete(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await _add_person(client, database)
    await client.post("/do-not-contact", json={"lead_id": lead_id, "reason": "asked"})
    answer = await client.get(f"/leads/{lead_id}/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="lead-{lead_id}.json"'
    exported: dict[str, Any] = answer.json()
    assert set(exported) == EXPORTED | {"exported_at"}
    assert [event["kind"] for event in exported["booking_events"]] == ["booked"]
    assert [lead["name"] for lead in exported["leads"]] == ["Анна"]
    assert [message["text"] for message in exported["messages"]] == ["тайна"]
    assert [event["to_status"] for event in exported["events"]] == ["pending"]
    assert [delivery["outcome"] for delivery in exported["deliveries"]] == ["stored", "duplicate"]
    assert all("tranid=1%3A2" in delivery["body"] for delivery in exported["deliveries"])
    assert [entry["reason"] for entry in exported["do_not_contact"]] == ["asked"]
    for table in TABLES[:5]:
        (row,) = (await rows(database, f"SELECT * FROM {table} LIMIT 1"))[:1]
        values = exported[NAMES_IN_EXPORT.get(table, table)][0]
        assert set(values) == set(row)
    assert (await client.get("/leads/99/export")).status_code == 404
