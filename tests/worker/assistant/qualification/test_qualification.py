"""The qualification: the sandbox's rules pass, its bad small model does not."""

from typing import Any

import pytest

from sandbox.fake_openai.faults import RateLimit, SimpleFault
from shared.intents import Intent
from tests.worker.assistant.conftest import Server
from worker.assistant.qualification.qualification import FALSE_YES_COST, Qualification, judge, qualify
from worker.assistant.qualification.turns import FALSE_YES, NOW, find_mistake, load_turns
from worker.assistant.trust import BAR
from worker.domain.assistant_port import AssistantUnavailableError, Verdict, Wish
from worker.settings import AssistantSettings

TURNS = {turn.id: turn for turn in load_turns()}


async def run(server: Server, **settings: Any) -> Qualification:  # noqa: ANN401
    usable = {"openai_api_key": "sk-test-0123456789", "openai_base_url": server.url}
    model = AssistantSettings(**usable | settings)
    lines: list[str] = []
    result = await qualify(model, lines.append)
    assert len(lines) == result.asked
    return result


async def test_the_rules_pass(server: Server) -> None:
    result = await run(server)
    assert result.is_passed, result.wrong
    assert result.asked == len(TURNS) == server.call_count == 20


async def test_the_bad_small_model_fails(server: Server) -> None:
    server.state.small = True
    try:
        result = await run(server)
    finally:
        server.state.small = False
    assert result.score < BAR / 2
    assert result.wrong["second"] == FALSE_YES
    assert result.wrong["no-reaction"] == "do-not-contact made up"


async def test_unusable_answers_count_and_an_outage_does_not(server: Server) -> None:
    server.state.faults.add(SimpleFault(kind="empty", times=3))
    result = await run(server, openai_api="chat")
    assert list(result.wrong.values()).count("no usable answer: the model's answer was empty") == 3
    server.state.faults.add(RateLimit(code="insufficient_quota"))
    with pytest.raises(AssistantUnavailableError):
        await run(server)


def test_the_score_counts_a_false_yes_three_times() -> None:
    turns = load_turns()
    right = [None] * len(turns)
    assert judge(turns, right).score == 1
    assert judge(turns, ["x", *right[1:]]).score == pytest.approx(0.95)
    assert judge(turns, [FALSE_YES, *right[1:]]).score == pytest.approx(0.95 - FALSE_YES_COST)
    assert judge(turns, [FALSE_YES] * len(turns)).score == 0


@pytest.mark.parametrize(
    ("turn", "verdict", "mistake"),
    [
        ("yes", {"intent": Intent.ACCEPT}, None),
        ("second", {"intent": Intent.ACCEPT}, FALSE_YES),
        ("no", {"intent": Intent.AMBIGUOUS}, "taken for ambiguous"),
        ("opt-out", {"intent": Intent.REJECT}, "do-not-contact missed"),
        ("human", {"intent": Intent.REJECT}, "a human missed"),
        ("maybe", {"needs_human": "x"}, "a human called for nothing"),
        ("maybe", {"refused": "a link"}, "an unfit text: a link"),
        ("call-me", {"intent": Intent.ACCEPT}, "the wish call_me taken for none"),
        ("later", {"wish": Wish.WRITE_LATER}, "the day 2026-11-30 taken for None"),
        ("later", {"wish": Wish.WRITE_LATER, "write_at": NOW}, "the day 2026-11-30 taken for 2026-11-24"),
        (
            "asks-apps",
            {"intent": Intent.QUESTION, "text": "Да, а вы делаете мобильные приложения?"},
            "a text that does not answer the question",
        ),
    ],
)
def test_mistakes(turn: str, verdict: dict[str, Any], mistake: str | None) -> None:
    usual = {"intent": Intent.AMBIGUOUS, "text": "Хорошо", "language": "ru"}
    assert find_mistake(TURNS[turn], Verdict(**usual | verdict)) == mistake
