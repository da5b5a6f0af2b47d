"""When a provider of the model is out, and when it is tried again."""

from datetime import timedelta

from tests.support.rows import NOW
from worker.assistant.model_client.provider_failover import Availability
from worker.domain.assistant_port import AssistantPausedError, AssistantUnavailableError

OUTAGE = AssistantUnavailableError("the model cannot be reached: 503")
SLOW = AssistantUnavailableError("the model did not answer in time", slow=True)


def make() -> Availability:
    return Availability(base=2, maximum=60)


def test_one_call_at_a_time_tries_a_provider_that_is_out() -> None:
    provider = make()
    assert provider.begin(NOW)
    provider.failed(OUTAGE, NOW)
    assert provider.out_since == NOW
    assert not provider.begin(NOW)
    later = NOW + timedelta(seconds=2)
    assert provider.begin(later)
    assert not provider.begin(later)
    provider.succeeded()
    assert provider.out_since is None
    assert provider.begin(later)
    assert provider.begin(later)


def test_the_pause_grows_to_its_maximum() -> None:
    provider, now, pauses = make(), NOW, []
    for _ in range(9):
        provider.begin(now)
        provider.failed(OUTAGE, now)
        pauses.append(provider.remaining(now).total_seconds())
        now += provider.remaining(now)
    assert 1 <= pauses[0] <= 2
    assert 30 <= pauses[-1] <= 60
    assert provider.out_since == NOW


def test_a_failure_of_an_earlier_call_changes_nothing() -> None:
    provider = make()
    provider.failed(OUTAGE, NOW)
    before = provider.remaining(NOW)
    provider.failed(OUTAGE, NOW)
    assert provider.remaining(NOW) == before


def test_the_pause_that_the_provider_asks_for_is_kept() -> None:
    provider = make()
    provider.failed(AssistantPausedError("no money", timedelta(minutes=10)), NOW)
    assert provider.is_paused
    assert not provider.begin(NOW + timedelta(minutes=9))
    assert provider.begin(NOW + timedelta(minutes=10))


def test_one_slow_answer_is_the_leads_own_and_two_in_a_row_are_not() -> None:
    provider = make()
    provider.failed(SLOW, NOW)
    assert provider.out_since is None
    provider.succeeded()
    provider.failed(SLOW, NOW)
    assert provider.out_since is None
    provider.failed(SLOW, NOW)
    assert provider.out_since == NOW


def test_after_a_trial_that_passes_where_answers_fail_the_pause_goes_on_growing() -> None:
    provider, now = make(), NOW
    for _ in range(6):
        provider.begin(now)
        provider.failed(OUTAGE, now)
        provider.succeeded(is_trial=True)
    provider.failed(OUTAGE, now)
    assert provider.remaining(now) >= timedelta(seconds=30)


def test_a_cancelled_call_lets_another_one_try() -> None:
    provider = make()
    provider.failed(OUTAGE, NOW)
    later = NOW + timedelta(seconds=2)
    assert provider.begin(later)
    provider.abandoned()
    assert provider.begin(later)
