"""Pure: what a human needs to know of a conversation that is theirs from now on."""

from collections.abc import Sequence

from shared.database.models import Lead, Message
from shared.leads.form_fields import person_fields

_MOST_LINES = 12
_LONGEST_LINE = 300


def digest(lead: Lead, messages: Sequence[Message], why: str) -> str:
    """Who it is, what they want, why the assistant is silent, and what was said last; lines of text."""
    contacts = [f"@{lead.username}" if lead.username else "", lead.phone_e164 or lead.phone or ""]
    lines = [", ".join(filter(None, [lead.name, *contacts]))]
    lines += [f"{key}: {_one_line(value)}" for key, value in person_fields(lead.extra).items()]
    lines.append(f"Why: {why}")
    said = [_said(message) for message in messages if message.state in {"received", "handled", "sent"}]
    if len(said) > _MOST_LINES:
        lines.append(f"… {len(said) - _MOST_LINES} earlier")
    return "\n".join([*lines, *said[-_MOST_LINES:]])


def _said(message: Message) -> str:
    return f"{'<' if message.direction == 'in' else '>'} {_one_line(message.text)}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
