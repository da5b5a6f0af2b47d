"""The model gone, limited, out of money, or talking nonsense."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.chaos.outages.catalogue import FOR_EVER, MODEL, mend, plan
from tests.chaos.outages.products import SETTINGS
from tests.chaos.outages.scenarios import Outage, go_through
from tests.chaos.outages.status_history import Row, attempts, watch
from tests.support.running_product import LINK, RunningProduct, until

PAUSE = timedelta(seconds=float(SETTINGS["ASSISTANT_PAUSE_SECONDS"]))
YES = "Да, давайте созвонимся"
NONSENSE = ("malformed_json", "truncated", "refusal", "empty")


@contextmanager
def _worker(house: RunningProduct, **settings: str) -> Iterator[None]:
    """Another worker for a while, with other settings."""
    try:
        _restart(house, **settings)
        yield
    finally:
        mend(house)
        _restart(house)


def _restart(house: RunningProduct, **settings: str) -> None:
    assert house.worker.stop() == 0
    house.worker = house.start_worker(**settings)
    house.worker.says("ready as @")


def _comes(house: RunningProduct) -> tuple[Row, int]:
    person = house.person()
    return person, house.submit(Telegram=person["username"])["id"]


def _in_conversation(house: RunningProduct) -> tuple[Row, int]:
    person, lead = _comes(house)
    house.becomes(lead, "contacted")
    return person, lead


def _asked(house: RunningProduct) -> list[datetime]:
    """When the model was asked, since it was forgotten."""
    calls = house.control.get("/openai/calls").json()["calls"]
    return [datetime.fromisoformat(call["at"]) for call in calls]


def _forget(house: RunningProduct) -> None:
    assert house.control.delete("/openai/calls").is_success


# `python -m tests.chaos.outages` lets every one of them last.
@pytest.mark.parametrize("outage", [MODEL[0], MODEL[3]], ids=lambda outage: outage.name)
def test_it_is_waited_out_and_charged_to_nobody(house: RunningProduct, outage: Outage) -> None:
    report = go_through(house, outage, seconds=2)
    assert report.clean, report
    assert report.attempts == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_error", "status": 500},
        {"kind": "server_error", "status": 503},
        {"kind": "timeout", "seconds": 0.5},
        {"kind": "rate_limit"},
    ],
    ids=str,
)
def test_failures_in_a_row_cost_neither_greeting_nor_reply_an_attempt(
    house: RunningProduct, fault: dict[str, Any]
) -> None:
    plan(house, times=2, **fault)
    person, lead = _comes(house)
    seen = watch(house, lead, "contacted")
    plan(house, times=2, **fault)
    house.say(person, YES)
    seen += watch(house, lead, "scheduled")
    assert attempts(seen) == {0}
    assert [LINK in text for text in house.received(person)] == [False, True]


def test_a_rate_limit_is_left_alone_for_as_long_as_it_says(house: RunningProduct) -> None:
    _forget(house)
    plan(house, kind="rate_limit", retry_after=2)
    person, lead = _comes(house)
    house.becomes(lead, "contacted")
    first, second = _asked(house)
    assert second - first >= timedelta(seconds=2)
    assert len(house.received(person)) == 1


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_asked_about_again_and_counted(house: RunningProduct, kind: str) -> None:
    plan(house, kind=kind, times=2)
    person, lead = _comes(house)
    seen = watch(house, lead, "contacted")
    assert max(attempts(seen)) >= 1
    plan(house, kind=kind, times=2)
    house.say(person, YES)
    seen += watch(house, lead, "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]
    assert seen[-1]["attempts"] == 0


def test_a_greeting_goes_out_without_the_model_and_a_reply_waits_for_it(house: RunningProduct) -> None:
    talking, conversation = _in_conversation(house)
    with _worker(house, GREETING_FALLBACK_SECONDS="1"):
        plan(house, kind="drop", times=FOR_EVER)
        house.say(talking, YES)
        comers = dict(_comes_after(house, 0.3) for _ in range(5))
        # So many greetings without the model must not look like a model that answers all but one.
        seen: list[Row] = []
        until(lambda: _greeted(house, comers, seen), "all are greeted")
        seen.append(house.lead(conversation))
        assert attempts(seen) == {0}
        assert seen[-1]["status"] == "contacted"
        for person in comers.values():
            (greeting,) = house.received(person)
            assert "вы оставили заявку на нашем сайте" in greeting
        mend(house)
        house.becomes(conversation, "scheduled")
    assert [LINK in text for text in house.received(talking)] == [False, True]


def _comes_after(house: RunningProduct, seconds: float) -> tuple[int, Row]:
    time.sleep(seconds)
    person, lead = _comes(house)
    return lead, person


def _greeted(house: RunningProduct, leads: Iterable[int], seen: list[Row]) -> bool:
    now = [house.lead(lead) for lead in leads]
    seen += now
    return all(lead["status"] == "contacted" for lead in now)


OWNERS = (
    {"kind": "rate_limit", "code": "insufficient_quota"},
    {"kind": "invalid_key"},
)


@pytest.mark.parametrize("fault", OWNERS, ids=lambda fault: fault["kind"])
def test_what_only_the_owner_can_mend_silences_the_model_for_all(
    house: RunningProduct, fault: dict[str, Any]
) -> None:
    said = house.worker.text().count("the model is left alone for")
    _forget(house)
    plan(house, times=1, **fault)
    first = _comes(house)
    until(lambda: _asked(house), "the model is asked")
    others = [_comes(house) for _ in range(5)]
    for _, lead in (first, *others):
        house.becomes(lead, "contacted")
        assert house.lead(lead)["attempts"] == 0
    refused, *asked = _asked(house)
    assert min(asked) - refused >= PAUSE * 0.99
    assert len(asked) == len(others) + 1
    assert house.worker.text().count("the model is left alone for") == said + 1
    assert all(len(house.received(person)) == 1 for person, _ in (first, *others))


def test_a_new_start_ends_the_silence_at_once(house: RunningProduct) -> None:
    with _worker(house, ASSISTANT_PAUSE_SECONDS="600"):
        plan(house, kind="rate_limit", code="insufficient_quota", times=1)
        person, lead = _comes(house)
        house.worker.says("the model is left alone for 0:10:00")
    house.becomes(lead, "contacted")
    assert len(house.received(person)) == 1


def test_a_reply_that_is_never_understood_fails_and_is_answered_when_tried_again(
    house: RunningProduct,
) -> None:
    person, lead = _in_conversation(house)
    plan(house, kind="malformed_json", times=FOR_EVER)
    house.say(person, YES)
    failed = house.becomes(lead, "failed")
    assert failed["last_error"].startswith(f"after {SETTINGS['MAX_ATTEMPTS']} attempts: the model's answer")
    mend(house)
    assert house.api.post(f"/leads/{lead}/retry").is_success
    lead_now = house.becomes(lead, "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]
    assert [event["to_status"] for event in lead_now["events"]][-4:] == [
        *("pending", "resolved", "contacted", "scheduled")
    ]
