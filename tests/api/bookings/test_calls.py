"""Calls of schedulers over HTTP: kept as they came, signed or refused, known the second time."""

import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from shared.database.engine import Database
from shared.database.models import Booking, BookingConnection, Lead
from shared.statuses import LeadStatus
from tests.api.conftest import add_contacted_lead, running
from tests.shared.bookings.conftest import START, call, invitee
from worker.follow_ups.planned import not_own_acts

KEY, SECRET = "calendly-key", "calcom-secret"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(database_url, calcom_secret=SECRET, bookings_token="make") as client:
        yield client


@pytest.fixture
async def lead_id(database: Database) -> int:
    lead_id = await add_contacted_lead(database)
    async with database.writing() as session:
        lead = await session.get_one(Lead, lead_id)
        lead.booking_token, lead.status = "own", LeadStatus.SCHEDULED
        session.add(lead)
        session.add(BookingConnection(source="calendly", signing_key=KEY))
    return lead_id


def calendly_headers(body: bytes, key: str = KEY) -> dict[str, str]:
    stamp = str(int(datetime.now(UTC).timestamp()))
    digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    return {"Calendly-Webhook-Signature": f"t={stamp},v1={digest}", "Content-Type": "application/json"}


async def send(api: httpx2.AsyncClient, what: dict[str, Any] | bytes, key: str = KEY) -> httpx2.Response:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    return await api.post("/bookings/calendly", content=body, headers=calendly_headers(body, key))


async def test_calendlys_calls(api: httpx2.AsyncClient, lead_id: int) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    booked = invitee(1, "own")
    booked["scheduled_event"] |= {"start_time": start.isoformat(), "end_time": None}
    first = await send(api, call("invitee.created", booked, datetime.now(UTC)))
    assert (first.status_code, first.json()["outcome"], first.json()["lead_id"]) == (200, "stored", lead_id)
    again = await send(api, call("invitee.created", booked, datetime.now(UTC)))
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate")
    unknown = await send(api, {"event": "routing_form_submission.created", "payload": {}})
    assert (unknown.status_code, unknown.json()["outcome"]) == (200, "probe")
    # Signed, but of no use: an error would make Calendly repeat it and disable the subscription.
    for body in (b"", b"[]", b"{", json.dumps({"event": "invitee.created", "payload": {}}).encode()):
        assert (await send(api, body)).status_code == 200
    assert (await send(api, call("invitee.canceled", booked), key="forged")).status_code == 401
    assert (await api.post("/bookings/calendly", json=call("invitee.canceled", booked))).status_code == 401
    lead = (await api.get(f"/leads/{lead_id}")).json()
    assert (lead["status"], datetime.fromisoformat(lead["meeting_at"])) == ("booked", start)
    assert [one["kind"] for one in lead["planned"]] == ["confirmation", "reminder_day", "reminder_hour"]
    assert [one["state"] for one in lead["bookings"]] == ["booked"]
    assert [one["kind"] for one in lead["booking_events"]] == ["created"]
    kept = (await api.get("/deliveries")).json()["items"]
    assert {one["source"] for one in kept} == {"bookings/calendly"}
    assert [one["outcome"] for one in kept] == [*["refused"] * 4, "probe", "duplicate", "stored"]
    assert kept[-1]["lead_id"] == lead_id
    # It is no form: it cannot be processed again as one, and its reason stays.
    assert (await api.post(f"/deliveries/{kept[0]['id']}/replay")).status_code == 409
    assert (await api.get("/deliveries")).json()["items"] == kept
    # A planned message is moved by hand, and cancelled once.
    day = next(one["id"] for one in lead["planned"] if one["kind"] == "reminder_day")
    for number, status in ((day, 200), (10**6, 404)):
        path, body = f"/leads/{lead_id}/planned/{number}", {"send_at": "2020-01-01T00:00:00Z"}
        moved = await api.patch(path, json=body)
        assert moved.status_code == status
    lead_now = (await api.get(f"/leads/{lead_id}")).json()
    assert lead_now["follow_up_at"].startswith("2020-01-01T00:00:00")
    assert (await api.delete(f"/leads/{lead_id}/planned/{day}")).status_code == 200
    assert (await api.delete(f"/leads/{lead_id}/planned/{day}")).status_code == 404


async def send_to_calcom(
    api: httpx2.AsyncClient, trigger: str, payload: dict[str, Any], secret: str = SECRET
) -> httpx2.Response:
    event = {"triggerEvent": trigger, "createdAt": datetime.now(UTC).isoformat(), "payload": payload}
    body = json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return await api.post("/bookings/calcom", content=body, headers={"X-Cal-Signature-256": signature})


async def test_cal_coms_calls(api: httpx2.AsyncClient, lead_id: int) -> None:
    payload = {
        "uid": "uid-1",
        "startTime": START.isoformat(),
        "endTime": (START + timedelta(minutes=30)).isoformat(),
        "attendees": [{"email": "anna@example.com", "name": "Анна", "timeZone": "Europe/Moscow"}],
        "metadata": {"lead": "own", "videoCallUrl": "https://cal.video/1"},
    }

    send_calcom = partial(send_to_calcom, api)
    assert (await send_calcom("BOOKING_CREATED", payload)).json()["lead_id"] == lead_id
    # The metadata has gone missing, as it does.
    moved = payload | {"uid": "uid-2", "rescheduleUid": "uid-1", "metadata": {}}
    assert (await send_calcom("BOOKING_RESCHEDULED", moved)).json()["lead_id"] == lead_id
    absent = {"bookingUid": "uid-2", "attendees": [{"email": "anna@example.com", "noShow": True}]}
    assert (await send_calcom("BOOKING_NO_SHOW_UPDATED", absent)).json()["outcome"] == "stored"
    # A booking with several seats is moved under its own uid, there and back.
    seats = payload | {"uid": "uid-3"}
    assert (await send_calcom("BOOKING_CREATED", seats)).json()["outcome"] == "stored"
    for days in (1, 0, 1):
        times = {"startTime": (START + timedelta(days=days)).isoformat(), "endTime": None}
        assert (await send_calcom("BOOKING_RESCHEDULED", seats | times)).json()["outcome"] == "stored"
    lead = (await api.get(f"/leads/{lead_id}")).json()
    (third,) = [one for one in lead["bookings"] if one["external_id"] == "uid-3"]
    assert datetime.fromisoformat(third["start_at"]) == START + timedelta(days=1)
    assert (await send_calcom("BOOKING_CANCELLED", seats)).json()["outcome"] == "stored"
    assert (await send_calcom("MEETING_STARTED", payload)).json()["outcome"] == "probe"
    assert (await send_calcom("BOOKING_CANCELLED", payload, "wrong")).status_code == 401
    unsigned = {"X-Cal-Signature-256": "no-secret-provided"}
    assert (await api.post("/bookings/calcom", json={}, headers=unsigned)).status_code == 401
    lead = (await api.get(f"/leads/{lead_id}")).json()
    assert {one["external_id"]: one["state"] for one in lead["bookings"]} == {
        "uid-1": "moved",
        "uid-2": "no_show",
        "uid-3": "cancelled",
    }


async def test_each_person_of_a_cal_com_booking_has_their_own(
    api: httpx2.AsyncClient, database: Database, lead_id: int
) -> None:
    async with database.writing() as session:
        first = await session.get_one(Lead, lead_id)
        person = {"account_id": first.account_id, "telegram_user_id": 2**41 + 1, "access_hash": 5}
        fields = {"status": LeadStatus.SCHEDULED, "booking_token": "second", "extra": {"Email": "vera@x.org"}}
        second = Lead(name="Вера", username="vera_k", source="api", **person, **fields)
        session.add(second)
    anna, vera, guest = ({"email": one} for one in ("anna@x.org", "Vera@x.org", "guest@x.org"))

    async def send_calcom(trigger: str, people: list[dict[str, Any]], **payload: Any) -> dict[str, Any]:  # noqa: ANN401
        usual = {"uid": "uid-1", "startTime": START.isoformat(), "attendees": people}
        return dict((await send_to_calcom(api, f"BOOKING_{trigger}", usual | payload)).json())

    async def booking_of(lead: int) -> tuple[str, str, datetime]:
        shown = (await api.get(f"/leads/{lead}")).json()
        (one,) = shown["bookings"]
        return shown["status"], one["state"], datetime.fromisoformat(one["start_at"])

    def answers(one: dict[str, Any], token: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"responses": {"email": {"value": one["email"]}} | more, "metadata": {"lead": token}}

    # The guest is no lead: there is nothing to keep. The second person takes a seat, and all are told of.
    with_guest = answers(anna, "own", guests={"value": [guest["email"]]})
    assert (await send_calcom("CREATED", [anna, guest], **with_guest))["lead_id"] == lead_id
    seat = answers(vera, "second") | {"attendeeSeatId": "seat-2"}
    for outcome in ("stored", "duplicate"):
        assert (await send_calcom("CREATED", [anna, vera], **seat))["outcome"] == outcome
    assert await booking_of(lead_id) == await booking_of(second.id) == ("booked", "booked", START)
    absent = {"attendees": [{**vera, "noShow": True}, {**guest, "noShow": True}], "bookingUid": "uid-1"}
    assert (await send_calcom("NO_SHOW_UPDATED", [], **absent))["lead_id"] == second.id
    assert [(await booking_of(lead))[1] for lead in (lead_id, second.id)] == ["booked", "no_show"]
    # The first person gives their seat back; the second one is the first then, and is moved.
    await send_calcom("CANCELLED", [anna])
    later = START + timedelta(days=1)
    await send_calcom("RESCHEDULED", [vera], startTime=later.isoformat())
    assert await booking_of(lead_id) == ("scheduled", "cancelled", START)
    assert await booking_of(second.id) == ("booked", "booked", later)
    # All move to another booking: each from their own one. A guest who is a lead has a meeting, too.
    moved = answers(anna, "own", guests={"value": ["vera@x.org"]}) | {"rescheduleUid": "uid-1"}
    await send_calcom("RESCHEDULED", [anna, vera], uid="uid-2", rescheduledBy="Anna@x.org", **moved)
    rows = (await api.get(f"/leads/{second.id}")).json()["bookings"]
    assert {one["external_id"]: one["state"] for one in rows} == {
        "uid-1/vera@x.org": "moved",
        "uid-2/vera@x.org": "booked",
    }
    assert (await api.get("/bookings", params={"unmatched": True})).json() == []
    async with database.reading() as session:
        found = {one.id: one for one in (await session.exec(select(Booking))).all()}
    # It is certain of the first person alone that the move was their own act.
    waiting = {found[one].external_id for one in not_own_acts(list(found.values()))}
    assert waiting == {"uid-2/vera@x.org"}


async def test_a_repeat_of_a_move_does_not_move_the_meeting_back(
    api: httpx2.AsyncClient, lead_id: int
) -> None:
    token = {"Authorization": "Bearer make"}
    days = [datetime.now(UTC).replace(microsecond=0) + timedelta(days=day) for day in (3, 4, 5)]

    async def report(kind: str, start: datetime, minute: int) -> str:
        data = {"external_id": "9", "start": start.isoformat(), "token": "own"}
        envelope = {"type": f"booking.{kind}", "timestamp": f"2026-11-20T12:{minute:02}:00Z", "data": data}
        return str((await api.post("/bookings", json=envelope, headers=token)).json()["outcome"])

    calls = [("created", 0), ("rescheduled", 1), ("rescheduled", 2), ("rescheduled", 1)]
    outcomes = [await report(kind, days[day], minute) for minute, (kind, day) in enumerate(calls)]
    assert outcomes == ["stored", "stored", "stored", "duplicate"]
    lead = (await api.get(f"/leads/{lead_id}")).json()
    assert datetime.fromisoformat(lead["meeting_at"]) == days[2]


async def test_calls_of_others_and_of_humans(api: httpx2.AsyncClient, lead_id: int) -> None:
    token = {"Authorization": "Bearer make"}
    booked = {"action": "created", "external_id": "7", "start": START.isoformat(), "contact": "@nobody_known"}
    unmatched = await api.post("/bookings", json=booked, headers=token)
    assert (unmatched.status_code, unmatched.json()["lead_id"]) == (200, None)
    assert (await api.post("/bookings", json=booked)).status_code == 401
    assert (await api.post("/bookings", json={"action": "created"}, headers=token)).status_code == 422
    assert (await api.post("/bookings", json={"action": "rated", "x": 1}, headers=token)).json()[
        "outcome"
    ] == "probe"
    (waiting,) = (await api.get("/bookings", params={"unmatched": True})).json()
    tied = await api.post(f"/bookings/{waiting['id']}/lead", json={"lead_id": lead_id})
    assert (tied.status_code, tied.json()["lead_id"]) == (200, lead_id)
    assert (await api.post(f"/bookings/{waiting['id']}/lead", json={"lead_id": 10**9})).status_code == 409
    assert (await api.post(f"/bookings/{10**9}/lead", json={"lead_id": lead_id})).status_code == 404
    cancelled = booked | {"action": "cancelled", "cancelled_by": "host"}
    await api.post("/bookings", json=cancelled, headers=token)
    assert (await api.get(f"/leads/{lead_id}")).json()["status"] == "scheduled"
    # "Booked at 15:00 on Friday", moved, and called off.
    for start, status in ((START, "booked"), (START + timedelta(days=1), "booked"), (None, "scheduled")):
        when = start and start.isoformat()
        lead = (await api.post(f"/leads/{lead_id}/booking", json={"start": when})).json()
        assert (lead["status"], lead["meeting_at"] and datetime.fromisoformat(lead["meeting_at"])) == (
            status,
            start,
        )
    link = {"start": START.isoformat(), "url": None}
    assert (await api.post(f"/leads/{lead_id}/booking", json=link)).status_code == 200
    for wrong in ({"start": "2026-11-27T15:00"}, {"start": 0}, link | {"end": link["start"]}, {"url": "x"}):
        assert (await api.post(f"/leads/{lead_id}/booking", json=wrong)).status_code == 422, wrong
    assert (await api.post(f"/leads/{10**9}/booking", json={"start": None})).status_code == 404
