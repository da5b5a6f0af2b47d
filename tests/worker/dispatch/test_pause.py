"""The owner's pause: every worker obeys it, nothing is lost, and its end makes the leads due."""

from shared.database.engine import Database
from shared.database.models import Lead
from shared.leads import handoff, pauses
from shared.leads.pauses import PAUSED, Scope
from tests.support.model_journey import Journey
from tests.support.rows import NOW, messages_of, now_of
from tests.support.settling import S


async def begin(database: Database, scope: Scope) -> None:
    async with database.writing() as session:
        await pauses.begin(session, scope, actor="owner", now=NOW)


async def end(talk: Journey) -> bool:
    async with talk.database.writing() as session:
        return await pauses.end(session, now=talk.now)


async def add_new_lead(talk: Journey) -> Lead:
    return await talk.writes("", status=S.PENDING, telegram_user_id=None, access_hash=None, account_id=None)


async def test_first_messages_wait_and_conversations_go_on(talk: Journey) -> None:
    await begin(talk.database, "first_messages")
    new, open_lead = await add_new_lead(talk), await talk.writes("А сколько это стоит?")
    await talk.run(60)
    assert [call for call in talk.world.asked if call[0] == "send"] != []
    assert len(talk.world.received(open_lead)) == 1
    waiting = await now_of(talk.database, new)
    assert (waiting.status, waiting.last_error, waiting.attempts) == (S.PENDING, PAUSED, 0)
    assert await end(talk)
    assert (await now_of(talk.database, new)).due_at == talk.now
    await talk.run(60)
    assert (await now_of(talk.database, new)).status is S.CONTACTED
    assert not await end(talk)


async def test_pause_of_all_keeps_the_words_until_its_end(talk: Journey) -> None:
    await begin(talk.database, "all")
    lead = await talk.writes("А сколько это стоит?")
    await talk.run(600)
    assert talk.world.received(lead) == []
    assert talk.calls == []
    # The pause is narrowed: the conversation goes on, and no word is lost.
    async with talk.database.writing() as session:
        await pauses.begin(session, "first_messages", actor="owner", now=talk.now)
    await talk.run(60)
    assert len(talk.world.received(lead)) == 1
    assert [message.state for message in await messages_of(talk.database, lead)][:2] == ["sent", "handled"]


async def test_text_of_a_human_is_sent_during_the_pause(talk: Journey) -> None:
    await begin(talk.database, "all")
    lead = await talk.writes("А сколько это стоит?")
    async with talk.database.writing() as session:
        locked = await handoff.lock(session, lead.id)
        assert locked is not None
        await handoff.hand_to_human(
            session, locked, reason="taken over", actor="owner", now=talk.now, returns_at=None
        )
        await handoff.queue_human_message(
            session, locked, "Это Мария", key=f"{lead.id}:human:1", now=talk.now
        )
    await talk.run(60)
    assert talk.world.received(lead) == ["Это Мария"]
