"""What a person gets and the owner reads for every failure of every provider, and how many calls it costs.

No failure ends in silence, none is a loop of calls, and none holds up a neighbour that it does not concern.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.fake_openai.faults import Hang, Obey, RawAnswer, Refusal, ServerError, SimpleFault
from sandbox.fake_openai.state import OpenAIState
from shared.database.engine import Database
from shared.statuses import LeadStatus
from tests.support import failure_results
from tests.support.model_failures import CASES, Case
from tests.support.model_journey import Journey, journey
from tests.support.rows import moves_of
from worker.assistant.failures.error_classes import FailureKind as K
from worker.dialogue import templates
from worker.dispatch.step_failures import MAX_UNUSABLE_ANSWERS

HANDOVER = templates.handoff_notice("ru")
LINK = "https://calendly.com/gordovcode/30min"
YES = "Да, давайте созвонимся. Синий сайт."
MARK = "Синий сайт"
# Everybody waits, and nobody is handed over.
FOR_ALL = {K.KEY, K.MONEY, K.COUNTRY, K.MODEL, K.WIRE_FORM, K.RATE, K.OUTAGE}
PAUSED = FOR_ALL - {K.RATE, K.OUTAGE}
# The forms of a request that are tried once, in a row.
FORMS = 12


# What is stored is the same on both databases: PostgreSQL gets every seventh failure.
def on_both(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Run a test for all cases on SQLite, and for a sample on PostgreSQL."""
    pairs = [("sqlite", case) for case in cases] + [("postgresql", case) for case in cases[::7]]
    ids = [f"{database} {case}" for database, case in pairs]
    # With the scope of the fixture: a parameter of one test only would make a database for each.
    return pytest.mark.parametrize(
        ("kept_database", "case"), pairs, indirect=["kept_database"], ids=ids, scope="module"
    )


on_sqlite = pytest.mark.parametrize("kept_database", ["sqlite"], indirect=True)


def check_calls(talk: Journey, *, people: int = 1) -> None:
    """No hot loop: at most one call a second for a person, apart from the forms that are tried once."""
    moments = [moment for moment, _ in talk.calls]
    assert all(later - earlier >= timedelta(seconds=0.15) for earlier, later in pairwise(moments))
    assert sum(number for _, number in talk.calls) <= FORMS + people * max(len(moments), 1)
    seconds = (moments[-1] - moments[0]).total_seconds() if moments else 0
    assert sum(number for _, number in talk.calls) <= FORMS + people * (seconds + 1)


@on_both(CASES)
async def test_no_failure_ends_in_silence(talk: Journey, case: Case) -> None:
    fault = RawAnswer(status=case.status, headers=case.headers, body=case.body, times=None)
    talk.server.faults.add(fault)
    lead = await talk.writes(YES)
    await talk.run(30)
    row = await talk.row(lead)
    said = case.says or ""
    if case.kind in FOR_ALL:
        assert talk.world.received(lead) == []
        assert (row.status, row.attempts) == (LeadStatus.CONTACTED, 0)
        assert said in (row.last_error or "")
        reason = talk.client.pause_reason
        assert (reason is not None) == (case.kind in PAUSED)
        assert said in (reason or said)
        check_calls(talk)
        talk.server.faults.clear()
        await talk.run(700)
        assert len(talk.world.received(lead)) == 1
        assert LINK in talk.world.received(lead)[0]
        assert (await talk.row(lead)).last_error is None
        return
    # A failure of these messages or of this lead: at the latest after the tries a colleague takes over.
    await talk.run(600)
    assert talk.world.received(lead) == [HANDOVER]
    check_calls(talk)
    row = await talk.row(lead)
    assert (row.status, row.due_at) == (LeadStatus.HANDED_OFF, None)
    (_, _, reason) = (await moves_of(talk.database, lead))[-1]
    assert said in (reason or "")
    assert talk.client.pause_reason is None
    if case.kind is K.INPUT:
        assert sum(number for _, number in talk.calls) == 1


@on_both([case for case in CASES if case.kind not in PAUSED | {K.RATE}])
async def test_a_failure_of_one_person_holds_up_no_neighbour(talk: Journey, case: Case) -> None:
    fault = RawAnswer(status=case.status, headers=case.headers, body=case.body, times=None, match=MARK)
    talk.server.faults.add(fault)
    first = await talk.writes(YES)
    neighbours = [await talk.writes("Да, давайте созвонимся") for _ in range(3)]
    await talk.run(10)
    for neighbour in neighbours:
        assert LINK in talk.world.received(neighbour)[0]
    # Others are answered meanwhile: now the failure counts against the person whose messages cause it.
    for _ in range(12):
        await talk.writes("Да, давайте")
        await talk.run(70)
    assert talk.world.received(first) == [HANDOVER]
    assert (await talk.row(first)).status is LeadStatus.HANDED_OFF


@on_sqlite
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number]))
async def test_the_page_shows_what_each_failure_leads_to(talk: Journey, number: int) -> None:
    outcome = await failure_results.measure(talk, CASES[number])
    assert failure_results.row(CASES[number], outcome) == failure_results.rows_on_page()[number]
    assert outcome.owner


def test_the_page_shows_no_other_failures() -> None:
    assert len(failure_results.rows_on_page()) == len(CASES)


UNUSABLE = (
    SimpleFault(kind="malformed_json", times=None),
    SimpleFault(kind="truncated", times=None),
    SimpleFault(kind="empty", times=None),
    Refusal(times=None),
    Obey(answer="просто слова", times=None),
    Obey(fields={"intent": "perhaps"}, times=None),
)


@pytest.mark.parametrize("fault", UNUSABLE, ids=lambda fault: f"{fault.kind}")
async def test_a_human_takes_over_after_unusable_answers(talk: Journey, fault: Any) -> None:  # noqa: ANN401
    talk.server.faults.add(fault)
    lead = await talk.writes(YES)
    await talk.run(60)
    assert talk.world.received(lead) == [HANDOVER]
    assert (await talk.row(lead)).status is LeadStatus.HANDED_OFF
    assert sum(number for _, number in talk.calls) <= MAX_UNUSABLE_ANSWERS * 2
    # What they write later is for the human, and is not lost.
    await talk.says(lead, "Вы тут?")
    await talk.run(60)
    assert talk.world.received(lead) == [HANDOVER]


async def test_no_colleague_is_promised_without_a_notice_to_the_owner(
    journey_database: Database, served: tuple[str, OpenAIState]
) -> None:
    async with journey(journey_database, *served, owner_chat=None, openai_timeout_seconds=1) as talk:
        # A refusal is final at once; a slow answer counts as a failed attempt.
        for fault in (Refusal(times=None), Hang(seconds=30, times=None)):
            talk.server.faults.clear()
            talk.server.faults.add(fault)
            lead = await talk.writes(YES)
            await talk.run(900)
            assert talk.world.received(lead) == [templates.without_notice(HANDOVER)]
            assert (await talk.row(lead)).status is LeadStatus.HANDED_OFF


async def test_a_wish_not_to_be_written_to_needs_no_model(talk: Journey) -> None:
    talk.server.faults.add(Refusal(times=None))
    lead = await talk.writes("Больше не пишите мне")
    await talk.run(60)
    assert talk.world.received(lead) == [templates.opted_out("ru")]
    assert (await talk.row(lead)).status is LeadStatus.REJECTED


@on_both([case for case in CASES if case.kind in {K.INPUT, K.LEAD, K.SLOW}])
async def test_a_greeting_that_the_model_does_not_write_is_a_template(talk: Journey, case: Case) -> None:
    talk.server.faults.add(RawAnswer(status=case.status, headers=case.headers, body=case.body, times=None))
    lead = await talk.writes(
        "", status=LeadStatus.RESOLVED, extra={"Задача": "сайт"}, resolved_via="username"
    )
    await talk.run(900)
    (greeting,) = talk.world.received(lead)
    assert greeting.startswith("Здравствуйте, Анна! Это GordovCode")
    assert (await talk.row(lead)).status is LeadStatus.CONTACTED


async def test_ten_people_are_answered_within_30_seconds_of_an_outage_of_4_seconds(talk: Journey) -> None:
    talk.server.faults.add(ServerError(status=502, times=None))
    leads = [await talk.writes("Да, давайте созвонимся") for _ in range(10)]
    await talk.run(4)
    talk.server.faults.clear()
    ended = talk.now
    await talk.run(30)
    assert all(LINK in talk.world.received(lead)[0] for lead in leads)
    assert [(await talk.row(lead)).attempts for lead in leads] == [0] * 10
    # One call tries whether the outage is over; then one after the other, in the order of their messages.
    after = [(moment, number) for moment, number in talk.calls if moment >= ended]
    assert sum(number for _, number in after) == 10
    assert max(number for _, number in after) <= 2
    sent = [int(call[1]) for call in talk.world.asked if call[0] == "send"]
    assert sent == [lead.telegram_user_id for lead in leads]


@on_sqlite
async def test_a_long_outage_is_probed_by_one_call_at_a_time(talk: Journey) -> None:
    talk.server.faults.add(ServerError(status=503, times=None))
    leads = [await talk.writes("Да, давайте созвонимся") for _ in range(20)]
    await talk.run(600)
    assert sum(number for _, number in talk.calls) <= 20 + 12
    talk.server.faults.clear()
    await talk.run(320)
    assert all(LINK in talk.world.received(lead)[0] for lead in leads)


@on_sqlite
@pytest.mark.parametrize("value", ["-1", "0", "nan", "inf", "-inf", "", "soon", "1e999"])
async def test_no_retry_after_is_a_hot_loop(talk: Journey, value: str) -> None:
    talk.server.faults.add(
        RawAnswer(status=429, headers={"Retry-After": value}, body={"error": {}}, times=None)
    )
    lead = await talk.writes(YES)
    await talk.run(11)
    check_calls(talk)
    assert 1 <= sum(number for _, number in talk.calls) <= 11
    talk.server.faults.clear()
    await talk.run(30)
    assert LINK in talk.world.received(lead)[0]


@on_sqlite
async def test_a_pause_of_zero_seconds_is_no_hot_loop(
    journey_database: Database, served: tuple[str, OpenAIState]
) -> None:
    async with journey(journey_database, *served, assistant_pause_seconds=0) as talk:
        talk.server.faults.add(SimpleFault(kind="invalid_key", times=None))
        await talk.writes(YES)
        await talk.run(11)
        check_calls(talk)


async def test_a_slow_answer_is_the_leads_own(
    journey_database: Database, served: tuple[str, OpenAIState]
) -> None:
    async with journey(journey_database, *served, openai_timeout_seconds=1, max_attempts=2) as talk:
        talk.server.faults.add(Hang(seconds=30, times=None, match=MARK))
        lead = await talk.writes(YES)
        neighbour = await talk.writes("Да, давайте созвонимся")
        await talk.run(60)
        assert talk.world.received(lead) == [HANDOVER]
        assert LINK in talk.world.received(neighbour)[0]
        (_, _, reason) = (await moves_of(talk.database, lead))[-1]
        assert reason is not None
        assert "did not answer in time" in reason
