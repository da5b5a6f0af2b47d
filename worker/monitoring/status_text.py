"""The text of `python -m worker status`, in the owner's language. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.translations import Language, name_of_status, say, translate_reason
from worker.domain.sending_limits import DAY, outreach_cap
from worker.monitoring.status_report import Status

_LIMITS = {
    "first messages": ("first_messages", "outreach_limit"),
    "by username": ("username_lookups", "resolve_limit"),
    "by phone": ("phone_imports", "import_limit"),
}
_PERIODS = ("24 hours", "7 days", "all")


def as_text(
    status: Status,
    language: Language = "en",
    *,
    full_limit: int = 0,
    warmup_days: int = 0,
    now: datetime | None = None,
) -> str:
    """Return text tables: accounts, models (if a worker has stored any), waiting work, leads by status.

    `full_limit`, `warmup_days`: the limit of first messages, and the days in which a new account reaches it.
    Without `now` its growth is not told.
    """
    growth = _growth(status, language, full_limit, warmup_days, now) if now else []
    waiting = [[say(language, name), str(value)] for name, value in status.waiting.items()]
    funnel = [
        [name_of_status(language, name), *(str(counts[period]) for period in _PERIODS)]
        for name, counts in status.funnel.items()
    ]
    models = _table(language, ["model", "provider", "state", "form", "prompt"], _model_rows(status, language))
    trouble = f"{say(language, 'TROUBLE')}: {translate_reason(language, status.trouble)}"
    parts = [
        *([_pause_line(status, language)] if status.paused else []),
        *([trouble] if status.trouble else []),
        _table(
            language,
            ["account", "state", "working", *_LIMITS, "conversations", "holds"],
            _account_rows(status, language),
        ),
        *(["\n".join(growth)] if growth else []),
        *([models] if status.models else []),
        _table(language, ["waiting", ""], waiting),
        _table(language, ["leads", *_PERIODS], funnel),
    ]
    return "\n\n".join(parts)


def _growth(status: Status, language: Language, full: int, days: int, now: datetime) -> list[str]:
    """Return a line for each account whose limit of first messages still grows."""
    if not status.accounts:
        first = outreach_cap(full, days, created_at=now, now=now)
        text = "a new account: {first} first messages on its first day, {full} from day {days}"
        return [say(language, text, first=first, full=full, days=days)] if first < full else []
    lines = []
    for row in status.accounts:
        created_at = row["created_at"] or now
        limit = outreach_cap(full, days, created_at=created_at, now=now)
        left = days - (now - created_at) // DAY - 1
        if limit < full:
            text = "{account}: today {limit} first messages at most, {full} in {days} days"
            lines.append(say(language, text, account=row["account"], limit=limit, full=full, days=left))
    return lines


def _pause_line(status: Status, language: Language) -> str:
    text = (
        "PAUSED: first messages are not sent since {since} UTC; python -m worker resume"
        if status.paused == "first_messages"
        else "PAUSED: all messages of the assistant are not sent since {since} UTC; python -m worker resume"
    )
    return say(language, text, since=f"{status.paused_since:%Y-%m-%d %H:%M}")


def _account_rows(status: Status, language: Language) -> list[list[str]]:
    return [
        [
            str(row["account"]),
            _state(row, language),
            say(language, str(row["working"])),
            *(f"{row[used]}/{'-' if row[limit] is None else row[limit]}" for used, limit in _LIMITS.values()),
            str(row["conversations"]),
            str(row["holds"] or "-"),
        ]
        for row in status.accounts
    ]


def _state(row: Mapping[str, Any], language: Language) -> str:
    state = say(language, str(row["state"]))
    return f"{state}: {translate_reason(language, row['state_reason'])}" if row["state_reason"] else state


def _model_rows(status: Status, language: Language) -> list[list[str]]:
    return [
        [
            str(row["model"]),
            f"{say(language, str(row['role']))}: {row['host']}",
            _model_state(row, language),
            str(row["wire_form"] or "-"),
            _prompt_size(row, language),
        ]
        for row in status.models
    ]


def _prompt_size(row: Mapping[str, Any], language: Language) -> str:
    """Return the size of the prompt, and after a slash that of the context if the doctor has found it."""
    if not row["prompt_tokens"]:
        return "-"
    size = "/".join(str(number) for number in (row["prompt_tokens"], row["limit_tokens"]) if number)
    return say(language, "{number} tokens", number=size)


def _model_state(row: Mapping[str, Any], language: Language) -> str:
    if row["out_since"] is None:
        return say(language, "in use" if row["in_use"] else "ready")
    reason = translate_reason(language, row["out_reason"])
    return say(
        language, "out since {since} UTC: {reason}", since=f"{row['out_since']:%Y-%m-%d %H:%M}", reason=reason
    )


def _table(language: Language, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table: columns as wide as their longest cell, numbers aligned to the right."""
    shown = [say(language, name) if name else "" for name in head]
    if not rows:
        return f"{shown[0]}: {say(language, 'none')}"
    widths = [max(len(row[column]) for row in [shown, *rows]) for column in range(len(shown))]
    lines = []
    for row in [shown, *rows]:
        cells = [
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
