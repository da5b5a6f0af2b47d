"""The tables of bookings, of the connections to schedulers, and of the messages that are planned."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Column, Field, SQLModel

from shared.database.columns import (
    NEVER_REUSE_IDS,
    Json,
    integer,
    key_text,
    moment,
    number,
    one_of,
    partial_index,
    reference,
    row_id,
    text_field,
)

BOOKING_STATES: Final = ("booked", "moved", "cancelled", "no_show")
PLANNED_STATES: Final = ("planned", "queued", "done", "cancelled")
PLANNED_KINDS: Final = (
    "requested",
    "follow_up",
    "close",
    "confirmation",
    "reminder_day",
    "reminder_hour",
    "cancellation",
    "no_show",
)


class Booking(SQLModel, table=True):
    """A meeting in a calendar, as the scheduler names it; without a lead it is not matched yet.

    `moved`: another booking has taken its place. Its events tell how it came to its state.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint(one_of("state", BOOKING_STATES), name="state"),
        UniqueConstraint("source", "external_id"),
        Index("ix_bookings_lead_id", "lead_id"),
        partial_index("ix_bookings_unmatched", "id", where="lead_id IS NULL"),
        partial_index("ix_bookings_moved_from", "source", "moved_from", where="moved_from IS NOT NULL"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    lead_id: int | None = reference("leads.id", nullable=True)
    # calendly, calcom, human, or the name that a generic call gives.
    source: str = text_field(nullable=False)
    # The scheduler's own name of it: Calendly's URI of the invitee, Cal.com's uid.
    external_id: str = text_field(nullable=False)
    state: str = text_field(nullable=False, default="booked")
    start_at: datetime | None = moment(nullable=True)
    end_at: datetime | None = moment(nullable=True)
    # The person's time zone, as they chose it on the booking page.
    timezone: str | None = text_field()
    # The meeting's link.
    url: str | None = text_field()
    reschedule_url: str | None = text_field()
    cancel_url: str | None = text_field()
    # The lead's token that came back with the call.
    token: str | None = text_field()
    name: str | None = text_field()
    email: str | None = text_field()
    phone: str | None = text_field()
    moved_from: str | None = text_field()
    moved_to: str | None = text_field()
    # `person` or `host`; NULL: unknown.
    cancelled_by: str | None = text_field()
    reason: str | None = text_field()
    # When the scheduler says that the last no-show was reported or taken back.
    no_show_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)


class BookingEvent(SQLModel, table=True):
    """What happened with a booking; `key` names the event, so that a repeat of it changes nothing."""

    __tablename__ = "booking_events"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_booking_events_booking_id_id", "booking_id", "id"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    booking_id: int = reference("bookings.id")
    key: str = text_field(nullable=False)
    kind: str = text_field(nullable=False)
    actor: str = text_field(nullable=False)
    at: datetime = moment()
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}")
    )
    stored_at: datetime = moment(default_now=True)


class PlannedMessage(SQLModel, table=True):
    """A message that is written without being answered to: its time, and what becomes of it.

    `close` sends nothing: it ends the follow-ups. `leads.follow_up_at` is the time of the lead's next one.
    """

    __tablename__ = "planned_messages"
    __table_args__ = (
        CheckConstraint(one_of("kind", PLANNED_KINDS), name="kind"),
        CheckConstraint(one_of("state", PLANNED_STATES), name="state"),
        UniqueConstraint("key"),
        Index("ix_planned_messages_lead_id_id", "lead_id", "id"),
        partial_index("ix_planned_messages_booking_id", "booking_id", where="booking_id IS NOT NULL"),
        partial_index("ix_planned_messages_planned", "lead_id", "send_at", where="state = 'planned'"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    lead_id: int = reference("leads.id")
    booking_id: int | None = reference("bookings.id", nullable=True)
    kind: str = text_field(nullable=False)
    # What it is for: unique, so that it is planned only once.
    key: str = text_field(nullable=False)
    state: str = text_field(nullable=False, default="planned")
    send_at: datetime = moment()
    # After this moment it is not sent any more.
    expires_at: datetime | None = moment(nullable=True)
    # Of follow-ups: the number of the step, the text that is sent without the model, and the lead's newest
    # message at that time: a newer one of the person ends the follow-ups. `step` of a confirmation: how often
    # its booking has got another time.
    step: int | None = integer()
    text: str | None = text_field()
    after_message_id: int | None = number()
    # Why it was cancelled, and by whom.
    reason: str | None = text_field()
    actor: str | None = text_field()
    created_at: datetime = moment(default_now=True)
    ended_at: datetime | None = moment(nullable=True)


class BookingConnection(SQLModel, table=True):
    """The webhook subscription at a scheduler. The signing key is stored before the scheduler gets it."""

    __tablename__ = "booking_connections"

    source: str = key_text()
    callback_url: str | None = text_field()
    signing_key: str | None = text_field()
    # The scheduler's names: of the subscription, of the user and of the organization.
    subscription: str | None = text_field()
    user_uri: str | None = text_field()
    organization_uri: str | None = text_field()
    # As the last look found it: active, disabled, missing; NULL: not connected.
    state: str | None = text_field()
    checked_at: datetime | None = moment(nullable=True)
    polled_at: datetime | None = moment(nullable=True)
    error: str | None = text_field()
    updated_at: datetime = moment(default_now=True)
