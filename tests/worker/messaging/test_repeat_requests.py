"""A new form by somebody we know: whom it greets anew, and whose conversation it joins."""

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
# What becomes of the second lead, the state of its words in the first one's conversation, and whether they
# are to be answered there.
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


async def ask_again(database: Database, me: WorkerId, first: Lead, **fields: object) -> Lead:
    second = await add_leased(database, me, S.PENDING, **{"extra": FORM, **fields})
    await write(database, me, second, PeerFound(Peer(first.telegram_user_id or 0, 1), "phone"))
    return second


async def asked(database: Database, lead: Lead) -> list[Message]:
    return [message for message in await messages_of(database, lead) if message.kind == "request"]


def test_every_status_is_in_the_table() -> None:
    assert set(EXPECTED) == set(LeadStatus) - {S.PENDING}


@pytest.mark.parametrize("status", EXPECTED)
async def test_who_is_greeted_anew_and_whose_words_join(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    first = await add_leased(kept_database, me, status, due_at=None, leased_by=None, leased_until=None)
    second = await ask_again(kept_database, me, first)
    becomes, state, due = EXPECTED[status]
    row = await now_of(kept_database, second)
    assert (row.status, row.duplicate_of) == (becomes, first.id if state else None)
    before = await now_of(kept_database, first)
    assert (before.status, before.due_at) == (status, NOW + DEBOUNCE if due else None)
    said = [(one.state, one.key, one.intent) for one in await asked(kept_database, first)]
    assert said == ([(state, f"{second.id}:request", None)] if state else [])


async def test_the_words_of_a_form_have_no_contacts(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await ask_again(kept_database, me, first, username=None, phone="x")
    (request,) = await asked(kept_database, first)
    assert request.text.startswith("Комментарий: Ещё нужен бот, пишите … или ")
    for secret in ("smirnova", "123-45", "utm"):
        assert secret not in request.text


async def test_a_form_without_words_is_a_request_too(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await ask_again(kept_database, me, first, extra={"utm_source": "ya"})
    await ask_again(kept_database, me, first, extra={}, name="Ольга")
    assert [one.text for one in await asked(kept_database, first)] == [
        repeat_requests.NOTHING_SAID,
        "Имя: Ольга",
    ]


async def test_a_request_joins_once_however_often_it_is_tried(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    second = await ask_again(kept_database, me, first)
    async with kept_database.writing() as session:
        await repeat_requests.add_request_to_conversation(session, second, first, now=NOW, debounce=DEBOUNCE)
    assert len(await asked(kept_database, first)) == 1


async def test_what_waits_to_be_sent_is_not_brought_forward(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.ENGAGED)
    await add_message(kept_database, first, direction="out", kind="answer", state="queued")
    await ask_again(kept_database, me, first)
    assert (await now_of(kept_database, first)).due_at == NOW


async def test_what_was_linked_is_no_conversation(kept_database: Database, me: WorkerId) -> None:
    """The first is over, and the second was never one: the third is greeted."""
    first = await add_leased(kept_database, me, S.REJECTED)
    linked = {"duplicate_of": first.id, "telegram_user_id": first.telegram_user_id}
    await add_leased(kept_database, me, S.HANDED_OFF, **linked)
    third = await ask_again(kept_database, me, first)
    assert (await now_of(kept_database, third)).status is S.RESOLVED


async def test_whoever_refused_and_asks_anew_is_answered_about_the_new(
    kept_database: Database, me: WorkerId
) -> None:
    first = await add_leased(kept_database, me, S.REJECTED)
    second = await ask_again(kept_database, me, first)
    incoming = Incoming(first.telegram_user_id or 0, me.account_id * 1000 + 1, "Да", NOW)
    async with kept_database.writing() as session:
        whose = await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)
    assert whose is not None
    assert whose.id == second.id


async def test_who_has_heard_from_us(kept_database: Database, me: WorkerId) -> None:
    first = await add_leased(kept_database, me, S.REJECTED)
    second = await ask_again(kept_database, me, first)
    for state, met in (("failed", False), ("sent", True)):
        await add_message(kept_database, first, direction="out", kind="greeting", state=state)
        async with kept_database.reading() as session:
            found = await repeat_requests.met_before(
                session, me.account_id, [first, await now_of(kept_database, second)]
            )
            assert found == ({second.id} if met else set())
