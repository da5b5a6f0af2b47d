"""The do-not-contact list: whoever is on it is known again, and nobody can read who that is."""

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
    """A database whose list is empty and whose key nobody has made yet."""
    async with kept_database.writing() as session:
        await session.exec(delete(DoNotContact))
        await session.exec(delete(DoNotContactKey))
    return kept_database


async def add(
    database: Database, contacts: SuppressedIdentity = ANNA, reason: str = "просили не писать"
) -> int:
    async with database.writing() as session:
        return await suppression_list.add(session, contacts, reason=reason, actor="person", now=NOW)


async def reason_for(database: Database, **fields: object) -> str | None:
    async with database.reading() as session:
        return await suppression_list.is_listed(session, Lead(name="Анна", source="api", **fields))


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
        # A number is not a nickname, nor Telegram's number for somebody.
        ({"username": PHONE}, False),
        ({"phone_e164": str(TELEGRAM)}, False),
        ({}, False),
    ],
)
async def test_whoever_has_one_of_the_contacts_is_listed(
    database: Database, fields: dict[str, object], listed: bool
) -> None:
    assert await reason_for(database, **fields) is None
    assert await add(database) == 3
    assert await reason_for(database, **fields) == ("просили не писать" if listed else None)


async def test_an_entry_says_why_and_not_who(database: Database) -> None:
    await add(database)
    rows = await entries(database)
    assert {row.kind for row in rows} == {"phone", "username", "telegram"}
    assert {(row.reason, row.actor, row.created_at) for row in rows} == {("просили не писать", "person", NOW)}
    told = repr(rows).lower()
    for secret in (PHONE.lstrip("+"), USERNAME, str(TELEGRAM)):
        assert secret not in told
    assert {len(row.hash) for row in rows} == {64}


async def test_the_first_reason_stays(database: Database) -> None:
    await add(database, SuppressedIdentity(PHONE))
    assert await add(database, reason="другая") == 2
    assert await add(database, reason="третья") == 0
    assert await reason_for(database, phone_e164=PHONE, username=USERNAME) == "просили не писать"
    assert await reason_for(database, username=USERNAME) == "другая"


async def test_nothing_to_list(database: Database) -> None:
    assert await add(database, SuppressedIdentity()) == 0
    assert await entries(database) == []


async def test_taken_off_by_what_is_given(database: Database) -> None:
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


async def test_another_installation_marks_otherwise(database: Database) -> None:
    await add(database)
    before = {row.hash for row in await entries(database)}
    async with database.writing() as session:
        await session.exec(delete(DoNotContactKey))
    assert await add(database) == 3
    assert before.isdisjoint({row.hash for row in (await entries(database))[3:]})


async def test_those_who_need_the_key_first_make_one_together(database: Database) -> None:
    people = [SuppressedIdentity(f"+7916000{number:04d}") for number in range(6)]
    assert await asyncio.gather(*(add(database, person) for person in people)) == [1] * 6
    for person in people:
        assert await reason_for(database, phone_e164=person.phone_e164) == "просили не писать"


async def test_an_entry_outlives_its_lead(database: Database) -> None:
    async with database.writing() as session:
        lead = Lead(name="Анна", source="api", phone_e164=PHONE, phone=PHONE, due_at=NOW, created_at=NOW)
        lead.updated_at = NOW
        session.add(lead)
        await session.flush()
        await suppression_list.add(session, ANNA, reason="x", actor="person", now=NOW, lead_id=lead.id)
    async with database.writing() as session:
        await session.delete(await session.get_one(Lead, lead.id))
    assert {(row.lead_id, row.reason) for row in await entries(database)} == {(None, "x")}
