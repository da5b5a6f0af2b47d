"""A promise to ask a colleague is a task for a human, until a human has written."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, Message, OwnerNotice
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.rows import NOW, POLICY, add_leased, add_message, messages_of, now_of
from worker.dialogue import templates
from worker.dispatch.settlement import Settlement
from worker.dispatch.steps.open_questions import note_open_question
from worker.domain.assistant_port import Verdict
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage
from worker.domain.telegram_port import Note
from worker.notifications.commands import command_parser, owner_commands
from worker.queue.leases import WorkerId

S = LeadStatus
PROMISE = templates.answer(Intent.QUESTION, "ru")
QUESTION = "А с Битриксом работаете?"


def promise(text: str = PROMISE, **fields: object) -> QueueMessage:
    verdict = Verdict(Intent.QUESTION, text, "ru")
    message = QueueMessage("answer", "17:reply:2", text, None, (2,), Intent.QUESTION, source=verdict)
    return replace(message, **fields)


def conversation(**fields: object) -> Conversation:
    lead = Lead(id=17, name="Анна", source="api", status=S.ENGAGED, extra={}, **fields)
    return Conversation(
        lead, [Message(id=2, lead_id=17, direction="in", kind="reply", state="received", text=QUESTION)]
    )


def noted(outcome: Outcome, *, owner_is_told: bool = True, **fields: object) -> QueueMessage:
    result = note_open_question(outcome, conversation(**fields), owner_is_told=owner_is_told)
    assert isinstance(result, QueueMessage)
    return result


def test_a_promise_notes_the_question() -> None:
    assert noted(promise()).open_question == QUESTION
    assert noted(promise()).text == PROMISE
    assert (
        noted(promise(), open_question="Есть ли рассрочка?").open_question
        == f"Есть ли рассрочка?\n{QUESTION}"
    )
    assert noted(promise(), open_question=QUESTION).open_question == QUESTION


def test_without_an_owner_who_is_told_nothing_is_promised() -> None:
    outcome = noted(promise(), owner_is_told=False)
    assert outcome.open_question is None
    assert outcome.text == (
        "Хороший вопрос. На этот вопрос точно ответит специалист на звонке."
        " Можем созвониться и обсудить всё сразу — вам удобно?"
    )


def test_other_texts_and_handoffs_are_left_alone() -> None:
    plain = promise("Стоимость зависит от задачи.")
    assert noted(plain) == plain
    handed_off = promise(next_status=S.HANDED_OFF)
    assert noted(handed_off) == handed_off
    # A follow-up at a requested time is kept by the plan.
    planned = promise("Хорошо, вернусь к вам завтра.", follow_up_at=NOW)
    assert noted(planned, owner_is_told=False) == planned


def test_a_promise_that_answers_nothing_is_noted_too() -> None:
    text = "Здравствуйте! Спрошу у технолога и отпишусь."
    greeting = promise(text, answers_message_ids=())
    assert noted(greeting).open_question == QUESTION
    assert "отпишусь" not in noted(greeting, owner_is_told=False).text
    asked = note_open_question(
        greeting, Conversation(Lead(id=17, name="Анна", source="api", extra={}), []), owner_is_told=True
    )
    assert isinstance(asked, QueueMessage)
    assert asked.open_question == "Спрошу у технолога и отпишусь."
    # The owner's own text is sent as they wrote it.
    own = promise(text, answers_message_ids=(), without_model=True)
    assert noted(own, owner_is_told=False) == own


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_handover_says_that_a_colleague_is_told_only_if_one_is(language: str) -> None:
    texts = [
        templates.handoff_notice(language),
        templates.human_called(language),
        *(templates.special_request(case, language) for case in ("call", "calendar", "move")),
    ]
    for text in texts:
        handed_off = promise(f"{text}\nhttps://example.com", next_status=S.HANDED_OFF)
        assert noted(handed_off) == handed_off
        honest = noted(handed_off, owner_is_told=False)
        assert honest.next_status is S.HANDED_OFF
        assert text not in honest.text
        assert honest.text.endswith("\nhttps://example.com")
        assert not re.search(r"переда[мю]|предупрежу|свяжется|ответит|pass|let my|book it", honest.text)


async def settle(
    database: Database, me: WorkerId, lead: Lead, question: str | None, **fields: object
) -> Message:
    said = await add_message(database, lead, text=QUESTION)
    config = replace(POLICY, owner_language="ru")
    outcome = promise(
        key=f"{lead.id}:reply:{said.id}", answers_message_ids=(said.id,), open_question=question, **fields
    )
    await Settlement(database, me, config).settle(lead, outcome, now=NOW)
    return said


async def notices_of(database: Database, lead: Lead) -> list[OwnerNotice]:
    async with database.reading() as session:
        return list(await session.exec(select(OwnerNotice).where(col(OwnerNotice.lead_id) == lead.id)))


async def test_the_question_stands_at_the_lead_and_the_owner_is_told(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    await settle(kept_database, me, lead, QUESTION)
    assert (await now_of(kept_database, lead)).open_question == QUESTION
    (notice,) = await notices_of(kept_database, lead)
    assert QUESTION in notice.text
    assert f"{lead.id}: текст" in notice.text
    assert command_parser.parse(notice.text) is None


async def test_the_owners_answer_is_sent_and_closes_the_task(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    await settle(kept_database, me, lead, QUESTION)
    async with kept_database.writing() as session:
        note = Note(5, f"{lead.id}: Да, работаем с Битриксом")
        await owner_commands.execute_command(
            session, me.account_id, note, now=NOW + timedelta(hours=1), takeover_lasts=None
        )
    assert (await now_of(kept_database, lead)).open_question is None
    *_, last = await messages_of(kept_database, lead)
    assert (last.kind, last.state, last.text) == ("human", "queued", "Да, работаем с Битриксом")


async def test_a_person_who_opts_out_has_no_open_question(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED, open_question=QUESTION)
    await settle(kept_database, me, lead, None, do_not_contact=True)
    assert (await now_of(kept_database, lead)).open_question is None
    assert await notices_of(kept_database, lead) == []
