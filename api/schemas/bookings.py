"""Models of bookings and planned messages, in requests and responses."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.bookings import changes


def _usable_url(value: object) -> object:
    if changes.url(value) is None:
        raise ValueError("must be a web address")
    return value


def _is_text(value: object) -> object:
    # Pydantic reads a number as seconds since 1970; the description promises a date-time text.
    if not isinstance(value, str | datetime):
        raise ValueError("must be a date and a time with its zone, such as 2026-11-27T15:00:00+03:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_is_text)]
WebAddress = Annotated[str, BeforeValidator(_usable_url), Field(max_length=500)]


class BookingOut(BaseModel):
    """A meeting in a calendar."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    lead_id: int | None = Field(description="null: it matches no lead yet.")
    source: str = Field(description="`calendly`, `calcom`, `human`, or that of a generic call.")
    external_id: str
    state: str = Field(description="`booked`, `moved`, `cancelled` or `no_show`.")
    start_at: datetime | None
    end_at: datetime | None
    timezone: str | None = Field(description="The person's time zone, as they chose it.")
    url: str | None = Field(description="The meeting's link.")
    name: str | None
    email: str | None
    phone: str | None
    cancelled_by: str | None = Field(description="`person` or `host`.")
    reason: str | None
    created_at: datetime
    updated_at: datetime


class BookingEventOut(BaseModel):
    """What happened with a booking."""

    model_config = ConfigDict(from_attributes=True)

    booking_id: int
    kind: str
    actor: str
    at: datetime
    details: dict[str, Any]


class PlannedOut(BaseModel):
    """A message that is written without being answered to, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str = Field(
        description="`requested`, `follow_up`, `close` (the end of the follow-ups, nothing is sent),"
        " `confirmation`, `reminder_day`, `reminder_hour`, `cancellation` or `no_show`."
    )
    state: str = Field(description="`planned`, `queued`, `done` or `cancelled`.")
    send_at: datetime
    step: int | None
    booking_id: int | None
    reason: str | None = Field(description="Why it was cancelled.")


class PlannedIn(BaseModel):
    """Another time for a planned message."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"send_at": "2026-11-27T15:00:00+03:00"}]}
    )

    send_at: Moment = Field(description="With its time zone; a time that has passed: at once.")


class PlansOut(BaseModel):
    """What is planned for a lead, and its bookings with their history, oldest first."""

    planned: list[PlannedOut]
    bookings: list[BookingOut]
    booking_events: list[BookingEventOut]


class BookingCallOut(BaseModel):
    """What became of a call about a booking."""

    outcome: str = Field(description="`stored`, `duplicate`, or `probe` for an event that is not used.")
    booking_id: int | None
    lead_id: int | None = Field(description="null: no lead was matched, and the owner is told.")
    error: str | None


class BookingIn(BaseModel):
    """A meeting that a human has agreed on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"start": "2026-11-27T15:00:00+03:00", "url": "https://zoom.us/j/1"}]
        },
    )

    start: Moment | None = Field(description="With its time zone; null cancels the meeting.")
    end: Moment | None = Field(None, description="With its time zone, and after `start`.")
    url: WebAddress | None = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class TieIn(BaseModel):
    """The lead to which a booking belongs."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"lead_id": 1}]})

    lead_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
