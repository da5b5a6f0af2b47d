"""The suppression list: a listed person is recognised by any contact, and entries reveal no contact."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete
from sqlmodel import select

from shared.database.engine import Database
from shared.database.models import DoNotContact, DoNotContactKey, Lead
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PHONE, USERNAME, TELEGRAM = "+79161234567", "anna_smirnova", 6_000_000_001
ANNA = SuppressedIdentity(PHONE, USERNAME, TELEGRAM)


@pytest.fixture
async def database(kept_database: Database) -> Database:
    """A database with an empty list and without a key."""
    async with kept_database.writing() as session:
        await session.exec(delete(DoNotContact))
        await session.exec(delete(DoNotContactKey))
    return kept_database


async def add(
    database: Database, identity: SuppressedIdentity = ANNA, reason: str = "просили не писать"
) -> int:
    async with database.writing() as session:
        return await suppression_list.add(session, identity, reason=reason, actor="person", now=NOW)


async def reason_for(database: Database, **fields: object) -> str | None:
    async with database.reading() as session:
        identity = SuppressedIdentity.of(Lead(name="Анна", source="api", **fields))
        (entry,) = await suppression_list.find_entries(session, [identity])
    return None if entry is None else entry.reason


async def entries(database: Database) -> list[DoNotContact]:
    async with database.reading() as session:
        return list(await session.exec(select(DoNotContact)))


@pytest.mark.parametrize(
    ("fields", "listed"),
    [
        ({"phone_e164": PHONE}, True),
        ({"username": USERNAME}, True),
        ({"username": "@Anna_Smirnova"}, True),
        ({"telegram_user_id": TELEGRAM}, True),
        ({"phone_e164": "+79160000000", "username": "boris_b", "telegram_user_id": TELEGRAM}, True),
        ({"phone_e164": "+79160000000", "username": "boris_b", "telegram_user_id": 1}, False),
        # Kinds do not mix: a phone is neither a username nor a Telegram id.
        ({"username": PHONE}, False),
        ({"phone_e164": str(TELEGRAM)}, False),
        ({}, False),
    ],
)
async def test_person_with_one_listed_contact_is_listed(
    database: Database, fields: dict[str, object], listed: bool
) -> None:
    assert await reason_for(database, **fields) is None
    assert await add(database) == 3
    assert await reason_for(database, **fields) == ("просили не писать" if listed else None)


async def test_entry_holds_the_reason_and_no_contact(database: Database) -> None:
    await add(database)
    rows = await entries(database)
    assert {row.kind for row in rows} == {"phone", "username", "telegram"}
    assert {(row.reason, row.actor, row.created_at) for row in rows} == {("просили не писать", "person", NOW)}
    text = repr(rows).lower()
    for secret in (PHONE.lstrip("+"), USERNAME, str(TELEGRAM)):
        assert secret not in text
    assert {len(row.hash) for row in rows} == {64}


async def test_existing_entry_keeps_its_reason(database: Database) -> None:
    await add(database, SuppressedIdentity(PHONE))
    assert await add(database, reason="другая") == 2
    assert await add(database, reason="третья") == 0
    assert await reason_for(database, phone_e164=PHONE, username=USERNAME) == "просили не писать"
    assert await reason_for(database, username=USERNAME) == "другая"


async def test_empty_identity_adds_no_entry(database: Database) -> None:
    assert await add(database, SuppressedIdentity()) == 0
    assert await entries(database) == []


async def test_only_the_given_contacts_are_removed(database: Database) -> None:
    async with database.writing() as session:
        assert await suppression_list.remove(session, ANNA) == 0
    await add(database)
    async with database.writing() as session:
        assert await suppression_list.remove(session, SuppressedIdentity(PHONE)) == 1
    assert await reason_for(database, phone_e164=PHONE) is None
    assert await reason_for(database, telegram_user_id=TELEGRAM) == "просили не писать"
    async with database.writing() as session:
        assert await suppression_list.remove(session, ANNA) == 2
    assert await entries(database) == []


async def test_hashes_differ_between_installations(database: Database) -> None:
    await add(database)
    before = {row.hash for row in await entries(database)}
    async with database.writing() as session:
        await session.exec(delete(DoNotContactKey))
    assert await add(database) == 3
    assert before.isdisjoint({row.hash for row in (await entries(database))[3:]})


async def test_concurrent_first_uses_create_one_key(database: Database) -> None:
    people = [SuppressedIdentity(f"+7916000{number:04d}") for number in range(6)]
    assert await asyncio.gather(*(add(database, person) for person in people)) == [1] * 6
    for person in people:
        assert await reason_for(database, phone_e164=person.phone_e164) == "просили не писать"


async def test_entry_outlives_its_lead(database: Database) -> None:
    async with database.writing() as session:
        lead = Lead(name="Анна", source="api", phone_e164=PHONE, phone=PHONE, due_at=NOW, created_at=NOW)
        lead.updated_at = NOW
        session.add(lead)
        await session.flush()
        await suppression_list.add(session, ANNA, reason="x", actor="person", now=NOW, lead_id=lead.id)
    async with database.writing() as session:
        await session.delete(await session.get_one(Lead, lead.id))
    assert {(row.lead_id, row.reason) for row in await entries(database)} == {(None, "x")}
