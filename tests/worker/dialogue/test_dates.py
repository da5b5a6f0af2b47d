"""Days in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from worker.dialogue.dates import format_day


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "24 ноября"), ("en", "on November 24"), ("de", "on November 24")]
)
def test_a_day_in_words(language: str, words: str) -> None:
    assert format_day(datetime(2026, 11, 24, tzinfo=ZoneInfo("Europe/Moscow")), language) == words
