"""A plain wish for no more messages is granted without the model."""

from datetime import timedelta

import pytest

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.fakes import People, Words
from tests.support.rows import NOW
from worker.dialogue import templates
from worker.dispatch.steps.greet import GreetingConfig
from worker.dispatch.steps.opt_out import grant_opt_out
from worker.dispatch.steps.registry import STEPS, StepDependencies
from worker.domain.assistant_port import AssistantUnavailableError
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, QueueMessage

S = LeadStatus


def said(status: LeadStatus, text: str, kind: str = "reply") -> Conversation:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={})
    messages = [
        Message(id=1, lead_id=17, direction="out", kind="greeting", state="sent", text="Здравствуйте!"),
        Message(id=2, lead_id=17, direction="in", kind=kind, state="received", text=text),
    ]
    return Conversation(lead, messages)


@pytest.mark.parametrize("status", [S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.BOOKED, S.NO_REPLY])
async def test_an_opt_out_is_granted_while_the_model_is_down(status: LeadStatus) -> None:
    words = Words(verdict=AssistantUnavailableError("no answer"))
    dependencies = StepDependencies(
        People(),
        words,
        GreetingConfig("GordovCode"),
        "https://calendly.com/x",
        timedelta(hours=1),
        lambda: NOW,
    )
    outcome = await STEPS[status](said(status, "Не надо мне писать"), dependencies)
    assert isinstance(outcome, QueueMessage)
    assert (outcome.text, outcome.intent) == (templates.opted_out("ru"), Intent.REJECT)
    assert (outcome.do_not_contact, outcome.answers_message_ids) == (True, (2,))
    assert words.conversations == []


def test_a_person_who_refused_before_is_only_suppressed() -> None:
    outcome = grant_opt_out(said(S.REJECTED, "отстаньте"))
    assert outcome == NoReplyNeeded((2,), Intent.REJECT, do_not_contact=True)


@pytest.mark.parametrize(("text", "kind"), [("стоп, а сколько стоит?", "reply"), ("стоп", "request")])
def test_the_model_reads_all_other_words(text: str, kind: str) -> None:
    assert grant_opt_out(said(S.ENGAGED, text, kind)) is None
