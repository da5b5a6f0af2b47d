"""Compares the wish and the time of a verdict with the labels of a case. Pure."""

from datetime import date, datetime, timedelta

from worker.domain.assistant_port import Verdict, Wish
from worker.evaluation.cases import ReplyCase

# "In an hour" is not a minute's matter.
TOLERANCE = timedelta(minutes=30)


def is_wish_right(case: ReplyCase, verdict: Verdict) -> bool:
    """Return True if the verdict has the wish of the label."""
    return verdict.wish is case.wish


def is_time_right(case: ReplyCase, verdict: Verdict) -> bool:
    """Return True if the verdict names the labelled time, or none if the label has none."""
    moment = verdict.write_at if verdict.wish is Wish.WRITE_LATER else None
    if case.write_at is None or moment is None:
        return case.write_at is None and moment is None
    if "T" in case.write_at:
        expected = datetime.fromisoformat(case.write_at).replace(tzinfo=moment.tzinfo)
        return abs(moment - expected) <= TOLERANCE
    first, _, last = case.write_at.partition("..")
    return date.fromisoformat(first) <= moment.date() <= date.fromisoformat(last or first)
