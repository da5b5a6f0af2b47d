"""A refusal of one person's text holds up no neighbour; one that everybody gets hands nobody over."""

import pytest

from sandbox.fake_openai.faults import RawAnswer
from sandbox.fake_openai.state import OpenAIState
from shared.database.engine import Database
from shared.statuses import LeadStatus
from tests.support.model_failures import error
from tests.support.model_journey import Journey, journey
from worker.dialogue import templates

HANDOVER = templates.handoff_notice("ru")
LINK = "https://calendly.com/gordovcode/30min"
YES = "Да, давайте созвонимся"
MARK = "Синий сайт"
# Refusals that name neither an account nor a country.
VAGUE = (
    (403, "<html><title>Attention Required! | Cloudflare</title></html>"),
    (403, "error code: 1020"),
    (403, error("Access denied.")),
    (403, error("This request is not allowed.")),
    (403, ""),
)
OWN = (
    (400, error("Your trial has ended.")),
    (422, error("Something is wrong")),
    (400, error("This model's maximum context length is 2048 tokens.", code="context_length_exceeded")),
)


def refuse(talk: Journey, status: int, body: object, match: str | None = None) -> None:
    talk.server.faults.add(RawAnswer(status=status, body=body, times=None, match=match))


async def answered(talk: Journey) -> None:
    """One person is answered: the provider accepts the account and the form."""
    lead = await talk.writes(YES)
    await talk.run(5)
    assert LINK in talk.world.received(lead)[0]


@pytest.mark.parametrize("kept_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("status", "body"), VAGUE)
async def test_a_refusal_of_one_persons_text_pauses_nobody(talk: Journey, status: int, body: object) -> None:
    await answered(talk)
    refuse(talk, status, body, MARK)
    first = await talk.writes(f"{YES}. {MARK}")
    neighbours = [await talk.writes(YES) for _ in range(3)]
    await talk.run(10)
    assert all(LINK in talk.world.received(lead)[0] for lead in neighbours)
    assert talk.client.pause_reason is None
    for _ in range(12):
        await talk.writes("Да, давайте")
        await talk.run(70)
    assert talk.world.received(first) == [HANDOVER]


@pytest.mark.parametrize("kept_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("people", [1, 2])
async def test_after_a_pause_others_are_answered(talk: Journey, people: int) -> None:
    """Right after a start a refusal pauses everybody, but only once for each person who causes it."""
    refuse(talk, 403, "error code: 1020", MARK)
    refused = [await talk.writes(f"{YES}. {MARK}") for _ in range(people)]
    await talk.run(5)
    assert talk.client.pause_reason is not None
    neighbours = [await talk.writes(YES) for _ in range(3)]
    await talk.run(1_500 * people)
    assert all(LINK in talk.world.received(lead)[0] for lead in neighbours)
    for _ in range(14):
        await talk.writes("Да, давайте")
        await talk.run(120)
    assert talk.client.pause_reason is None
    assert [talk.world.received(lead) for lead in refused] == [[HANDOVER]] * people


@pytest.mark.parametrize("kept_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("status", "body"), VAGUE)
async def test_a_refusal_of_everybody_hands_nobody_over(talk: Journey, status: int, body: object) -> None:
    await answered(talk)
    refuse(talk, status, body)
    leads = [await talk.writes(YES) for _ in range(5)]
    await talk.run(4_000)
    assert talk.client.pause_reason is not None
    assert [talk.world.received(lead) for lead in leads] == [[]] * 5
    assert [(await talk.row(lead)).attempts for lead in leads] == [0] * 5
    talk.server.faults.clear()
    await talk.run(1_300)
    assert all(LINK in talk.world.received(lead)[0] for lead in leads)


@pytest.mark.parametrize("kept_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("status", "body"), OWN)
async def test_the_same_refusal_of_three_people_pauses_all(talk: Journey, status: int, body: object) -> None:
    await answered(talk)
    refuse(talk, status, body)
    leads = [await talk.writes(YES) for _ in range(7)]
    await talk.run(3_000)
    assert "set-up of the model" in (talk.client.pause_reason or "")
    handed_over = [lead for lead in leads if talk.world.received(lead) == [HANDOVER]]
    assert len(handed_over) <= 2
    talk.server.faults.clear()
    await talk.run(1_300)
    for lead in leads:
        if lead not in handed_over:
            assert LINK in talk.world.received(lead)[0]
            assert (await talk.row(lead)).status is not LeadStatus.HANDED_OFF


async def test_a_second_provider_answers_during_the_pause(
    journey_database: Database, served: tuple[str, OpenAIState]
) -> None:
    url, _ = served
    second = {
        "openai_fallback_base_url": url,
        "openai_fallback_api_key": "sk-second-0123456789",
        "openai_fallback_model": "second-model",
    }
    async with journey(journey_database, *served, **second) as talk:
        refuse(talk, 400, error("Your trial has ended."), '"gpt-4.1-mini"')
        leads = [await talk.writes(YES) for _ in range(5)]
        await talk.run(120)
        assert sum(LINK in (talk.world.received(lead) or [""])[0] for lead in leads) >= 3
