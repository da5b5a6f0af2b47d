"""Reactions: on our latest offer they are answers, once; others are only stored."""

from datetime import timedelta

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.leads import handoff
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of, now_of
from worker.domain.telegram_port import Incoming, Reaction
from worker.messaging.reactions import receive_reaction
from worker.messaging.reply_references import with_quote
from worker.queue.leases import WorkerId

OFFER = "Здравствуйте, Анна! Вы оставили заявку на сайт. Удобно созвониться?"


async def add_offer(
    database: Database, me: WorkerId, status: LeadStatus = LeadStatus.CONTACTED, kind: str = "greeting"
) -> tuple[Lead, Message]:
    lead = await add_leased(database, me, status, due_at=None)
    return lead, await add_ours(database, lead, 1, kind)


async def add_ours(database: Database, lead: Lead, number: int, kind: str) -> Message:
    telegram_id = (lead.account_id or 0) * 1000 + number
    return await add_message(
        database,
        lead,
        direction="out",
        kind=kind,
        state="sent",
        text=OFFER,
        telegram_message_id=telegram_id,
    )


async def react(
    database: Database, me: WorkerId, lead: Lead, to: int, emoji: str = "👍", text: str = ""
) -> Lead | None:
    reaction = Reaction(lead.telegram_user_id or 0, to, emoji, NOW, text)
    async with database.writing() as session:
        return await receive_reaction(session, me.account_id, reaction, now=NOW, debounce=DEBOUNCE)


async def received(database: Database, lead: Lead) -> list[tuple[str, str]]:
    return [(row.text, row.state) for row in await messages_of(database, lead) if row.direction == "in"]


async def test_a_reaction_on_the_offer_is_an_answer(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    found = await react(kept_database, me, lead, offer.telegram_message_id or 0)
    assert found is not None
    assert await received(kept_database, lead) == [(f"[reaction 👍 to “{OFFER}”]", "received")]
    assert (await now_of(kept_database, lead)).due_at == NOW + DEBOUNCE


async def test_it_is_stored_once_in_whatever_form_it_comes(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    for text in (OFFER, "", OFFER):
        await react(kept_database, me, lead, offer.telegram_message_id or 0, text=text)
    assert len(await received(kept_database, lead)) == 1


async def test_a_change_before_the_answer_replaces_it(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    to = offer.telegram_message_id or 0
    await react(kept_database, me, lead, to)
    await react(kept_database, me, lead, to, "👎")
    assert await received(kept_database, lead) == [(f"[reaction 👎 to “{OFFER}”]", "received")]
    await react(kept_database, me, lead, to, "")
    assert await received(kept_database, lead) == [(f"[reaction 👎 to “{OFFER}”]", "deleted")]
    await react(kept_database, me, lead, to, "❤")
    assert await received(kept_database, lead) == [(f"[reaction ❤ to “{OFFER}”]", "received")]


@pytest.mark.parametrize("later", ["", "👎", "👍"])
async def test_a_change_after_the_answer_is_no_new_answer(
    kept_database: Database, me: WorkerId, later: str
) -> None:
    lead, offer = await add_offer(kept_database, me)
    to = offer.telegram_message_id or 0
    await react(kept_database, me, lead, to)
    async with kept_database.writing() as session:
        await handoff.mark_answered(session, lead)
    assert await react(kept_database, me, lead, to, later) is None
    assert await received(kept_database, lead) == [(f"[reaction 👍 to “{OFFER}”]", "handled")]


async def test_a_removal_of_nothing_stores_nothing(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    assert await react(kept_database, me, lead, offer.telegram_message_id or 0, "") is None
    assert await received(kept_database, lead) == []


async def test_a_reaction_on_an_old_or_foreign_message_is_only_stored(
    kept_database: Database, me: WorkerId
) -> None:
    lead, offer = await add_offer(kept_database, me)
    await add_ours(kept_database, lead, 5, "clarification")
    await react(kept_database, me, lead, offer.telegram_message_id or 0)
    await react(kept_database, me, lead, (lead.account_id or 0) * 1000 + 900, text="Чужое")
    assert await received(kept_database, lead) == [
        (f"[reaction 👍 to “{OFFER}”]", "handled"),
        ("[reaction 👍 to “Чужое”]", "handled"),
    ]
    assert (await now_of(kept_database, lead)).due_at is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (LeadStatus.REJECTED, "apology"),
        (LeadStatus.SCHEDULED, "link"),
        (LeadStatus.HANDED_OFF, "answer"),
        (LeadStatus.HANDED_OFF, "human"),
    ],
)
async def test_a_reaction_on_what_expects_no_answer_is_only_stored(
    kept_database: Database, me: WorkerId, status: LeadStatus, kind: str
) -> None:
    lead, ours = await add_offer(kept_database, me, status, kind)
    await react(kept_database, me, lead, ours.telegram_message_id or 0)
    assert [state for _, state in await received(kept_database, lead)] == ["handled"]


async def test_a_reaction_may_arrive_before_the_offers_id_is_recorded(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED, due_at=None)
    await add_message(kept_database, lead, direction="out", kind="answer", state="queued", text=OFFER)
    await react(kept_database, me, lead, (lead.account_id or 0) * 1000 + 1, text="Удобно?")
    assert await received(kept_database, lead) == [("[reaction 👍 to “Удобно?”]", "received")]


async def test_reactions_of_strangers_are_ignored(kept_database: Database, me: WorkerId) -> None:
    stranger = Lead(name="", source="api", telegram_user_id=1)
    assert await react(kept_database, me, stranger, 1) is None


async def test_a_human_who_writes_has_answered_the_reaction(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    await react(kept_database, me, lead, offer.telegram_message_id or 0)
    async with kept_database.writing() as session:
        await handoff.mark_answered(session, lead, before=(lead.account_id or 0) * 1000 + 9)
    assert [state for _, state in await received(kept_database, lead)] == ["handled"]


async def test_a_reply_quotes_the_message_it_names(kept_database: Database, me: WorkerId) -> None:
    lead, offer = await add_offer(kept_database, me)
    user_id, number = lead.telegram_user_id or 0, (lead.account_id or 0) * 1000 + 2
    reply = Incoming(user_id, number, "Да", NOW + timedelta(0), reply_to=offer.telegram_message_id)
    async with kept_database.reading() as session:
        known = await with_quote(session, me.account_id, reply)
        unknown = await with_quote(session, me.account_id, Incoming(user_id, number, "Да", NOW, reply_to=1))
        none = await with_quote(session, me.account_id, Incoming(user_id, number, "Да", NOW))
    assert known.text == f"[reply to “{OFFER}”] Да"
    assert (unknown.text, none.text) == ("[reply to a message] Да", "Да")
