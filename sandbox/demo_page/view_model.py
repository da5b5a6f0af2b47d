"""What the page shows of one visitor at one moment, as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sandbox.demo_page import counts
from sandbox.demo_page.counts import Counts
from sandbox.demo_page.forms import pretty_phone
from sandbox.demo_page.lead_timeline import steps
from sandbox.demo_page.state_poller import Stage
from sandbox.demo_page.texts import Texts
from sandbox.demo_page.visitors import Form, Visitor, now
from sandbox.fake_telegram.state.mailbox import Chat, Message
from sandbox.fake_telegram.state.people import Account

# Telegram shows "typing" for so long after each call.
TYPING_SECONDS = 6.0
_CALLS_LOOKED_AT = 400


def scene(stage: Stage, visitor: Visitor, texts: Texts) -> dict[str, Any]:
    """Return everything that changes on the page."""
    chats = [chat for _, chat in stage.visitors.chats(visitor)]
    leads = [visitor.record.leads[one] for one in visitor.lead_ids if one in visitor.record.leads]
    troubles = stage.troubles.current()
    return {
        "phone": _phone(stage, visitor, chats, texts),
        "lead": _lead(leads, texts),
        "reminder": next_reminder(leads) is not None,
        "way": [asdict(step) for step in steps(visitor.forms, leads, stage.troubles.incidents, texts)],
        "form": _form(visitor.forms[-1], texts) if visitor.forms else None,
        "parts": {
            "api": "up" if stage.product.is_up else "down",
            "worker": "down" if "worker" in troubles else "up",
            "telegram": _state_of_telegram(troubles),
            "model": "down" if "model" in troubles else "up",
        },
        "troubles": troubles,
        "counts": asdict(total(stage)),
        "first_message": _first_message(visitor, leads),
    }


def _state_of_telegram(troubles: Sequence[str]) -> str:
    if "telegram" in troubles:
        return "down"
    return "pause" if "flood" in troubles else "up"


def total(stage: Stage) -> Counts:
    """Return the figures of all visitors."""
    found = Counts()
    for visitor in stage.visitors:
        found += _count(stage, visitor)
    return found


def _count(stage: Stage, visitor: Visitor) -> Counts:
    accepted = [form for form in visitor.forms if form.lead is not None]
    last = max([form.at for form in visitor.forms] + [visitor.last_words_at], default=0.0)
    return counts.count(
        [chat for _, chat in stage.visitors.chats(visitor)],
        visitor.record,
        len(accepted),
        len(visitor.forms) - len(accepted),
        visitor.lead_ids,
        stage.quiet_since(last),
    )


def _phone(stage: Stage, visitor: Visitor, chats: list[Chat], texts: Texts) -> dict[str, Any]:
    person = stage.visitors.person(visitor)
    messages = sorted((one for chat in chats for one in chat.messages), key=lambda one: one.id)
    read_by_us = max((chat.read_inbox for chat in chats), default=0)
    read_by_person = max((chat.read_outbox for chat in chats), default=0)
    unread = sum(one.out and one.id > read_by_person for one in messages)
    return {
        "name": f"{person.name} {person.last_name}".strip(),
        "contact": f"{pretty_phone(person.phone or '')} · @{person.username}",
        "company": _shown_name(next((one for one, _ in stage.visitors.chats(visitor)), stage.account), texts),
        "blocked": person.privacy.blocked_us,
        "can_write": bool(messages) and not person.privacy.blocked_us,
        "unread": unread,
        "typing": _is_typing(stage, visitor, messages),
        "messages": [_message(one, read_by_us, read_by_person, texts) for one in messages],
    }


def _shown_name(account: Account, texts: Texts) -> str:
    """Return the name of our account; its Russian name tells readers of English little."""
    return account.name if texts.language == "ru" or not account.username else f"@{account.username}"


def _message(message: Message, read_by_us: int, read_by_person: int, texts: Texts) -> dict[str, Any]:
    return {
        "id": message.id,
        "mine": not message.out,
        "text": message.spoken or message.text,
        "voice": message.media == "voice",
        "other": "" if message.media in (None, "voice") else texts("phone.media"),
        "at": message.date,
        "read": message.id <= (read_by_person if message.out else read_by_us),
    }


def _is_typing(stage: Stage, visitor: Visitor, messages: list[Message]) -> bool:
    """Return True if the account has said that it types, and has sent nothing since."""
    last_sent = max((one.date for one in messages if one.out), default=0)
    calls = list(stage.telegram.calls.log)[-_CALLS_LOOKED_AT:]
    typed_at = max(
        (
            call.at
            for call in calls
            if call.method == "messages.SetTyping"
            and call.person == visitor.person_id
            and "Cancel" not in "".join(call.args.values())
        ),
        default=0.0,
    )
    return typed_at > max(last_sent + 1, now() - TYPING_SECONDS)


def _lead(leads: list[dict[str, Any]], texts: Texts) -> dict[str, Any] | None:
    if not leads:
        return None
    lead = next((one for one in reversed(leads) if one["messages"]), leads[-1])
    return {"id": lead["id"], "status": lead["status"], "words": texts(f"status.{lead['status']}")}


def next_reminder(leads: Iterable[dict[str, Any]]) -> tuple[int, int] | None:
    """Return the lead and the number of the next reminder that is planned; None without one."""
    planned = (one | {"lead": lead["id"]} for lead in leads for one in lead.get("planned", ()))
    waits = [one for one in planned if one["kind"].startswith("reminder") and one["state"] == "planned"]
    found = min(waits, key=lambda one: str(one["send_at"]), default=None)
    return (found["lead"], found["id"]) if found is not None else None


def _form(form: Form, texts: Texts) -> dict[str, Any]:
    """Return the request of the last form and what the api answered, in plain words."""
    if form.lead is None:
        key = "answer.failed" if form.status == 0 or form.status >= 500 else "answer.refused"
    else:
        key = "answer.known" if form.status == 200 else "answer.stored"
    return {
        "at": form.at,
        "request": form.request,
        "status": form.status,
        "ok": form.lead is not None,
        "words": texts(key, lead=form.lead, status=form.status),
        "detail": texts.reason(form.answer),
    }


def _first_message(visitor: Visitor, leads: list[dict[str, Any]]) -> float | None:
    """Return the seconds between the first accepted form and our first message."""
    form = next((one.at for one in visitor.forms if one.lead is not None), None)
    sent = [
        datetime.fromisoformat(message["sent_at"]).timestamp()
        for lead in leads
        for message in lead["messages"]
        if message["direction"] == "out" and message["sent_at"]
    ]
    return round(max(0.0, min(sent) - form), 1) if form is not None and sent else None
