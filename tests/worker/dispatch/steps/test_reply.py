"""reply: the response to each intent in each status."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import REPLIED_TO, LeadStatus
from tests.support.fakes import Words
from worker.dialogue import templates
from worker.dispatch.steps.registry import STEPS
from worker.dispatch.steps.reply import reply
from worker.dispatch.steps.responses import SURE_REFUSAL, UNCLEAR_TWICE
from worker.domain.assistant_port import AssistantError, Turn, Verdict, Wish
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, NothingToDo, Outcome, QueueMessage

S = LeadStatus
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))
LINK = "https://calendly.com/x/30min"
# Status → the next status on accept, on reject, and on question or ambiguous; "-" means no reply.
EXPECTED: dict[LeadStatus, tuple[LeadStatus | str | None, LeadStatus | str | None, LeadStatus | None]] = {
    S.CONTACTED: (S.SCHEDULED, S.REJECTED, S.ENGAGED),
    S.ENGAGED: (S.SCHEDULED, S.REJECTED, None),
    S.SCHEDULED: ("-", S.REJECTED, None),
    S.BOOKED: ("-", None, None),
    S.REJECTED: (S.SCHEDULED, "-", S.ENGAGED),
    S.NO_REPLY: (S.SCHEDULED, S.REJECTED, S.ENGAGED),
}
KINDS = {
    Intent.ACCEPT: "link",
    Intent.REJECT: "apology",
    Intent.QUESTION: "answer",
    Intent.AMBIGUOUS: "clarification",
}


def conversation() -> list[Message]:
    def message(number: int, direction: str, state: str, text: str) -> Message:
        kind = "greeting" if direction == "out" else "reply"
        return Message(id=number, lead_id=17, direction=direction, kind=kind, state=state, text=text)

    return [
        message(1, "out", "sent", "Здравствуйте!"),
        message(2, "in", "received", "Добрый день"),
        message(3, "in", "received", "Да"),
    ]


async def answer(status: LeadStatus, words: Words, messages: list[Message]) -> Outcome:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={"Задача": "сайт"})
    return await reply(Conversation(lead, messages), words, booking_link=LINK, now=NOW)


def test_every_status_is_in_the_table() -> None:
    assert set(EXPECTED) == REPLIED_TO
    assert set(STEPS) == REPLIED_TO | {S.PENDING, S.RESOLVED, S.HANDED_OFF}


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("intent", Intent)
async def test_every_intent_in_every_status(status: LeadStatus, intent: Intent) -> None:
    words = Words(verdict=Verdict(intent, "Слова", "ru"))
    outcome = await answer(status, words, conversation())
    accept, reject, talk = EXPECTED[status]
    becomes = {Intent.ACCEPT: accept, Intent.REJECT: reject}.get(intent, talk)
    if becomes == "-":
        assert outcome == NoReplyNeeded((2, 3), intent)
        return
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.next_status, outcome.intent) == (KINDS[intent], becomes, intent)
    assert (outcome.answers_message_ids, outcome.key) == ((2, 3), "17:reply:3")
    assert outcome.text == (f"Слова\n{LINK}" if intent is Intent.ACCEPT else "Слова")


async def test_all_unanswered_messages_go_to_the_model_together() -> None:
    words = Words()
    await answer(S.CONTACTED, words, conversation())
    assert words.conversations == [
        [Turn(from_us=True, text="Здравствуйте!"), Turn(from_us=False, text="Добрый день\nДа")]
    ]
    assert words.briefs[0].request == {"Задача": "сайт"}
    assert words.briefs[0].local_time == NOW


async def test_without_unanswered_messages_there_is_nothing_to_do() -> None:
    words = Words()
    assert await answer(S.CONTACTED, words, conversation()[:1]) == NothingToDo()
    assert words.conversations == []


async def test_an_unusable_verdict_is_raised() -> None:
    with pytest.raises(AssistantError):
        await answer(S.CONTACTED, Words(verdict=AssistantError("пусто")), conversation())


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        (Intent.REJECT, ("apology", templates.opted_out("ru"), Intent.REJECT, True)),
        (Intent.QUESTION, ("apology", templates.opted_out("ru"), Intent.REJECT, True)),
        (Intent.AMBIGUOUS, ("apology", templates.opted_out("ru"), Intent.REJECT, True)),
        (Intent.ACCEPT, ("link", f"Слова\n{LINK}", Intent.ACCEPT, False)),
    ],
)
async def test_an_opt_out_counts_as_a_refusal(intent: Intent, expected: tuple[object, ...]) -> None:
    verdict = Verdict(intent, "Слова", "ru", do_not_contact=True)
    outcome = await answer(S.ENGAGED, Words(verdict=verdict), conversation())
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.text, outcome.intent, outcome.do_not_contact) == expected


async def test_an_opt_out_after_a_refusal_gets_no_reply() -> None:
    words = Words(verdict=Verdict(Intent.REJECT, "Слова", "ru", do_not_contact=True))
    assert await answer(S.REJECTED, words, conversation()) == NoReplyNeeded((2, 3), Intent.REJECT, True)


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("intent", Intent)
async def test_a_verdict_that_needs_a_human_hands_the_lead_off(status: LeadStatus, intent: Intent) -> None:
    verdict = Verdict(intent, "Передам коллеге", "ru", needs_human="сердится")
    outcome = await answer(status, Words(verdict=verdict), conversation())
    assert isinstance(outcome, QueueMessage)
    kind = "apology" if intent is Intent.REJECT else "answer"
    # The words are the template's, also if the model's would do.
    fixed = templates.handoff_notice("ru")
    assert (outcome.kind, outcome.text, outcome.next_status) == (kind, fixed, S.HANDED_OFF)
    assert (outcome.reason, outcome.source) == ("сердится", replace(verdict, text=fixed))


@pytest.mark.parametrize("status", EXPECTED)
async def test_a_contact_is_asked_to_clarify_only_once(status: LeadStatus) -> None:
    unclear = Words(verdict=Verdict(Intent.AMBIGUOUS, "Как вы сказали?", "ru"))
    asked = Message(id=4, lead_id=17, direction="out", kind="clarification", state="sent", text="Удобно?")
    still = Message(id=5, lead_id=17, direction="in", kind="reply", state="received", text="хм")
    before = [message.model_copy(update={"state": "handled"}) for message in conversation()[1:]]
    said = [conversation()[0], *before, asked, still]
    outcome = await answer(status, unclear, said)
    assert isinstance(outcome, QueueMessage)
    assert (outcome.text, outcome.next_status) == (templates.handoff_notice("ru"), S.HANDED_OFF)
    assert outcome.reason == UNCLEAR_TWICE
    # Another message was sent meanwhile, or the contact is understood this time.
    answered = asked.model_copy(update={"kind": "answer"})
    once = await answer(status, unclear, [*said[:-2], answered, still])
    assert isinstance(once, QueueMessage)
    assert once.kind == "clarification"
    understood = Verdict(Intent.QUESTION, "Ответ", "ru")
    clear = await answer(status, Words(verdict=understood), said)
    assert isinstance(clear, QueueMessage)
    assert clear.next_status is not S.HANDED_OFF


async def test_an_opt_out_is_not_answered_with_a_handoff_notice() -> None:
    verdict = Verdict(
        Intent.REJECT, "Передам коллеге", "ru", needs_human="угрожает жалобой", do_not_contact=True
    )
    outcome = await answer(S.ENGAGED, Words(verdict=verdict), conversation())
    assert isinstance(outcome, QueueMessage)
    assert (outcome.text, outcome.next_status) == (templates.opted_out("ru"), S.REJECTED)


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (
            Verdict(Intent.QUESTION, "А какой у вас бюджет?", "ru", needs_human="жалоба"),
            templates.handoff_notice("ru"),
        ),
        (
            Verdict(Intent.QUESTION, "Какой бюджет?", "ru", needs_human="asks for a human", wish=Wish.HUMAN),
            templates.human_called("ru"),
        ),
        (
            Verdict(Intent.QUESTION, "Не могу передать вас коллеге.", "en", needs_human="жалоба"),
            templates.handoff_notice("en"),
        ),
        (Verdict(Intent.REJECT, "Слова", "ru", confidence=0.65), templates.answer(Intent.REJECT, "ru")),
        (Verdict(Intent.REJECT, "Слова", "ru", confidence=0.95), "Слова"),
        (
            Verdict(Intent.REJECT, "Не могу прервать рассылку", "en", do_not_contact=True),
            templates.opted_out("en"),
        ),
    ],
)
async def test_fixed_words_say_what_happens(verdict: Verdict, text: str) -> None:
    outcome = await answer(S.ENGAGED, Words(verdict=verdict), conversation())
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == text


def form(number: int = 4) -> Message:
    return Message(id=number, lead_id=17, direction="in", kind="request", state="received", text="Ещё бот")


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("intent", Intent)
async def test_a_later_form_alone_does_not_change_the_status(status: LeadStatus, intent: Intent) -> None:
    words = Words(verdict=Verdict(intent, "Слова", "ru", do_not_contact=True))
    outcome = await answer(status, words, [conversation()[0], form()])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.next_status, outcome.intent) == ("answer", None, Intent.QUESTION)
    assert (outcome.answers_message_ids, outcome.do_not_contact) == ((4,), False)
    ours = intent in {Intent.QUESTION, Intent.AMBIGUOUS}
    assert outcome.text == ("Слова" if ours else templates.new_request_received("ru"))


async def test_a_later_form_is_acknowledged_if_the_answer_was_refused() -> None:
    words = Words(verdict=Verdict(Intent.QUESTION, "Хороший вопрос!", "en", refused="a link"))
    outcome = await answer(S.ENGAGED, words, [form()])
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == templates.new_request_received("en")


@pytest.mark.parametrize(
    ("intent", "text"),
    [(Intent.QUESTION, templates.handoff_notice("ru")), (Intent.REJECT, templates.handoff_notice("ru"))],
)
async def test_a_later_form_may_need_a_human(intent: Intent, text: str) -> None:
    words = Words(verdict=Verdict(intent, "Слова", "ru", needs_human="жалоба"))
    outcome = await answer(S.ENGAGED, words, [form()])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.next_status, outcome.text) == ("answer", S.HANDED_OFF, text)


async def test_a_later_form_and_a_message_are_answered_together() -> None:
    words = Words()
    outcome = await answer(S.CONTACTED, words, [*conversation(), form()])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.next_status, outcome.answers_message_ids) == (
        "link",
        S.SCHEDULED,
        (2, 3, 4),
    )
    assert "<new_request>\nЕщё бот\n</new_request>" in words.conversations[0][-1].text


async def test_a_later_form_beside_thanks_is_acknowledged() -> None:
    outcome = await answer(S.SCHEDULED, Words(), [*conversation(), form()])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.text, outcome.next_status) == (
        "answer",
        templates.new_request_received("ru"),
        None,
    )


@pytest.mark.parametrize("status", [S.SCHEDULED, S.BOOKED])
async def test_the_booking_link_is_repeated_on_request(status: LeadStatus) -> None:
    again = "киньте ссылку ещё раз"
    lost = Message(id=4, lead_id=17, direction="in", kind="reply", state="received", text=again)
    outcome = await answer(status, Words(), [*conversation()[:1], lost])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.next_status) == ("link", None)
    assert outcome.text.endswith(LINK)


@pytest.mark.parametrize("state", ["cancelled", "failed"])
async def test_an_answer_after_an_unsent_one_has_its_own_key(state: str) -> None:
    """A human rejected the draft and returned the conversation: the same messages are answered again."""
    rejected = Message(
        id=4, lead_id=17, direction="out", kind="answer", state=state, text="Черновик", key="17:reply:3"
    )
    outcome = await answer(S.CONTACTED, Words(), [*conversation(), rejected])
    assert isinstance(outcome, QueueMessage)
    assert outcome.key == "17:reply:3:2"
    again = rejected.model_copy(update={"id": 5, "key": outcome.key})
    outcome = await answer(S.CONTACTED, Words(), [*conversation(), rejected, again])
    assert isinstance(outcome, QueueMessage)
    assert outcome.key == "17:reply:3:3"


@pytest.mark.parametrize("text", ["👎", "👎👎", "🖕 !"])
async def test_a_typed_sign_is_no_opt_out(text: str) -> None:
    typed = Message(id=2, lead_id=17, direction="in", kind="reply", state="received", text=text)
    words = Words(verdict=Verdict(Intent.REJECT, "Слова", "ru", do_not_contact=True))
    outcome = await answer(S.CONTACTED, words, [conversation()[0], typed])
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.do_not_contact) == ("apology", False)


async def test_a_refusal_without_a_stated_confidence_gets_the_fixed_text() -> None:
    words = Words(verdict=Verdict(Intent.REJECT, "Слова", "ru", confidence=SURE_REFUSAL))
    outcome = await answer(S.CONTACTED, words, conversation())
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == templates.answer(Intent.REJECT, "ru")
