"""A settlement batch stores for each outcome exactly what a settlement of this outcome alone stores."""

from datetime import timedelta
from itertools import count
from typing import Any, get_args

from sqlalchemy.exc import IntegrityError

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import Intent, LeadStatus
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import FAILURES, S, queued, settle_together
from worker.dispatch.settlement import SettlementResult
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

REASON = "почему-то"
_people = count(6_840_000_000)
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
        return (await add_message(self.database, lead, **fields)).id

    async def queued(self, lead: Lead, **fields: Any) -> int:  # noqa: ANN401 - columns
        return (await queued(self.database, lead, **fields)).id


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
    results = [(await settle_together(kept_database, me, decision))[0] for decision in alone.values()]
    results_together = await settle_together(kept_database, me, *others.values())
    expected, found = await became(kept_database, alone), await became(kept_database, others)
    for name, one, another in zip(alone, results, results_together, strict=True):
        assert isinstance(one, SettlementResult), (name, one)
        assert outlined(another) == outlined(one), name
        assert found[name] == expected[name], name


async def test_the_lead_in_the_result_is_as_it_is_stored(kept_database: Database, me: WorkerId) -> None:
    decisions = await one_of_each(kept_database, me)
    results = await settle_together(kept_database, me, *decisions.values())
    kept = [one.lead for one in results if isinstance(one, SettlementResult) and one.lead is not None]
    assert len(kept) >= 8
    for lead in kept:
        assert lead.model_dump() == (await now_of(kept_database, lead)).model_dump()


async def test_what_is_written_already_is_not_written_again(kept_database: Database, me: WorkerId) -> None:
    """The answer to the commit was lost: the worker settles all of the batch once more."""
    decisions = await one_of_each(kept_database, me)
    del decisions["cannot give back"]
    first = await settle_together(kept_database, me, *decisions.values())
    before = await became(kept_database, decisions, keeps_pauses=True)
    again = await settle_together(kept_database, me, *decisions.values())
    assert await became(kept_database, decisions, keeps_pauses=True) == before
    for name, one, another in zip(decisions, first, again, strict=True):
        assert isinstance(one, SettlementResult), name
        # Without the lease there is nothing to write; with it, either all is as it was, or it is refused.
        wanted = (LostRaceError,) if one.lead is None else (SettlementResult, *WRITTEN_BEFORE)
        assert isinstance(another, wanted), (name, another)


WRITTEN_BEFORE = (IllegalTransitionError, IntegrityError)
