"""The model is unreachable, rate-limited, out of quota, or returns unusable answers."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.chaos.outages.catalogue import MODEL, UNTIL_REMOVED, plan, remove_faults
from tests.chaos.outages.products import SETTINGS
from tests.chaos.outages.scenarios import Outage, run_outage
from tests.chaos.outages.status_history import Row, attempts, watch
from tests.support.running_product import LINK, RunningProduct
from tests.support.waiting import until
from worker.dialogue.templates import handoff_notice, without_notice

PAUSE = timedelta(seconds=float(SETTINGS["ASSISTANT_PAUSE_SECONDS"]))
YES = "Да, давайте созвонимся"
UNUSABLE_ANSWERS = ("malformed_json", "truncated", "refusal", "empty")


@contextmanager
def _worker(product: RunningProduct, **settings: str) -> Iterator[None]:
    """Replace the worker by one with other settings inside the block."""
    try:
        _restart(product, **settings)
        yield
    finally:
        remove_faults(product)
        _restart(product)


def _restart(product: RunningProduct, **settings: str) -> None:
    assert product.worker.stop() == 0
    product.worker = product.start_worker(**settings)
    product.worker.wait_for_log("ready as @")


def _new_lead(product: RunningProduct) -> tuple[Row, int]:
    person = product.add_person()
    return person, product.submit(Telegram=person["username"])["id"]


def _in_conversation(product: RunningProduct) -> tuple[Row, int]:
    person, lead = _new_lead(product)
    product.wait_for_status(lead, "contacted")
    return person, lead


def _asked(product: RunningProduct) -> list[datetime]:
    """The times of all model calls since the last `_forget`."""
    calls = product.control.get("/openai/calls").json()["calls"]
    return [datetime.fromisoformat(call["at"]) for call in calls]


def _forget(product: RunningProduct) -> None:
    assert product.control.delete("/openai/calls").is_success


# `python -m tests.chaos.outages` runs all of them, for longer.
@pytest.mark.parametrize("outage", [MODEL[0], MODEL[3]], ids=lambda outage: outage.name)
def test_the_product_waits_and_counts_no_failed_attempt(product: RunningProduct, outage: Outage) -> None:
    report = run_outage(product, outage, seconds=2)
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
def test_failures_in_a_row_are_not_counted_for_greeting_or_reply(
    product: RunningProduct, fault: dict[str, Any]
) -> None:
    plan(product, times=2, **fault)
    person, lead = _new_lead(product)
    seen = watch(product, lead, "contacted")
    plan(product, times=2, **fault)
    product.say(person, YES)
    seen += watch(product, lead, "scheduled")
    assert attempts(seen) == {0}
    assert [LINK in text for text in product.received(person)] == [False, True]


def test_the_model_is_not_called_during_retry_after(product: RunningProduct) -> None:
    _forget(product)
    plan(product, kind="rate_limit", retry_after=2)
    person, lead = _new_lead(product)
    product.wait_for_status(lead, "contacted")
    first, second = _asked(product)
    assert second - first >= timedelta(seconds=2)
    assert len(product.received(person)) == 1


@pytest.mark.parametrize("kind", UNUSABLE_ANSWERS)
def test_an_unusable_answer_is_retried_and_counted(product: RunningProduct, kind: str) -> None:
    plan(product, kind=kind, times=2)
    person, lead = _new_lead(product)
    seen = watch(product, lead, "contacted")
    assert max(attempts(seen)) >= 1
    plan(product, kind=kind, times=2)
    product.say(person, YES)
    seen += watch(product, lead, "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, True]
    assert seen[-1]["attempts"] == 0


def test_a_greeting_is_sent_without_the_model_and_a_reply_waits_for_it(product: RunningProduct) -> None:
    talking, conversation = _in_conversation(product)
    with _worker(product, GREETING_FALLBACK_SECONDS="1"):
        plan(product, kind="drop", times=UNTIL_REMOVED)
        product.say(talking, YES)
        newcomers = dict(_new_lead_after(product, 0.3) for _ in range(5))
        # These greetings without the model must not count as successful answers of the model.
        seen: list[Row] = []
        until(lambda: _greeted(product, newcomers, seen), "all are greeted")
        seen.append(product.get_lead(conversation))
        assert attempts(seen) == {0}
        assert seen[-1]["status"] == "contacted"
        for person in newcomers.values():
            (greeting,) = product.received(person)
            assert "вы оставили заявку на нашем сайте" in greeting
        remove_faults(product)
        product.wait_for_status(conversation, "scheduled")
    assert [LINK in text for text in product.received(talking)] == [False, True]


def _new_lead_after(product: RunningProduct, seconds: float) -> tuple[int, Row]:
    time.sleep(seconds)
    person, lead = _new_lead(product)
    return lead, person


def _greeted(product: RunningProduct, leads: Iterable[int], seen: list[Row]) -> bool:
    now = [product.get_lead(lead) for lead in leads]
    seen += now
    return all(lead["status"] == "contacted" for lead in now)


OWNER_ERRORS = (
    {"kind": "rate_limit", "code": "insufficient_quota"},
    {"kind": "invalid_key"},
)


@pytest.mark.parametrize("fault", OWNER_ERRORS, ids=lambda fault: fault["kind"])
def test_an_error_for_the_owner_pauses_the_model_for_all_leads(
    product: RunningProduct, fault: dict[str, Any]
) -> None:
    said = product.worker.text().count("the model is left alone for")
    _forget(product)
    plan(product, times=1, **fault)
    first = _new_lead(product)
    until(lambda: _asked(product), "the model is asked")
    others = [_new_lead(product) for _ in range(5)]
    for _, lead in (first, *others):
        product.wait_for_status(lead, "contacted")
        assert product.get_lead(lead)["attempts"] == 0
    refused, *asked = _asked(product)
    assert min(asked) - refused >= PAUSE * 0.99
    assert len(asked) == len(others) + 1
    assert product.worker.text().count("the model is left alone for") == said + 1
    assert all(len(product.received(person)) == 1 for person, _ in (first, *others))


def test_a_restart_ends_the_pause_at_once(product: RunningProduct) -> None:
    with _worker(product, ASSISTANT_PAUSE_SECONDS="600"):
        plan(product, kind="rate_limit", code="insufficient_quota", times=1)
        person, lead = _new_lead(product)
        product.worker.wait_for_log("the model is left alone for 0:10:00")
    product.wait_for_status(lead, "contacted")
    assert len(product.received(person)) == 1


def test_a_reply_without_a_usable_answer_goes_to_a_human(product: RunningProduct) -> None:
    person, lead = _in_conversation(product)
    plan(product, kind="malformed_json", times=UNTIL_REMOVED)
    product.say(person, YES)
    handed = product.wait_for_status(lead, "handed_off")
    assert handed["events"][-1]["reason"].startswith("the model's answer was malformed")
    # There is no OWNER_CHAT: no colleague is promised.
    assert product.received(person)[1:] == [without_notice(handoff_notice("ru"))]
    remove_faults(product)
    # The owner returns the conversation, and the person writes once more.
    assert product.api.post(f"/leads/{lead}/release").is_success
    product.say(person, YES)
    product.wait_for_status(lead, "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, False, True]
