"""A settlement batch stores for each outcome exactly what a settlement of this outcome alone stores."""

from datetime import timedelta
from itertools import count
from typing import Any, get_args

from sqlalchemy.exc import IntegrityError

from shared.database.engine import Database
from shared.database.models import Lead, PlannedMessage
from shared.errors import IllegalTransitionError, LostRaceError
from shared.intents import Intent
from shared.leads import plans, suppression_list
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import FAILURES, S, queued, settle_together
from worker.dispatch.settlement import SettlementResult
from worker.domain.assistant_port import Verdict
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    FallBackToPhone,
    FallBackToUsername,
    GiveUp,
    NoReplyNeeded,
    NothingToDo,
    Outcome,
    PeerChanged,
    PeerFound,
    PlanChanged,
    QueueMessage,
    Retry,
    ReturnToAssistant,
    Suppressed,
    Transcribed,
    Undeliverable,
    Wait,
    Withdrawn,
    WroteFirst,
)
from worker.domain.telegram_port import Peer
from worker.queue.leases import WorkerId

REASON = "почему-то"
WEAK = {"username": {"field": "Контакт", "strength": "weak", "reason": "a field for any contact"}}
_people = count(6_840_000_000)
_numbers = count(900_000)


Decisions = dict[str, tuple[Lead, Outcome]]
LATER = NOW + timedelta(days=2)


class Leads:
    """Adds leads with earlier failures, and their messages."""

    def __init__(self, database: Database, me: WorkerId) -> None:
        self.database = database
        self.me = me

    async def lead(self, status: LeadStatus, **fields: Any) -> Lead:  # noqa: ANN401 - columns
        return await add_leased(self.database, self.me, status, **FAILURES | fields)

    async def received(self, lead: Lead, **fields: Any) -> int:  # noqa: ANN401 - columns
        return (await add_message(self.database, lead, **fields)).id

    async def queued(self, lead: Lead, **fields: Any) -> int:  # noqa: ANN401 - columns
        return (await queued(self.database, lead, **fields)).id

    async def planned(self, lead: Lead, kind: str, **fields: Any) -> int:  # noqa: ANN401 - columns
        planned = PlannedMessage(lead_id=lead.id, kind=kind, key=f"{lead.id}:{kind}", send_at=NOW, **fields)
        async with self.database.writing() as session:
            session.add(planned)
            await session.flush()
        return planned.id


async def new_lead_decisions(leads: Leads) -> Decisions:
    new, greeted = S.PENDING, S.RESOLVED
    decisions: Decisions = {}
    known = await leads.lead(S.ENGAGED, leased_by=None, leased_until=None)
    for name, person, evidence in (
        ("found", next(_people), {}),
        ("found by weak evidence", next(_people), WEAK),
        ("joins", known.telegram_user_id or 0, {}),
        ("joins by weak evidence", known.telegram_user_id or 0, WEAK),
    ):
        lead = await leads.lead(new, contact_evidence=evidence)
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
    lead = await leads.lead(greeted)
    await leads.queued(lead, kind="greeting")
    decisions["another person"] = lead, PeerChanged(REASON)
    for name, released_at in (("wrote first", None), ("wrote first, greeting on its way", NOW)):
        lead = await leads.lead(greeted)
        await leads.queued(lead, kind="greeting", released_at=released_at)
        await leads.received(lead)
        decisions[name] = lead, WroteFirst()
    decisions["drop phone"] = await leads.lead(new), FallBackToUsername(REASON)
    decisions["drop phone later"] = await leads.lead(greeted), FallBackToUsername(REASON)
    decisions["leave alone"] = await leads.lead(new), Suppressed(REASON)
    decisions["give up"] = await leads.lead(new), GiveUp(S.UNREACHABLE, REASON)
    return decisions


async def reply_decisions(leads: Leads) -> Decisions:
    decisions: Decisions = {}
    lead = await leads.lead(S.ENGAGED)
    answered_ids = (await leads.received(lead),)
    answer = QueueMessage(
        "answer", f"{lead.id}:reply:1", "Ответ", None, answered_ids, Intent.QUESTION, follow_up_at=LATER
    )
    decisions["answer"] = lead, answer
    lead = await leads.lead(S.ENGAGED)
    answered_ids = (await leads.received(lead),)
    apology = QueueMessage(
        "apology", f"{lead.id}:reply:1", "Извините", S.REJECTED, answered_ids, Intent.REJECT, True
    )
    decisions["apologise"] = lead, apology
    lead = await leads.lead(S.SCHEDULED)
    answered_ids, _ = (await leads.received(lead),), await leads.received(lead)
    verdict = Verdict(Intent.ACCEPT, "", "ru", 0.9, ("Сайты",))
    decisions["no reply needed"] = lead, NoReplyNeeded(answered_ids, Intent.ACCEPT, source=verdict)
    lead = await leads.lead(S.ENGAGED)
    answered_ids = (await leads.received(lead, state="handled"),)
    decisions["handled, but answered"] = lead, NoReplyNeeded(answered_ids, Intent.ACCEPT)
    lead = await leads.lead(S.ENGAGED)
    decisions["transcribed"] = lead, Transcribed(await leads.received(lead, text="…"), "…", "Здравствуйте")
    lead = await leads.lead(S.SCHEDULED, follow_up_at=LATER)
    await leads.received(lead)
    decisions["leave to a human"] = lead, Suppressed(REASON)
    lead = await leads.lead(S.HANDED_OFF, returns_at=NOW)
    await leads.received(lead, state="handled")
    decisions["give back"] = lead, ReturnToAssistant(REASON)
    decisions["cannot give back"] = await leads.lead(S.ENGAGED, returns_at=NOW), ReturnToAssistant(REASON)
    return decisions


async def delivery_decisions(leads: Leads) -> Decisions:
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
    lead = await leads.lead(
        S.RESOLVED, resolved_via="phone", phone_e164="+79161234567", contact_evidence=WEAK
    )
    decisions["undeliverable by phone"] = lead, Undeliverable(await leads.queued(lead), REASON)
    decisions["wait"] = await leads.lead(S.ENGAGED), Wait(timedelta(hours=1), REASON)
    decisions["wait no more"] = await leads.lead(S.ENGAGED), Wait(timedelta(), REASON)
    decisions["retry"] = await leads.lead(S.ENGAGED, attempts=0), Retry(REASON)
    decisions["retry no more"] = await leads.lead(S.ENGAGED), Retry(REASON)
    decisions["give up late"] = await leads.lead(S.SCHEDULED), GiveUp(S.FAILED, REASON)
    decisions["rest"] = await leads.lead(S.ENGAGED, follow_up_at=LATER), NothingToDo()
    return decisions


async def planned_decisions(leads: Leads) -> Decisions:
    decisions: Decisions = {}
    lead = await leads.lead(S.SCHEDULED, follow_up_at=NOW)
    row = await leads.planned(lead, "follow_up")
    key = plans.message_key(lead.id, row)
    decisions["follow up"] = lead, QueueMessage("follow_up", key, "Ещё актуально?", None, planned_id=row)
    lead = await leads.lead(S.SCHEDULED, follow_up_at=NOW)
    row = await leads.planned(lead, "follow_up", state="cancelled")
    key = plans.message_key(lead.id, row)
    decisions["stopped"] = lead, QueueMessage("follow_up", key, "Ещё актуально?", None, planned_id=row)
    lead = await leads.lead(S.SCHEDULED, follow_up_at=NOW)
    ended, moved = await leads.planned(lead, "reminder_day"), await leads.planned(lead, "reminder_hour")
    decisions["plan changed"] = lead, PlanChanged({ended: REASON}, {moved: LATER})
    lead = await leads.lead(S.CONTACTED, follow_up_at=NOW)
    decisions["closed"] = lead, PlanChanged(closes=await leads.planned(lead, "close"))
    lead = await leads.lead(S.BOOKED, follow_up_at=LATER)
    row = await leads.planned(lead, "reminder_day", state="queued")
    message = await leads.queued(lead, kind="follow_up", key=plans.message_key(lead.id, row))
    decisions["withdrawn"] = lead, Withdrawn(message, row, REASON)
    return decisions


async def one_of_each(database: Database, me: WorkerId) -> Decisions:
    """Return a decision for every outcome and each of its variants, with stored leads and messages."""
    leads = Leads(database, me)
    planned = await planned_decisions(leads)
    others = await reply_decisions(leads) | await delivery_decisions(leads)
    return await new_lead_decisions(leads) | others | planned


async def stored_effects(
    database: Database, decisions: Decisions, *, keeps_pauses: bool = False
) -> dict[str, Any]:
    """Read what is stored for each lead, without the columns that differ between equal leads."""
    found: dict[str, Any] = {}
    for name, (lead, outcome) in decisions.items():
        row = (await now_of(database, lead)).model_dump(exclude=DIFFERING_COLUMNS)
        # The summary may contain the id of another lead.
        row["handoff_summary"] = row["handoff_summary"] is not None
        if isinstance(outcome, Retry) and not keeps_pauses:
            # The pause has a random part.
            row["due_at"] = row["due_at"] and row["due_at"] > NOW
        messages = [one.model_dump(exclude=DIFFERING_COLUMNS) for one in await messages_of(database, lead)]
        moves = await moves_of(database, lead)
        async with database.reading() as session:
            identity = SuppressedIdentity(telegram_user_id=lead.telegram_user_id)
            (entry,) = await suppression_list.find_entries(session, [identity])
        found[name] = row, messages, [(before, after) for before, after, _ in moves], entry is not None
    return found


DIFFERING_COLUMNS = {
    "id",
    "lead_id",
    "telegram_user_id",
    "duplicate_of",
    "key",
    "random_id",
    "telegram_message_id",
}


def comparable(result: SettlementResult | BaseException) -> object:
    if isinstance(result, BaseException):
        return type(result)
    due = result.due and round((result.due - NOW).total_seconds(), -1)
    return result.lead is not None, due, result.status


async def test_every_outcome_has_the_same_effect_alone_and_in_a_batch(
    kept_database: Database, me: WorkerId
) -> None:
    alone, others = [await one_of_each(kept_database, me) for _ in range(2)]
    assert {type(outcome) for _, outcome in alone.values()} == set(get_args(Outcome))
    results = [(await settle_together(kept_database, me, decision))[0] for decision in alone.values()]
    results_together = await settle_together(kept_database, me, *others.values())
    expected, found = await stored_effects(kept_database, alone), await stored_effects(kept_database, others)
    for name, one, another in zip(alone, results, results_together, strict=True):
        assert isinstance(one, SettlementResult), (name, one)
        assert comparable(another) == comparable(one), name
        assert found[name] == expected[name], name


async def test_the_lead_in_the_result_equals_the_stored_row(kept_database: Database, me: WorkerId) -> None:
    decisions = await one_of_each(kept_database, me)
    results = await settle_together(kept_database, me, *decisions.values())
    kept = [one.lead for one in results if isinstance(one, SettlementResult) and one.lead is not None]
    assert len(kept) >= 8
    for lead in kept:
        assert lead.model_dump() == (await now_of(kept_database, lead)).model_dump()


async def test_settling_a_written_batch_again_changes_nothing(kept_database: Database, me: WorkerId) -> None:
    """The answer to the commit was lost, so the worker settles the whole batch again."""
    decisions = await one_of_each(kept_database, me)
    del decisions["cannot give back"]
    first = await settle_together(kept_database, me, *decisions.values())
    before = await stored_effects(kept_database, decisions, keeps_pauses=True)
    again = await settle_together(kept_database, me, *decisions.values())
    assert await stored_effects(kept_database, decisions, keeps_pauses=True) == before
    for name, one, another in zip(decisions, first, again, strict=True):
        assert isinstance(one, SettlementResult), name
        # Without the lease the settlement is refused; with it, nothing changes or an error is raised.
        wanted = (LostRaceError,) if one.lead is None else (SettlementResult, *ALREADY_WRITTEN_ERRORS)
        assert isinstance(another, wanted), (name, another)


ALREADY_WRITTEN_ERRORS = (IllegalTransitionError, IntegrityError)
