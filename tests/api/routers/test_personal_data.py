"""A person's data over HTTP: all of it is given out, and none of it is left after an erasure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
from sqlmodel import SQLModel

from shared.database.account_models import TelegramAccount, TelegramPerson
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
    "do_not_contact",
)
# A table with one of these columns is about people.
TELLING = {"lead_id", "phone", "phone_e164", "username", "user_id", "telegram_user_id", "chat_id"}


async def _talk(client: httpx2.AsyncClient, database: Database) -> int:
    """A lead that was submitted twice and talked to; gives its id."""
    lead = (await client.post(WEBHOOK, data=SUBMISSION)).json()
    assert (await client.post(WEBHOOK, data=SUBMISSION)).status_code == 200
    async with database.writing() as session:
        session.add(
            Message(
                lead_id=lead["id"], direction="in", kind="reply", text="тайна", state="handled",
                created_at=NOW,
            )
        )  # fmt: skip
        session.add(OwnerNotice(key="event:1", text="Анна, тайна", lead_id=lead["id"], created_at=NOW))
        account = TelegramAccount(telegram_user_id=7, session_name="a")
        session.add(account)
        await session.flush()
        session.add(
            TelegramPerson(
                account_id=account.id or 0, user_id=5, access_hash=1, phone_e164=lead["phone_e164"]
            )
        )
    return int(lead["id"])


async def _post(client: httpx2.AsyncClient, **fields: object) -> int:
    answer = await client.post("/leads", json={"name": "Анна"} | fields)
    return int(answer.json()["id"])


async def _left(database: Database) -> str:
    return str([await rows(database, f"SELECT * FROM {table}") for table in TABLES])


async def _ids(database: Database) -> Sequence[int]:
    return [row["id"] for row in await rows(database, "SELECT id FROM leads ORDER BY id")]


def test_no_table_about_people_is_forgotten() -> None:
    about_people = {
        name for name, table in SQLModel.metadata.tables.items() if TELLING & set(table.columns.keys())
    }
    # The accounts are our own.
    assert about_people - {"telegram_accounts"} == set(TABLES)


async def test_an_erased_person_leaves_nothing(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await _talk(client, database)
    other = await _post(client, phone="+79990000000")
    assert (await client.delete(f"/leads/{lead_id}")).status_code == 204
    assert await _ids(database) == [other]
    left = await _left(database)
    for trace in ("тайна", "9991234567", "123-45-67"):
        assert trace not in left
    assert (await client.delete(f"/leads/{lead_id}")).status_code == 404
    assert (await client.get(f"/leads/{lead_id}")).status_code == 404
    # What is sent anew is a new request.
    assert (await client.post(WEBHOOK, data=SUBMISSION)).status_code == 201


async def test_the_persons_other_leads_go_on_demand_alone(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first = await _post(client, phone="+79991234567", username="anna_k")
    same = [await _post(client, phone="8 999 123 45 67"), await _post(client, username="@Anna_K")]
    repeat = await _post(client, phone="+79990000001")
    stranger = await _post(client, phone="+79990000002", username="anna_kk")
    found_anew = await _post(client, username="another_name")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE leads SET duplicate_of = {first} WHERE id = {repeat}")
        await connection.exec_driver_sql(
            f"UPDATE leads SET telegram_user_id = 7 WHERE id IN ({first}, {found_anew})"
        )
    exported = (await client.get(f"/leads/{first}/export")).json()
    assert [lead["id"] for lead in exported["leads"]] == [first, *same, repeat, found_anew]
    alone = await _post(client, phone="+79991234567", comment="another request")
    assert (await client.delete(f"/leads/{alone}")).status_code == 204
    assert await _ids(database) == [first, *same, repeat, stranger, found_anew]
    assert (await client.delete(f"/leads/{first}", params={"everything": "true"})).status_code == 204
    assert await _ids(database) == [stranger]


async def test_what_an_erased_request_said_in_another_conversation_goes_too(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first, repeat = await _post(client, phone="+79991234567"), await _post(client, phone="+79990000001")
    common: dict[str, Any] = {"lead_id": first, "direction": "in", "state": "handled", "created_at": NOW}
    async with database.writing() as session:
        session.add(Message(kind="reply", text="остаётся", **common))
        session.add(Message(kind="request", text="тайна", key=f"{repeat}:request", **common))
    assert (await client.delete(f"/leads/{repeat}")).status_code == 204
    assert [row["text"] for row in await rows(database, "SELECT text FROM messages")] == ["остаётся"]


async def test_an_erased_person_can_be_remembered_as_not_to_be_written_to(
    client: httpx2.AsyncClient, database: Database
) -> None:
    lead = await _post(client, phone="+79991234567", username="anna_k")
    assert (await client.delete(f"/leads/{lead}", params={"do_not_contact": "true"})).status_code == 204
    for contact in ({"phone": "8 999 123-45-67"}, {"username": "@ANNA_K"}):
        assert (await client.get("/do-not-contact/check", params=contact)).json()["listed"]
    assert "9991234567" not in await _left(database)
    assert "anna_k" not in await _left(database)


async def test_an_export_is_everything(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await _talk(client, database)
    await client.post("/do-not-contact", json={"lead_id": lead_id, "reason": "asked"})
    answer = await client.get(f"/leads/{lead_id}/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="lead-{lead_id}.json"'
    found: dict[str, Any] = answer.json()
    assert [lead["name"] for lead in found["leads"]] == ["Анна"]
    assert [message["text"] for message in found["messages"]] == ["тайна"]
    assert [event["to_status"] for event in found["events"]] == ["pending"]
    assert [delivery["outcome"] for delivery in found["deliveries"]] == ["stored", "duplicate"]
    assert all("tranid=1%3A2" in delivery["body"] for delivery in found["deliveries"])
    assert [mark["reason"] for mark in found["do_not_contact"]] == ["asked"]
    for table in TABLES[:5]:
        (row,) = (await rows(database, f"SELECT * FROM {table} LIMIT 1"))[:1]
        exported = found[{"lead_events": "events", "webhook_deliveries": "deliveries"}.get(table, table)][0]
        assert set(exported) == set(row)
    assert (await client.get("/leads/99/export")).status_code == 404
