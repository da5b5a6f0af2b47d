"""Outcomes of several leads that are written together: each comes to what it would come to by itself."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any, get_args

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import Intent, LeadStatus
from tests.support.rows import NOW, POLICY, add_leased, add_message, messages_of, moves_of, now_of, take_lease
from tests.support.settling import FAILURES, S, free, queued, state
from tests.support.waiting import patience_seconds
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    FallBackToPhone,
    GiveUp,
    NoReplyNeeded,
    NothingToDo,
    Outcome,
    PeerFound,
    QueueMessage,
    Retry,
    ReturnToAssistant,
    Suppressed,
    Transcribed,
    Undeliverable,
    Wait,
)
from worker.domain.telegram_port import Peer, Verdict
from worker.queue.leases import WorkerId


def greeting(lead: Lead) -> QueueMessage:
    return QueueMessage("greeting", f"{lead.id}:greeting:1", "Здравствуйте!", S.CONTACTED)


async def together(
    database: Database, me: WorkerId, *outcomes: tuple[Lead, Outcome]
) -> list[SettlementResult | BaseException]:
    settlement = Settlement(database, me, POLICY)
    asks = [settlement.settle(lead, outcome, now=NOW) for lead, outcome in outcomes]
    return await asyncio.gather(*asks, return_exceptions=True)


async def test_each_of_several_comes_to_its_own(kept_database: Database, me: WorkerId) -> None:
    new, resolved, sent, waits = [
        await add_leased(kept_database, me, status)
        for status in (S.PENDING, S.RESOLVED, S.RESOLVED, S.ENGAGED)
    ]
    message = await queued(kept_database, sent, kind="greeting", next_status=S.CONTACTED)
    peer = Peer(6_800_000_000 + me.account_id, 5)
    found, said, told, put_off = await together(
        kept_database,
        me,
        (new, PeerFound(peer, "username")),
        (resolved, greeting(resolved)),
        (sent, Delivered(message.id, me.account_id * 1000, NOW)),
        (waits, Wait(POLICY.debounce, "not now")),
    )
    assert isinstance(found, SettlementResult)
    assert found.lead is not None
    assert (found.lead.status, found.lead.telegram_user_id) == (S.RESOLVED, peer.user_id)
    assert isinstance(said, SettlementResult)
    assert said.lead is not None
    assert [one.state for one in await messages_of(kept_database, resolved)] == ["queued"]
    assert told == SettlementResult(None, None, S.CONTACTED)
    assert await state(kept_database, sent) == free(S.CONTACTED)
    assert await moves_of(kept_database, sent) == [(S.RESOLVED, S.CONTACTED, "greeting delivered")]
    assert put_off == SettlementResult(None, NOW + POLICY.debounce, S.ENGAGED)


async def test_a_lost_lease_costs_the_others_nothing(kept_database: Database, me: WorkerId) -> None:
    lost, kept = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await take_lease(kept_database, lost, "somebody else")
    lost_too, settled = await together(kept_database, me, (lost, greeting(lost)), (kept, greeting(kept)))
    assert isinstance(lost_too, LostRaceError)
    assert isinstance(settled, SettlementResult)
    assert await messages_of(kept_database, lost) == []
    assert len(await messages_of(kept_database, kept)) == 1


async def test_words_that_are_stored_already_cost_the_others_nothing(
    kept_database: Database, me: WorkerId
) -> None:
    twice, once = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await together(kept_database, me, (twice, greeting(twice)))
    refused, settled = await together(kept_database, me, (twice, greeting(twice)), (once, greeting(once)))
    assert isinstance(refused, Exception)
    assert isinstance(settled, SettlementResult)
    assert [len(await messages_of(kept_database, lead)) for lead in (twice, once)] == [1, 1]


async def test_two_leads_of_one_person_found_together(kept_database: Database, me: WorkerId) -> None:
    first, second = [await add_leased(kept_database, me, S.PENDING) for _ in range(2)]
    peer = Peer(6_810_000_000 + me.account_id, 5)
    await together(
        kept_database, me, (first, PeerFound(peer, "username")), (second, PeerFound(peer, "username"))
    )
    assert (await now_of(kept_database, first)).status is S.RESOLVED
    joined = await now_of(kept_database, second)
    assert (joined.status, joined.duplicate_of) == (S.HANDED_OFF, first.id)


async def test_a_message_that_brings_a_human_brings_a_summary(kept_database: Database, me: WorkerId) -> None:
    called, other = [await add_leased(kept_database, me, S.ENGAGED) for _ in range(2)]
    messages = [
        await queued(kept_database, lead, next_status=status)
        for lead, status in ((called, S.HANDED_OFF), (other, S.SCHEDULED))
    ]
    number = me.account_id * 1000 + 500
    await together(
        kept_database,
        me,
        (called, Delivered(messages[0].id, number, NOW)),
        (other, Delivered(messages[1].id, number + 1, NOW)),
    )
    handed = await now_of(kept_database, called)
    assert (handed.status, (await now_of(kept_database, other)).status) == (S.HANDED_OFF, S.SCHEDULED)
    assert handed.handoff_summary is not None


async def test_a_lead_in_somebodys_hands_keeps_nobody_waiting(kept_database: Database, me: WorkerId) -> None:
    if not kept_database.is_postgres:
        # SQLite has one writer at a time: there is nobody to wait beside.
        return
    held, free_one = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    settlement = Settlement(kept_database, me, POLICY)
    async with kept_database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == held.id).values(last_error="held"))
        waiting = asyncio.create_task(settlement.settle(held, greeting(held), now=NOW))
        settled = await asyncio.wait_for(
            settlement.settle(free_one, greeting(free_one), now=NOW), patience_seconds()
        )
        assert settled.lead is not None
        assert not waiting.done()
    assert (await waiting).lead is not None


REASON = "почему-то"
_people = count(6_820_000_000)
_numbers = count(900_000)


Decisions = dict[str, tuple[Lead, Outcome]]
LATER = NOW + timedelta(days=2)


class Leads:
    """Leads of an account with a history of failures, and their messages."""

    def __init__(self, database: Database, me: WorkerId) -> None:
        self.database = database
        self.me = me

    async def lead(self, status: LeadStatus, **fields: Any) -> Lead:  # noqa: ANN401 - columns
        return await add_leased(self.database, self.me, status, **FAILURES | fields)

    async def heard(self, lead: Lead, **fields: Any) -> int:  # noqa: ANN401 - columns
        return (await add_message(self.database, lead, **fields)).id or 0

    async def queued(self, lead: Lead, **fields: Any) -> int:  # noqa: ANN401 - columns
        return (await queued(self.database, lead, **fields)).id or 0


async def openings(leads: Leads) -> Decisions:
    new, greeted = S.PENDING, S.RESOLVED
    decisions: Decisions = {}
    known = await leads.lead(S.ENGAGED, leased_by=None, leased_until=None)
    for name, person in (("found", next(_people)), ("joins", known.telegram_user_id or 0)):
        lead = await leads.lead(new)
        await leads.queued(lead, state="cancelled")
        decisions[name] = lead, PeerFound(Peer(person, 5), "username")
    lead = await leads.lead(new, telegram_user_id=next(_people))
    await leads.queued(lead, kind="greeting", state="cancelled")
    decisions["found again"] = lead, PeerFound(Peer(lead.telegram_user_id or 0, 5), "phone")
    lead = await leads.lead(greeted)
    await leads.queued(lead, state="cancelled")
    decisions["advance"] = lead, ChangeStatus(S.CONTACTED, REASON)
    decisions["advance to a human"] = await leads.lead(S.ENGAGED), ChangeStatus(S.HANDED_OFF, REASON)
    decisions["drop username"] = await leads.lead(new), FallBackToPhone(REASON)
    decisions["drop username later"] = await leads.lead(greeted), FallBackToPhone(REASON)
    decisions["leave alone"] = await leads.lead(new), Suppressed(REASON)
    decisions["give up"] = await leads.lead(new), GiveUp(S.UNREACHABLE, REASON)
    return decisions


async def words(leads: Leads) -> Decisions:
    decisions: Decisions = {}
    lead = await leads.lead(S.ENGAGED)
    said = (await leads.heard(lead),)
    say = QueueMessage(
        "answer", f"{lead.id}:reply:1", "Ответ", None, said, Intent.QUESTION, follow_up_at=LATER
    )
    decisions["say"] = lead, say
    lead = await leads.lead(S.ENGAGED)
    said = (await leads.heard(lead),)
    apology = QueueMessage("apology", f"{lead.id}:reply:1", "Извините", S.REJECTED, said, Intent.REJECT, True)
    decisions["apologise"] = lead, apology
    lead = await leads.lead(S.SCHEDULED)
    said, _ = (await leads.heard(lead),), await leads.heard(lead)
    verdict = Verdict(Intent.ACCEPT, "", "ru", 0.9, ("Сайты",))
    decisions["heard"] = lead, NoReplyNeeded(said, Intent.ACCEPT, source=verdict)
    lead = await leads.lead(S.ENGAGED)
    said = (await leads.heard(lead, state="handled"),)
    decisions["heard, but answered"] = lead, NoReplyNeeded(said, Intent.ACCEPT)
    lead = await leads.lead(S.ENGAGED)
    decisions["transcribed"] = lead, Transcribed(await leads.heard(lead, text="…"), "…", "Здравствуйте")
    lead = await leads.lead(S.SCHEDULED, follow_up_at=LATER)
    await leads.heard(lead)
    decisions["leave to a human"] = lead, Suppressed(REASON)
    lead = await leads.lead(S.HANDED_OFF, returns_at=NOW)
    await leads.heard(lead, state="handled")
    decisions["give back"] = lead, ReturnToAssistant(REASON)
    decisions["cannot give back"] = await leads.lead(S.ENGAGED, returns_at=NOW), ReturnToAssistant(REASON)
    return decisions


async def deliveries(leads: Leads) -> Decisions:
    decisions: Decisions = {}
    moves: dict[str, tuple[LeadStatus, dict[str, Any]]] = {
        "delivered": (S.RESOLVED, {"kind": "greeting", "next_status": S.CONTACTED}),
        "delivered, stays": (S.ENGAGED, {}),
        "delivered, to a human": (S.ENGAGED, {"next_status": S.HANDED_OFF, "next_reason": "сердится"}),
        "delivered, taken over": (S.HANDED_OFF, {"next_status": S.SCHEDULED}),
    }
    for name, (status, fields) in moves.items():
        lead = await leads.lead(status, follow_up_at=LATER)
        decisions[name] = lead, Delivered(await leads.queued(lead, **fields), next(_numbers), NOW)
    by_username = {"resolved_via": "username", "phone_e164": "+79161234567"}
    for name, status in (("undeliverable", S.RESOLVED), ("undeliverable link", S.SCHEDULED)):
        lead = await leads.lead(status, **by_username)
        decisions[name] = lead, Undeliverable(await leads.queued(lead), REASON)
    decisions["wait"] = await leads.lead(S.ENGAGED), Wait(timedelta(hours=1), REASON)
    decisions["wait no more"] = await leads.lead(S.ENGAGED), Wait(timedelta(), REASON)
    decisions["retry"] = await leads.lead(S.ENGAGED, attempts=0), Retry(REASON)
    decisions["retry no more"] = await leads.lead(S.ENGAGED), Retry(REASON)
    decisions["give up late"] = await leads.lead(S.SCHEDULED), GiveUp(S.FAILED, REASON)
    decisions["rest"] = await leads.lead(S.ENGAGED, follow_up_at=LATER), NothingToDo()
    return decisions


async def one_of_each(database: Database, me: WorkerId) -> Decisions:
    """A lead for every outcome, and for what may become of it, each with its messages."""
    leads = Leads(database, me)
    return await openings(leads) | await words(leads) | await deliveries(leads)


async def became(database: Database, decisions: Decisions, *, keeps_pauses: bool = False) -> dict[str, Any]:
    """What is stored of each lead, without what tells two alike leads apart."""
    found: dict[str, Any] = {}
    for name, (lead, outcome) in decisions.items():
        row = (await now_of(database, lead)).model_dump(exclude=UNLIKE)
        # It may name another lead by its number.
        row["handoff_summary"] = row["handoff_summary"] is not None
        if isinstance(outcome, Retry) and not keeps_pauses:
            # The pause has a random part.
            row["due_at"] = row["due_at"] and row["due_at"] > NOW
        messages = [one.model_dump(exclude=UNLIKE) for one in await messages_of(database, lead)]
        moves = await moves_of(database, lead)
        async with database.reading() as session:
            is_listed = await suppression_list.find(
                session, SuppressedIdentity(telegram_user_id=lead.telegram_user_id)
            )
        found[name] = row, messages, [(before, after) for before, after, _ in moves], is_listed is not None
    return found


UNLIKE = {"id", "lead_id", "telegram_user_id", "duplicate_of", "key", "random_id", "telegram_message_id"}


def outlined(result: SettlementResult | BaseException) -> object:
    if isinstance(result, BaseException):
        return type(result)
    due = result.due and round((result.due - NOW).total_seconds(), -1)
    return result.lead is not None, due, result.status


async def test_every_outcome_comes_to_the_same_alone_and_with_others(
    kept_database: Database, me: WorkerId
) -> None:
    alone, others = [await one_of_each(kept_database, me) for _ in range(2)]
    assert {type(outcome) for _, outcome in alone.values()} == set(get_args(Outcome))
    results = [(await together(kept_database, me, decision))[0] for decision in alone.values()]
    results_together = await together(kept_database, me, *others.values())
    expected, found = await became(kept_database, alone), await became(kept_database, others)
    for name, one, another in zip(alone, results, results_together, strict=True):
        assert isinstance(one, SettlementResult), (name, one)
        assert outlined(another) == outlined(one), name
        assert found[name] == expected[name], name


async def test_the_lead_in_the_result_is_as_it_is_stored(kept_database: Database, me: WorkerId) -> None:
    decisions = await one_of_each(kept_database, me)
    results = await together(kept_database, me, *decisions.values())
    kept = [one.lead for one in results if isinstance(one, SettlementResult) and one.lead is not None]
    assert len(kept) >= 8
    for lead in kept:
        assert lead.model_dump() == (await now_of(kept_database, lead)).model_dump()


async def test_what_is_written_already_is_not_written_again(kept_database: Database, me: WorkerId) -> None:
    """The answer to the commit was lost: the worker settles all of the batch once more."""
    decisions = await one_of_each(kept_database, me)
    del decisions["cannot give back"]
    first = await together(kept_database, me, *decisions.values())
    before = await became(kept_database, decisions, keeps_pauses=True)
    again = await together(kept_database, me, *decisions.values())
    assert await became(kept_database, decisions, keeps_pauses=True) == before
    for name, one, another in zip(decisions, first, again, strict=True):
        assert isinstance(one, SettlementResult), name
        # Without the lease there is nothing to write; with it, either all is as it was, or it is refused.
        wanted = (LostRaceError,) if one.lead is None else (SettlementResult, *WRITTEN_BEFORE)
        assert isinstance(another, wanted), (name, another)


WRITTEN_BEFORE = (IllegalTransitionError, IntegrityError)


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """The statements on rows while the block runs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.extend([statement] if statement.startswith(("SELECT", "INSERT", "UPDATE")) else [])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_an_outage_costs_few_statements(kept_database: Database, me: WorkerId) -> None:
    leads = [await add_leased(kept_database, me, S.ENGAGED) for _ in range(40)]
    outcomes: list[Outcome] = [Wait(timedelta(minutes=1), REASON), Retry(REASON)]
    with statements_of(kept_database) as statements:
        results = await together(
            kept_database, me, *[(lead, outcomes[number % 2]) for number, lead in enumerate(leads)]
        )
    assert all(isinstance(one, SettlementResult) and one.lead is None for one in results)
    assert len(statements) == 3, "they are locked, and then there is one UPDATE for each kind"
    assert [(await now_of(kept_database, lead)).attempts for lead in leads] == [0, 1] * 20


async def test_one_that_cannot_move_costs_the_others_nothing(kept_database: Database, me: WorkerId) -> None:
    new, talking = [await add_leased(kept_database, me, status) for status in (S.PENDING, S.ENGAGED)]
    refused, settled = await together(
        kept_database, me, (new, ChangeStatus(S.BOOKED, REASON)), (talking, Wait(timedelta(hours=1), REASON))
    )
    assert isinstance(refused, IllegalTransitionError)
    assert settled == SettlementResult(None, NOW + timedelta(hours=1), S.ENGAGED)
    assert (await now_of(kept_database, new)).leased_by == me.lease_name
    assert await moves_of(kept_database, new) == []


@pytest.mark.parametrize("person", [None, 6_830_000_001])
async def test_words_for_another_person_are_not_sent_to_who_is_found(
    kept_database: Database, me: WorkerId, person: int | None
) -> None:
    """A lead that moved to another account forgot its person, and has cancelled messages all the same."""
    leads = [await add_leased(kept_database, me, S.PENDING, telegram_user_id=person) for _ in range(2)]
    for lead in leads:
        await queued(kept_database, lead, kind="greeting", state="cancelled")
    await together(
        kept_database, me, *[(lead, PeerFound(Peer(next(_people), 5), "username")) for lead in leads]
    )
    states = [one.state for lead in leads for one in await messages_of(kept_database, lead)]
    assert states == ["failed", "failed"]


async def test_lost_leases_count_until_the_lease_ends(kept_database: Database, me: WorkerId) -> None:
    goes_on, waits = [await add_leased(kept_database, me, S.ENGAGED, lost_leases=3) for _ in range(2)]
    await together(
        kept_database, me, (goes_on, Wait(timedelta(), REASON)), (waits, Wait(timedelta(hours=1), REASON))
    )
    assert [(await now_of(kept_database, lead)).lost_leases for lead in (goes_on, waits)] == [3, 0]


async def test_a_conversation_in_somebodys_hands_keeps_only_who_joins_it_waiting(
    kept_database: Database, me: WorkerId
) -> None:
    if not kept_database.is_postgres:
        # SQLite has one writer at a time: there is nobody to wait beside.
        return
    known = await add_leased(kept_database, me, S.ENGAGED)
    joins, new = [await add_leased(kept_database, me, S.PENDING) for _ in range(2)]
    settlement = Settlement(kept_database, me, POLICY)
    async with kept_database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == known.id).values(last_error="held"))
        joining = asyncio.create_task(
            settlement.settle(joins, PeerFound(Peer(known.telegram_user_id or 0, 5), "phone"), now=NOW)
        )
        found = settlement.settle(new, PeerFound(Peer(next(_people), 5), "phone"), now=NOW)
        assert (await asyncio.wait_for(found, 30)).status is S.RESOLVED
        assert not joining.done()
    assert (await joining).status is S.HANDED_OFF
    assert (await now_of(kept_database, joins)).duplicate_of == known.id
