"""Days in words, for fixed texts in Russian and English. Pure."""

from datetime import datetime

from worker.domain.wording.months import MONTHS


def format_day(moment: datetime, language: str) -> str:
    """Return the day as it stands in a sentence: "24 ноября" or "on November 24"."""
    return f"{moment.day} {MONTHS[moment.month - 1]}" if language == "ru" else f"on {moment:%B} {moment.day}"
