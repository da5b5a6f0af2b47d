"""From the link to the meeting: booked on the page, confirmed, moved, reminded, missed, cancelled."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.calcom.mount import API as CALCOM_API
from sandbox.calcom.state import TOKEN as CALCOM_TOKEN
from sandbox.demo.booking import connect, noon_zone, scheduler_settings
from tests.support.running_product import RunningProduct, token_of_link
from tests.support.waiting import until

ENGLISH = {"OWNER_LANGUAGE": "en"}


def connect_scheduler(product: RunningProduct) -> str:
    settings = scheduler_settings(product.facts) | {"DATABASE_URL": product.database_url} | ENGLISH
    return connect(settings | {"PUBLIC_URL": str(product.api.base_url)})


def connect_calcom(product: RunningProduct) -> str:
    settings = {"CALCOM_TOKEN": CALCOM_TOKEN, "CALCOM_API": f"{product.facts['http']}{CALCOM_API}"}
    settings |= {"DATABASE_URL": product.database_url, "PUBLIC_URL": str(product.api.base_url)} | ENGLISH
    return connect(settings, "calcom")


def hasten(product: RunningProduct, lead: int, kind: str) -> None:
    """Make a planned message due now: the test does not wait for days."""
    now = "(SELECT created_at FROM leads WHERE leads.id = lead_id)"
    product.execute(f"UPDATE planned_messages SET send_at = {now} WHERE lead_id = {lead} AND kind = '{kind}'")
    product.execute(f"UPDATE leads SET due_at = created_at, follow_up_at = created_at WHERE id = {lead}")


@pytest.fixture
def person_with_link(product: RunningProduct) -> tuple[dict, int, str]:
    """A person who has got a link of their own; returns them, their lead and the token of the link."""
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}")["id"]
    product.wait_for_status(lead, "contacted")
    product.say(person, "Давайте созвонимся")
    product.wait_for_status(lead, "scheduled")
    text = product.received(person)[1]
    token = token_of_link(text)
    assert token is not None, text
    return person, lead, token


def test_from_the_link_to_the_meeting(
    product: RunningProduct, person_with_link: tuple[dict, int, str]
) -> None:
    person, lead, token = person_with_link
    assert connect_scheduler(product).startswith("connected: ")
    assert connect_scheduler(product).startswith("connected already: ")

    def control(path: str, **body: object) -> dict:
        answer = product.control.post(f"/control/calendly{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def wait_for(count: int, what: str) -> str:
        until(lambda: len(product.received(person)) >= count, what)
        assert len(product.received(person)) == count
        return product.received(person)[-1]

    start = datetime.now(UTC) + timedelta(days=3)
    control("/faults", twice=True)
    booked = control(
        "/bookings", start=start.isoformat(), timezone=noon_zone(), tracking={"utm_content": token}
    )
    assert wait_for(3, "the confirmation").startswith("Вы записаны на звонок: ")
    product.wait_for_status(lead, "booked")
    # A word of the person is answered, and the reminders stay.
    product.say(person, "А вы делаете мобильные приложения?")
    wait_for(4, "the answer")
    control("/faults", twice=True, reversed=True)
    moved = control("/bookings", start=(start + timedelta(days=1)).isoformat(), moves=booked["number"])
    assert wait_for(5, "the new time").startswith("Перенесли, новое время: ")
    hasten(product, lead, "reminder_day")
    assert "Напоминаем о звонке" in wait_for(6, "the reminder")
    control(f"/bookings/{moved['number']}", action="no_show")
    until(lambda: "no_show" in {one["kind"] for one in product.get_lead(lead)["planned"]}, "the no-show")
    hasten(product, lead, "no_show")
    assert "не получилось" in wait_for(7, "the message after the no-show")
    control(f"/bookings/{moved['number']}", action="cancel")
    assert token in wait_for(8, "the answer to the cancel")
    shown = product.wait_for_status(lead, "scheduled")
    assert [one["state"] for one in shown["bookings"]].count("cancelled") == 1
    assert shown["meeting_at"] is None
    states = {(one["kind"], one["state"]) for one in shown["planned"]}
    assert ("reminder_hour", "cancelled") in states
    assert not {state for _, state in states} & {"planned", "queued"}
    control("/faults")
    # The same person books again, at another scheduler.
    assert connect_calcom(product).startswith("connected: Cal.com calls ")
    again = {"start": start.isoformat(), "timezone": noon_zone(), "metadata": {"lead": token}}
    product.control.post("/control/calcom/bookings", json=again).raise_for_status()
    assert wait_for(9, "the confirmation").startswith("Вы записаны на звонок: ")
    product.wait_for_status(lead, "booked")
