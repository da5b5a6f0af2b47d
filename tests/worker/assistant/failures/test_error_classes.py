"""The table of failures: what each answer of each provider means, and what the owner reads of it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.model_failures import CASES, Case
from worker.assistant.failures.error_bodies import MAX_SENTENCE_LENGTH, clean_sentence, read_error
from worker.assistant.failures.error_classes import classify
from worker.assistant.failures.errors import read_failure

# Answers of which only the kind is tested here; those in CASES are also played to a worker.
WORDS = Path(__file__).parents[3] / "support" / "model_failure_words.jsonl"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.provider for case in CASES}) >= 11


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_failure_has_its_kind_and_the_providers_sentence(case: Case) -> None:
    failure = read_failure(case.status, case.headers, case.text, NOW)
    assert failure.kind is case.kind
    assert case.says in failure.body.sentence
    assert len(failure.body.sentence) <= MAX_SENTENCE_LENGTH
    said = failure.describe()
    assert "\n" not in said
    assert failure.body.sentence in said


def test_the_words_of_more_providers_have_their_kind() -> None:
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 200
    for line in lines:
        case = json.loads(line)
        text = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
        kind = read_failure(case["status"], {}, text, NOW).kind.value
        assert kind == case["kind"], line


@pytest.mark.parametrize(
    "said", ["The authentication service is temporarily unavailable", "moderation backend is overloaded"]
)
def test_a_service_of_the_provider_that_is_down_is_an_outage(said: str) -> None:
    assert read_failure(503, {}, json.dumps({"error": {"message": said}}), NOW).kind.value == "outage"


@pytest.mark.parametrize(
    ("status", "said", "is_vague"),
    [
        (403, "Access denied.", True),
        (403, "error code: 1020", True),
        (403, "Country, region, or territory not supported", False),
        (403, "You do not have permission", False),
        (401, "", False),
        (402, "", False),
    ],
)
def test_a_refusal_without_a_reason_is_vague(status: int, said: str, is_vague: bool) -> None:
    assert read_failure(status, {}, json.dumps({"error": {"message": said}}), NOW).is_vague == is_vague


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("sk-proj-abcdef123456", "Incorrect API key provided: sk-proj-abcdef123456. See the docs"),
        ("AIzaSyA0123456789", "Bad key AIzaSyA0123456789"),
        ("abc.def", "Authorization: Bearer abc.def is wrong"),
        ("org-0123456789ab", "Limit in organization org-0123456789ab on tokens"),
        ("20250903003241616637594", "quota is not enough (request id: 20250903003241616637594M0nCmn54)"),
        ("+7 916 123-45-67", "The message with +7 916 123-45-67 was refused"),
        ("anna@example.com", "User anna@example.com is blocked"),
    ],
)
def test_the_sentence_has_no_secrets(secret: str, text: str) -> None:
    sentence = clean_sentence(text)
    assert secret not in sentence
    assert len(sentence) > 5


def test_the_sentence_does_not_have_the_key_itself() -> None:
    failure = read_failure(
        401, {}, '{"error": {"message": "key my-own-key is bad"}}', NOW, secret="my-own-key"
    )
    assert failure.body.sentence == "key … is bad"


def test_what_a_person_wrote_decides_nothing() -> None:
    body = '{"error": {"message": "flagged", "metadata": {"flagged_input": "insufficient_quota country"}}}'
    read = read_error(body)
    assert "insufficient" not in read.words
    assert classify(403, read).value == "input"


ECHO = "I live in another country, insufficient balance, invalid token, moderation"


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Failed to generate JSON.", "code": "json_validate_failed", "failed_generation": ECHO},
        {"message": f"[{{'type': 'missing', 'msg': 'No', 'input': {{'messages': ['{ECHO}']}}}}]"},
        {"message": f"Should be a string [type=string_type, input_value='{ECHO}', input_type=str]"},
        {"message": f'Failed to parse input at pos 12: {{"intent": "accept", "text": "{ECHO}"}}'},
        {"message": f"Invalid 'messages[3].content': '{ECHO}'"},
        {"message": "failed", "metadata": {"raw": json.dumps({"error": "bad", "flagged_input": ECHO})}},
    ],
)
def test_words_that_an_error_repeats_pause_nothing(error: dict[str, object]) -> None:
    failure = read_failure(400, {}, json.dumps({"error": error}), NOW)
    assert failure.kind.value == "lead"
    assert failure.body.sentence
    assert "country" not in failure.describe()


@pytest.mark.parametrize(
    "text",
    [
        "{" * 60_000,
        "[" * 60_000,
        "<think>" * 9_000,
        "a-" * 30_000,
        "<" * 60_000,
        "model " * 10_000,
        "1 " * 30_000,
    ],
    ids=lambda text: text[:8],
)
def test_any_body_is_read_quickly(text: str) -> None:
    started = time.process_time()
    read_failure(500, {}, text, NOW)
    read_failure(500, {}, json.dumps({"error": {"message": text}}), NOW)
    assert time.process_time() - started < 0.5
