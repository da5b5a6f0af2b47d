"""Answers that a database refuses: they are cleaned; what still cannot be stored is that answer's fault."""

import json
from itertools import count
from typing import Any

import pytest

from sandbox.fake_openai.faults import RawAnswer
from sandbox.fake_openai.state import OpenAIState
from shared.database.engine import Database
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.fakes import Words
from tests.support.model_journey import Journey, journey
from tests.support.rows import moves_of
from worker.dialogue import templates
from worker.dispatch.step_failures import MAX_UNUSABLE_ANSWERS
from worker.domain.assistant_port import Brief, Turn, Usage, Verdict

LINK = "https://calendly.com/gordovcode/30min"
YES = "Да, давайте созвонимся"


def chat_answer(**more: object) -> dict[str, Any]:
    """An answer of Chat Completions with a good verdict."""
    verdict = {
        "intent": "accept",
        "confidence": 0.9,
        "language": "ru",
        "do_not_contact": False,
        "needs_human": False,
        "reason": "",
        "facts": [],
        "text": "Отлично! Выберите удобное время:",
    }
    message = {"role": "assistant", "content": json.dumps(verdict | more)}
    return {"model": "m", "choices": [{"finish_reason": "stop", "message": message}]}


@pytest.mark.parametrize(
    "body",
    [
        chat_answer(text="Отлично!\x00 Выберите\udc80 время:"),
        chat_answer(reason="\x00", facts=["\x00\udfff"], language="\x00ru"),
        chat_answer(confidence=float("nan")),
        chat_answer(confidence=10**400),
        chat_answer() | {"usage": {"prompt_tokens": 10**30, "completion_tokens": float("inf")}},
        chat_answer() | {"usage": {"prompt_tokens": 1.5, "completion_tokens": float("nan")}},
        chat_answer() | {"usage": {"prompt_tokens": 2**31, "completion_tokens": -(2**63)}},
        chat_answer() | {"model": "m\x00\udc80" * 1_000},
        chat_answer() | {"model": None, "usage": None},
    ],
    ids=count(),
)
async def test_an_answer_is_cleaned_before_it_is_stored(talk: Journey, body: dict[str, Any]) -> None:
    talk.server.faults.add(RawAnswer(body=body, times=None))
    lead = await talk.writes(YES)
    await talk.run(5)
    assert len(talk.world.received(lead)) == 1
    assert LINK in talk.world.received(lead)[0]
    assert len(talk.calls) == 1


class OneBadVerdict(Words):
    """Returns a bad verdict to one person, and a good one to everybody else."""

    def __init__(self, bad: Verdict) -> None:
        super().__init__()
        self.bad = bad

    async def reply(self, brief: Brief, conversation: Any) -> Verdict:  # noqa: ANN401
        good = await super().reply(brief, conversation)
        last: Turn = conversation[-1]
        return self.bad if "плохой" in last.text else good


@pytest.mark.parametrize(
    "bad",
    [
        Verdict(Intent.QUESTION, "Делаем\x00", "ru"),
        Verdict(Intent.QUESTION, "Делаем\udc80", "ru"),
        Verdict(Intent.QUESTION, "Делаем", "ru", facts=("\x00",)),
        Verdict(Intent.QUESTION, "Делаем", "ru", facts=("\udc80",)),
        Verdict(Intent.QUESTION, "Делаем", "ru", refused="\udc80"),
        Verdict(Intent.QUESTION, "Делаем", "ru", needs_human="\udc80"),
        Verdict(Intent.QUESTION, "Делаем", "ru", usage=Usage("m\udc80")),
        Verdict(Intent.QUESTION, "Делаем", "ru", usage=Usage("m", tokens_in=2**70)),
    ],
    ids=count(),
)
async def test_a_value_that_the_database_refuses_is_a_fault_of_that_answer(
    journey_database: Database,
    served: tuple[str, OpenAIState],
    bad: Verdict,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with journey(journey_database, *served, assistant=OneBadVerdict(bad)) as talk:
        lead = await talk.writes("Вопрос, плохой")
        neighbours = [await talk.writes(YES) for _ in range(3)]
        await talk.run(1)
        assert all(len(talk.world.received(neighbour)) == 1 for neighbour in neighbours)
        await talk.run(120)
        row = await talk.row(lead)
        received = talk.world.received(lead)
        if received != [templates.handoff_notice("ru")]:
            # SQLite stores a NUL.
            assert journey_database.url.get_backend_name() == "sqlite"
            assert len(received) == 1
            return
        assert (row.status, row.lost_leases, row.leased_by) == (LeadStatus.HANDED_OFF, 0, None)
        assert "cannot be stored" in str((await moves_of(journey_database, lead))[-1][2])
        assert "the database does not answer" not in caplog.text
        assert caplog.text.count("cannot be stored") == MAX_UNUSABLE_ANSWERS
