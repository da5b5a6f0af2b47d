"""Pure: the summary of a conversation for the human who takes it over."""

from collections.abc import Sequence

from shared.database.models import Lead, Message
from shared.leads.contact_evidence import is_unconfirmed
from shared.leads.form_fields import person_fields

_MAX_LINES = 12
_MAX_LINE_LENGTH = 300


def summarize(lead: Lead, messages: Sequence[Message], reason: str) -> str:
    """Return lines of text: name and contacts, form fields, reason of the handoff, last messages."""
    contacts = [f"@{lead.username}" if lead.username else "", lead.phone_e164 or lead.phone or ""]
    lines = [", ".join(filter(None, [lead.name, *contacts]))]
    lines += [f"{key}: {_one_line(value)}" for key, value in person_fields(lead.extra).items()]
    if is_unconfirmed(lead, messages):
        lines.append(
            "Not confirmed: weak evidence led to this person, who was told nothing about the request"
        )
    lines.append(f"Why: {reason}")
    exchanged = [message for message in messages if message.state in {"received", "handled", "sent"}]
    transcript = [_format(message) for message in exchanged]
    if len(transcript) > _MAX_LINES:
        lines.append(f"… {len(transcript) - _MAX_LINES} earlier")
    return "\n".join([*lines, *transcript[-_MAX_LINES:]])


def _format(message: Message) -> str:
    return f"{'<' if message.direction == 'in' else '>'} {_one_line(message.text)}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LINE_LENGTH else line[: _MAX_LINE_LENGTH - 1] + "…"
