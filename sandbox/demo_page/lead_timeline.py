"""Pure: the way of a lead in plain words, oldest step first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.demo_page.fault_injection import FLOOD_SECONDS, Incident
from sandbox.demo_page.texts import Texts
from sandbox.demo_page.visitors import Form

_TONES = {
    "unreachable": "bad",
    "failed": "bad",
    "rejected": "warm",
    "handed_off": "human",
    "scheduled": "good",
    "booked": "good",
}
_BACK = "_back"


@dataclass(frozen=True)
class Step:
    """One line: when (Unix seconds), where it happened, what happened; `detail` holds others' words."""

    at: float
    where: str
    text: str
    tone: str = ""
    detail: str = ""


def steps(
    forms: Sequence[Form], leads: Iterable[dict[str, Any]], incidents: Iterable[Incident], texts: Texts
) -> list[Step]:
    """Return the steps of one visitor's leads, with the incidents since their first form."""
    found = [_form_step(form, texts) for form in forms]
    for lead in leads:
        found += [*_event_steps(lead, texts), *_message_steps(lead, texts)]
    found += [
        Step(
            incident.at,
            incident.what.partition("_")[0],
            texts(f"incident.{incident.what}", seconds=FLOOD_SECONDS),
            "good" if incident.what.endswith(_BACK) else "bad",
        )
        for incident in _felt(incidents, forms)
    ]
    # Stable: what happened at the same moment stays in its order.
    return sorted(found, key=lambda step: step.at)


def _felt(incidents: Iterable[Incident], forms: Sequence[Form]) -> list[Incident]:
    """Return the incidents since the first form, and those that had not ended by then."""
    begin = min((form.at for form in forms), default=float("inf"))
    under_way: dict[str, Incident] = {}
    since = []
    for incident in incidents:
        part = incident.what.partition("_")[0]
        if incident.at >= begin:
            since.append(incident)
        elif incident.what.endswith(_BACK) or part == "flood":
            under_way.pop(part, None)
        else:
            under_way[part] = incident
    return [*under_way.values(), *since]


def _form_step(form: Form, texts: Texts) -> Step:
    if form.lead is None:
        key = "form.failed" if form.status == 0 or form.status >= 500 else "form.refused"
        return Step(form.at, "site", texts(key, status=form.status), "bad", texts.reason(form.answer))
    key = "form.known" if form.status == 200 else "form.accepted"
    return Step(form.at, "site", texts(key, status=form.status, lead=form.lead))


def _event_steps(lead: dict[str, Any], texts: Texts) -> Iterator[Step]:
    for event in lead["events"]:
        status, before = event["to_status"], event["from_status"]
        if before is None:
            yield Step(_seconds(event["at"]), "api", texts("event.stored", lead=lead["id"]))
        elif status == "resolved":
            by = texts(f"event.by_{lead['resolved_via'] or 'phone'}")
            yield Step(_seconds(event["at"]), "worker", texts("event.resolved", by=by))
        elif status == "engaged" and before == "handed_off":
            yield Step(_seconds(event["at"]), "console", texts("event.given_back"))
        else:
            detail = texts.reason(event["reason"] or "") if status in {"unreachable", "failed"} else ""
            text = texts(f"event.{status}")
            yield Step(_seconds(event["at"]), _place(status), text, _TONES.get(status, ""), detail)


def _place(status: str) -> str:
    return "console" if status == "handed_off" else "worker"


def _message_steps(lead: dict[str, Any], texts: Texts) -> Iterator[Step]:
    for message in lead["messages"]:
        at = _seconds(message["created_at"])
        if message["direction"] == "in":
            key = "message.request" if message["kind"] == "request" else "message.heard"
            yield Step(at, "telegram", texts(key))
            if message["intent"]:
                yield Step(at, "model", texts(f"intent.{message['intent']}"))
            continue
        if message["model_calls"]:
            yield Step(at, "model", texts(f"written.{_written(message['kind'])}"))
        if message["state"] == "sent" and message["sent_at"]:
            who = "human" if message["kind"] == "human" else "assistant"
            yield Step(_seconds(message["sent_at"]), "telegram", texts(f"message.sent_{who}"), "out")
        elif message["state"] == "failed":
            yield Step(at, "telegram", texts("message.failed"), "bad", texts.reason(message["error"] or ""))
        elif message["state"] == "draft":
            yield Step(at, "console", texts("message.draft"), "warm")


def _written(kind: str) -> str:
    return kind if kind in {"greeting", "link"} else "answer"


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
