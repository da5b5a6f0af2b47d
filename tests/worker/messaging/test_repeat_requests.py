"""Tests repeat requests: which leads are greeted again, and which join an existing conversation."""

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of, now_of
from tests.support.settling import S, write
from worker.domain.outcomes import PeerFound
from worker.domain.telegram_port import Incoming, Peer
from worker.messaging import inbox, repeat_requests
from worker.queue.leases import WorkerId

FORM = {"Комментарий": "Ещё нужен бот, пишите @anna_smirnova или +7 916 123-45-67", "utm_source": "ya"}
# Status of the first lead -> status of the second lead, state of its request in the first one's conversation,
# and True if the request is to be answered there.
EXPECTED: dict[LeadStatus, tuple[LeadStatus, str | None, bool]] = {
    S.RESOLVED: (S.HANDED_OFF, "received", False),
    S.CONTACTED: (S.HANDED_OFF, "received", True),
    S.ENGAGED: (S.HANDED_OFF, "received", True),
    S.SCHEDULED: (S.HANDED_OFF, "received", True),
    S.HANDED_OFF: (S.HANDED_OFF, "handled", False),
    S.BOOKED: (S.RESOLVED, None, False),
    S.REJECTED: (S.RESOLVED, None, False),
    S.NO_REPLY: (S.RESOLVED, None, False),
    S.UNREACHABLE: (S.RESOLVED, None, False),
    S.FAILED: (S.RESOLVED, None, False),
}


async def submit_again(database: Database, me: WorkerId, first: Lead, **fields: object) -> Lead:
    second = await add_leased(database, me, S.PENDING, **{"extra": FORM, **fields})
    await write(database, me, second, PeerFound(Peer(first.telegram_user_id or 0, 1), "phone"))
    return second


async def requests_of(database: Database, lead: Lead) -> list[Message]:
    return [message for message in await messages_of(database, lead) if message.kind == "request"]


def test_every_status_has_an_expectation() -> None:
    assert set(EXPECTED) == set(LeadStatus) - {S.PENDING}


@pytest.mark.parametrize("status", EXPECTED)
async def test_repeat_request_is_greeted_or_joins_by_status(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    first = await add_leased(kept_database, me, status, due_at=None, leased_by=None, leased_until=None)
    second = await submit_again(kept_database, me, first)
    new_status, state, is_due = EXPECTED[status]
    row = await now_of(kept_database, second)
    assert (row.status, row.duplicate_of) == (new_status, first.id if state else None)
    before = await now_of(kept_database, first)
    assert (before.status, before.due_at) == (status, NOW + DEBOUNCE if is_due else None)
    requests = [(one.state, one.key, one.intent) for one in await requests_of(kept_database, first)]
    assert requests == ([(state, f"{second.id}:request", None)] if state else [])


async def test_request_text_has_no_contact_details(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await submit_again(kept_database, me, first, username=None, phone="x")
    (request,) = await requests_of(kept_database, first)
    assert request.text.startswith("Комментарий: Ещё нужен бот, пишите … или ")
    for hidden in ("smirnova", "123-45", "utm"):
        assert hidden not in request.text


async def test_form_without_details_is_a_request_too(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await submit_again(kept_database, me, first, extra={"utm_source": "ya"})
    await submit_again(kept_database, me, first, extra={}, name="Ольга")
    assert [one.text for one in await requests_of(kept_database, first)] == [
        repeat_requests.NO_DETAILS,
        "Имя: Ольга",
    ]


async def test_request_joins_once_when_repeated(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    second = await submit_again(kept_database, me, first)
    async with kept_database.writing() as session:
        await repeat_requests.add_request_to_conversation(session, second, first, now=NOW, debounce=DEBOUNCE)
    assert len(await requests_of(kept_database, first)) == 1


async def test_joined_request_does_not_change_the_due_time_of_a_queued_message(
    kept_database: Database, me: WorkerId
) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await add_message(kept_database, first, direction="out", kind="answer", state="queued")
    await submit_again(kept_database, me, first)
    assert (await now_of(kept_database, first)).due_at == NOW


async def test_linked_lead_is_not_a_conversation(kept_database: Database, me: WorkerId) -> None:
    """The first conversation is over and the second lead never had one, so the third lead is greeted."""
    first = await add_leased(kept_database, me, S.REJECTED)
    linked = {"duplicate_of": first.id, "telegram_user_id": first.telegram_user_id}
    await add_leased(kept_database, me, S.HANDED_OFF, **linked)
    third = await submit_again(kept_database, me, first)
    assert (await now_of(kept_database, third)).status is S.RESOLVED


async def test_reply_after_a_refusal_belongs_to_the_new_request(
    kept_database: Database, me: WorkerId
) -> None:
    first = await add_leased(kept_database, me, S.REJECTED)
    second = await submit_again(kept_database, me, first)
    incoming = Incoming(first.telegram_user_id or 0, me.account_id * 1000 + 1, "Да", NOW)
    async with kept_database.writing() as session:
        lead = await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)
    assert lead is not None
    assert lead.id == second.id


async def test_returning_leads_are_those_with_a_sent_message(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.REJECTED)
    second = await submit_again(kept_database, me, first)
    for state, is_returning in (("failed", False), ("sent", True)):
        await add_message(kept_database, first, direction="out", kind="greeting", state=state)
        async with kept_database.reading() as session:
            found = await repeat_requests.returning_lead_ids(
                session, me.account_id, [first, await now_of(kept_database, second)]
            )
            assert found == ({second.id} if is_returning else set())
