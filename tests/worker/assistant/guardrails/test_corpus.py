"""The corpus of the evaluation: no faithful answer is refused, every bad one is."""

import pytest

from worker.evaluation.guard_corpus import GuardScores, guard_scores, load_answers


@pytest.fixture(scope="module")
def scores() -> GuardScores:
    """The guard's judgement of all answers."""
    return guard_scores()


def test_the_corpus_is_large_and_has_no_text_twice() -> None:
    for label in ("faithful", "bad"):
        answers = [*load_answers(label, held_back=False), *load_answers(label, held_back=True)]
        assert len(answers) >= 120
        assert len({(one.context, one.said, one.text) for one in answers}) == len(answers)


def test_no_faithful_answer_is_refused(scores: GuardScores) -> None:
    refused = scores.refused
    assert not refused, "\n".join(f"{one.id}: {one.text} ({why})" for one, why in refused)


def test_every_bad_answer_is_refused(scores: GuardScores) -> None:
    let_through = scores.let_through
    assert not let_through, "\n".join(f"{one.id} ({one.kind}): {one.text}" for one in let_through)
