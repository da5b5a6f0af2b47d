"""account_overview: one row per account, for psql users."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.migrations.conftest import Tables


def _moment(tables: Tables, **delta: float) -> Any:  # noqa: ANN401 - a time as the tables store it
    moment = datetime.now(UTC) + timedelta(**delta)
    return moment if tables.database.is_postgres else moment.replace(tzinfo=None).isoformat(" ")


async def _hold(tables: Tables, account: int, method: str, until: object) -> None:
    await tables.rows(
        "INSERT INTO account_holds (account_id, method, until, reason) VALUES (:a, :m, :u, 'FLOOD_WAIT')",
        a=account,
        m=method,
        u=until,
    )


async def _line(tables: Tables) -> dict[str, Any]:
    (line,) = await tables.rows("SELECT * FROM account_overview")
    return line


async def test_usage_of_the_last_24_hours_and_limits(tables: Tables) -> None:
    account = await tables.account()
    await tables.rows("UPDATE telegram_accounts SET outreach_limit = 12, username = 'gordovcode_ai'")
    for method, ages in {
        "new_conversations": (1, 23.9, 24.1),
        "contacts.resolveUsername": (1, 2, 3),
        "contacts.importContacts": (30,),
    }.items():
        for hours in ages:
            at = _moment(tables, hours=-hours)
            await tables.insert("account_calls", account_id=account, method=method, at=at)
    line = await _line(tables)
    assert (line["account"], line["state"], line["working"]) == ("@gordovcode_ai", "active", "no")
    assert (line["first_messages"], line["outreach_limit"]) == (2, 12)
    assert (line["username_lookups"], line["phone_imports"]) == (3, 0)
    assert line["limited_until"] is line["holds"] is line["no_room_until"] is None


async def test_current_flood_waits_are_listed(tables: Tables) -> None:
    account = await tables.account()
    await _hold(tables, account, "contacts.resolveUsername", _moment(tables, hours=-1))
    assert (await _line(tables))["holds"] is None
    until = _moment(tables, days=2)
    await _hold(tables, account, "new_conversations", until)
    line = await _line(tables)
    assert str(line["holds"]).startswith("new_conversations until 20")
    assert line["limited_until"] == until


async def test_conversations_and_their_waiting_messages_are_counted(tables: Tables) -> None:
    account = await tables.account()
    talking = await tables.lead(status="engaged", account_id=account)
    await tables.lead(status="pending", account_id=account)
    await tables.message(talking, account_id=account)
    await tables.outgoing(talking, account_id=account)
    line = await _line(tables)
    assert (line["conversations"], line["unanswered"], line["queued"]) == (1, 1, 1)
