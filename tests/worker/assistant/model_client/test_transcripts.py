"""Transcriptions as servers send them: only words are taken for what the person said."""

import pytest

from worker.assistant.model_client.api_responses import parse_transcript
from worker.domain.assistant_port import AssistantError


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"text": "Да, удобно", "segments": null}', "Да, удобно"),
        ("Да, удобно\n", "Да, удобно"),
        ('"Да"', "Да"),
        ("15", "15"),
        ("null", ""),
        ("", ""),
        ("<!DOCTYPE html><html>Welcome to nginx", None),
        ('{"error": {"message": "insufficient balance"}}', None),
        ('{"text": null}', None),
        ("{broken", None),
        ("[]", None),
    ],
)
def test_only_words_are_taken_for_a_transcript(body: str, words: str | None) -> None:
    if words is None:
        with pytest.raises(AssistantError, match="the transcript is unusable"):
            parse_transcript(body.encode())
    else:
        assert parse_transcript(body.encode()) == words
