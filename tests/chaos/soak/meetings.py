"""The meetings of the soak test: booked with the link's token, reported twice, and reminded of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo.booking import connect, noon_zone, scheduler_settings
from tests.support.running_product import RunningProduct, token_of_link

IN = timedelta(days=3)


class Meetings:
    """What happens in the calendar of one run: `go_on` does for each lead what comes next."""

    def __init__(self, product: RunningProduct) -> None:
        self._product = product
        self._booked: set[int] = set()
        self._reminded: set[int] = set()

    def connect(self) -> None:
        """Connect the webhook; each call of it is made twice."""
        product = self._product
        settings = scheduler_settings(product.facts) | {"DATABASE_URL": product.database_url}
        connect(settings | {"PUBLIC_URL": str(product.api.base_url)})
        product.control.post("/control/calendly/faults", json={"twice": True}).raise_for_status()

    def go_on(self, people: Mapping[int, Mapping[str, Any]]) -> None:
        """Book for those who have the link, and bring the reminders of the others forward."""
        for lead, person in people.items():
            if lead not in self._booked:
                self._book(lead, person)
            elif lead not in self._reminded:
                self._remind(lead)

    def has_ended(self, lead: int, status: str) -> bool:
        """Return True if nothing more happens in the calendar of a lead."""
        return status != "booked" or (lead in self._reminded and not self._waiting(lead))

    def _book(self, lead: int, person: Mapping[str, Any]) -> None:
        texts = self._product.received(person)
        token = next((found for text in texts if (found := token_of_link(text)) is not None), None)
        if token is None or self._product.get_lead(lead)["status"] != "scheduled":
            return
        body = {"start": (datetime.now(UTC) + IN).isoformat(), "timezone": noon_zone()}
        body |= {"tracking": {"utm_content": token}, "email": f"lead{lead}@example.com"}
        self._product.control.post("/control/calendly/bookings", json=body).raise_for_status()
        self._booked.add(lead)

    def _remind(self, lead: int) -> None:
        kinds = {one["kind"]: one for one in self._waiting(lead)}
        # The confirmation comes first, as in life.
        if "reminder_day" in kinds and "confirmation" not in kinds:
            path = f"/leads/{lead}/planned/{kinds['reminder_day']['id']}"
            moved = self._product.api.patch(path, json={"send_at": datetime.now(UTC).isoformat()})
            moved.raise_for_status()
            self._reminded.add(lead)

    def _waiting(self, lead: int) -> list[dict[str, Any]]:
        planned = self._product.get_lead(lead)["planned"]
        waits = [one for one in planned if one["state"] in ("planned", "queued")]
        return [one for one in waits if one["kind"] != "reminder_hour"]
