"""Telegram's updates may be late, repeated, reordered or edited: the stored messages are the same."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.property.conftest import DatabasePair
from tests.support.rows import DEBOUNCE, NOW, add_account, add_lead, messages_of, now_of
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox

SECOND = timedelta(seconds=1)
MESSAGES = 5
# Numbers of messages; each message arrives twice.
ARRIVALS = st.permutations(list(range(MESSAGES)) * 2)
USUAL = settings(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])


async def _conversation(databases: DatabasePair) -> Lead:
    database, _ = databases
    account_id = await add_account(database)
    person = 6_000_000_000 + account_id
    known = {"account_id": account_id, "telegram_user_id": person, "due_at": None}
    return await add_lead(database, status=LeadStatus.CONTACTED, **known)


async def _arrive(databases: DatabasePair, lead: Lead, number: int, at: int, *, edited: bool = False) -> bool:
    """Deliver a message; returns True if it was new."""
    text = f"message {number}, edited" if edited else f"message {number}"
    incoming = Incoming(lead.telegram_user_id or 0, 10 + number, text, NOW + number * SECOND, edited)
    async with databases[0].writing() as session:
        found = await inbox.receive(
            session, lead.account_id or 0, incoming, now=NOW + at * SECOND, debounce=DEBOUNCE
        )
    return found is not None


async def _check_any_order(databases: DatabasePair, arrivals: list[int]) -> None:
    lead = await _conversation(databases)
    new = [number for at, number in enumerate(arrivals) if await _arrive(databases, lead, number, at)]
    assert new == list(dict.fromkeys(arrivals))
    kept = await messages_of(databases[0], lead)
    assert sorted((one.telegram_message_id, one.text, one.sent_at, one.state) for one in kept) == [
        (10 + number, f"message {number}", NOW + number * SECOND, "received") for number in range(MESSAGES)
    ]
    first, last = arrivals.index(new[0]), arrivals.index(new[-1])
    due = NOW + min(last * SECOND + DEBOUNCE, first * SECOND + inbox.MAX_DEBOUNCES * DEBOUNCE)
    assert (await now_of(databases[0], lead)).due_at == due


@given(arrivals=ARRIVALS)
@settings(USUAL, max_examples=40)
async def test_any_order_stores_the_same_on_sqlite(sqlite: DatabasePair, arrivals: list[int]) -> None:
    await _check_any_order(sqlite, arrivals)


@given(arrivals=ARRIVALS)
@settings(USUAL, max_examples=10)
async def test_any_order_stores_the_same_on_postgresql(postgresql: DatabasePair, arrivals: list[int]) -> None:
    await _check_any_order(postgresql, arrivals)


@given(
    arrivals=ARRIVALS, edits=st.lists(st.tuples(st.integers(0, 9), st.integers(0, MESSAGES - 1)), max_size=6)
)
@settings(USUAL, max_examples=20)
async def test_an_edit_changes_the_stored_text_and_nothing_else(
    sqlite: DatabasePair, arrivals: list[int], edits: list[tuple[int, int]]
) -> None:
    """An edit that arrives before its message changes nothing: Telegram then sends the edited text."""
    lead = await _conversation(sqlite)
    expected: dict[int, str] = {}
    for at, number in enumerate(arrivals):
        await _arrive(sqlite, lead, number, at)
        expected.setdefault(number, f"message {number}")
        due = (await now_of(sqlite[0], lead)).due_at
        for edited in [which for when, which in edits if when == at]:
            assert not await _arrive(sqlite, lead, edited, at, edited=True)
            if edited in expected:
                expected[edited] = f"message {edited}, edited"
        assert (await now_of(sqlite[0], lead)).due_at == due
    kept = await messages_of(sqlite[0], lead)
    assert {(one.telegram_message_id or 0) - 10: one.text for one in kept} == expected
