"""The tables of leads, messages and events; exports all other models."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func
from sqlmodel import Column, Field, SQLModel

from shared.database.account_models import AccountCall, AccountHold, TelegramAccount, TelegramPerson
from shared.database.booking_models import Booking, BookingConnection, BookingEvent, PlannedMessage
from shared.database.columns import (
    NEVER_REUSE_IDS,
    Json,
    counter,
    enum_field,
    integer,
    moment,
    number,
    one_of,
    partial_index,
    real,
    reference,
    row_id,
    text_field,
)
from shared.database.delivery_models import RateLimit, WebhookDelivery
from shared.database.notification_models import OwnerIdentity, OwnerMessage, OwnerNotice, SendingPause
from shared.database.suppression_models import DoNotContact, DoNotContactKey
from shared.intents import Intent
from shared.statuses import OPEN, LeadStatus

__all__ = [
    "AccountCall",
    "AccountHold",
    "Booking",
    "BookingConnection",
    "BookingEvent",
    "DoNotContact",
    "DoNotContactKey",
    "Lead",
    "LeadEvent",
    "Message",
    "OwnerIdentity",
    "OwnerMessage",
    "OwnerNotice",
    "PlannedMessage",
    "RateLimit",
    "SendingPause",
    "TelegramAccount",
    "TelegramPerson",
    "WebhookDelivery",
]


class Lead(SQLModel, table=True):
    """A person who submitted a form, and the state of the conversation with them."""

    __tablename__ = "leads"
    __table_args__ = (
        CheckConstraint(one_of("status", LeadStatus), name="status"),
        CheckConstraint("phone IS NOT NULL OR username IS NOT NULL", name="contact"),
        CheckConstraint(one_of("resolved_via", ("username", "phone")), name="resolved_via"),
        partial_index(
            "uq_leads_source_source_key", "source", "source_key", unique=True, where="source_key IS NOT NULL"
        ),
        partial_index("ix_leads_due_at", "due_at", where="due_at IS NOT NULL"),
        partial_index(
            "ix_leads_running_due_at", "due_at", where="due_at IS NOT NULL AND status <> 'pending'"
        ),
        partial_index("ix_leads_leased_by", "leased_by", where="leased_by IS NOT NULL"),
        # At most one open conversation of an account with a person: a second form gets no second greeting.
        partial_index(
            "uq_leads_open_conversation",
            "account_id",
            "telegram_user_id",
            unique=True,
            where=one_of("status", tuple(sorted(OPEN))),
        ),
        # The person comes first: erasure finds them for every account.
        partial_index(
            "ix_leads_telegram_user_id_account_id",
            "telegram_user_id",
            "account_id",
            where="telegram_user_id IS NOT NULL",
        ),
        # text_pattern_ops: serves a search by the first digits (LIKE) in every locale.
        partial_index(
            "ix_leads_phone_e164",
            "phone_e164",
            where="phone_e164 IS NOT NULL",
            postgresql_ops={"phone_e164": "text_pattern_ops"},
        ),
        partial_index("ix_leads_open_question", "id", where="open_question IS NOT NULL"),
        partial_index("ix_leads_duplicate_of", "duplicate_of", where="duplicate_of IS NOT NULL"),
        partial_index(
            "uq_leads_booking_token", "booking_token", unique=True, where="booking_token IS NOT NULL"
        ),
        # The leads without a plan that may need follow-ups; those of old times are passed over.
        partial_index(
            "ix_leads_without_plan",
            "updated_at",
            where="follow_up_at IS NULL AND due_at IS NULL"
            " AND status IN ('contacted', 'engaged', 'scheduled')",
        ),
        # For the console: who was given up lately, and the leads of an account.
        partial_index("ix_leads_given_up", "updated_at", where=one_of("status", ("failed", "unreachable"))),
        partial_index("ix_leads_account_id_id", "account_id", "id", where="account_id IS NOT NULL"),
        Index("ix_leads_status_id", "status", "id"),
        Index("ix_leads_created_at", "created_at"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    name: str = text_field(nullable=False)
    phone: str | None = text_field()
    phone_e164: str | None = text_field()
    username: str | None = text_field()
    source: str = text_field(nullable=False)
    source_key: str | None = text_field()
    # A hash of the submission's content: tells a repeat from another request with the same key.
    fingerprint: str | None = text_field()
    status: LeadStatus = enum_field(LeadStatus, nullable=False, default=LeadStatus.PENDING)
    due_at: datetime | None = moment(default_now=True, nullable=True)
    leased_by: str | None = text_field()
    leased_until: datetime | None = moment(nullable=True)
    attempts: int = counter()
    # Leases that expired because the worker died or hung. `attempts` counts failed tries only.
    lost_leases: int = counter()
    last_error: str | None = text_field()
    telegram_user_id: int | None = number()
    access_hash: int | None = number()
    account_id: int | None = reference("telegram_accounts.id", nullable=True, ondelete="SET NULL")
    resolved_via: str | None = text_field()
    # Why a contact cannot be used; it is not tried again.
    username_error: str | None = text_field()
    phone_error: str | None = text_field()
    duplicate_of: int | None = reference("leads.id", nullable=True, ondelete="SET NULL")
    # The summary for the human who has the conversation, and when the assistant takes it back (NULL = never).
    handoff_summary: str | None = text_field()
    returns_at: datetime | None = moment(nullable=True)
    # The person's question that a colleague was promised to answer; NULL once a human has written.
    open_question: str | None = text_field()
    # When the next planned message is due (table planned_messages).
    follow_up_at: datetime | None = moment(nullable=True)
    # In the booking link of this lead: a booking that comes back with it is the lead's.
    booking_token: str | None = text_field()
    # The booked meeting: its beginning and its link.
    meeting_at: datetime | None = moment(nullable=True)
    meeting_url: str | None = text_field()
    extra: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}")
    )
    # How surely each contact was read from a form: {"username": {"field": …, "strength": …, "reason": …}}.
    contact_evidence: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}")
    )
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)


class Message(SQLModel, table=True):
    """One message of a conversation: this table is transcript, inbox and outbox in one."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(
            "direction = 'in' AND kind IN ('reply', 'request')"
            " AND state IN ('received', 'handled', 'deleted')"
            " OR direction = 'out' AND kind IN ('greeting', 'answer', 'clarification', 'apology', 'link',"
            " 'follow_up', 'human') AND state IN ('draft', 'queued', 'sent', 'failed', 'cancelled')",
            name="direction_kind_state",
        ),
        CheckConstraint(one_of("intent", Intent), name="intent"),
        CheckConstraint(one_of("next_status", LeadStatus), name="next_status"),
        # A draft gets its random_id on approval. A message that a human typed has a Telegram message id only.
        CheckConstraint(
            "direction = 'in' OR state IN ('cancelled', 'draft') OR random_id IS NOT NULL"
            " OR telegram_message_id IS NOT NULL",
            name="identity",
        ),
        UniqueConstraint("key"),
        UniqueConstraint("random_id"),
        UniqueConstraint("account_id", "telegram_message_id"),
        Index("ix_messages_lead_id_id", "lead_id", "id"),
        partial_index("ix_messages_outbox", "lead_id", "id", where="state = 'queued'"),
        partial_index("ix_messages_inbox", "lead_id", "id", where="state = 'received'"),
        partial_index("ix_messages_drafts", "id", where="state = 'draft'"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    lead_id: int = reference("leads.id")
    account_id: int | None = reference("telegram_accounts.id", nullable=True, ondelete="SET NULL")
    direction: str = text_field(nullable=False)
    kind: str = text_field(nullable=False)
    text: str = text_field(nullable=False)
    # The purpose of the message, such as `17:greeting:username`: unique, so that it is queued only once.
    key: str | None = text_field()
    random_id: int | None = number()
    telegram_message_id: int | None = number()
    state: str = text_field(nullable=False)
    intent: Intent | None = enum_field(Intent)
    # The lead's status once this message is sent, and the reason, if it is more than the sending.
    next_status: LeadStatus | None = enum_field(LeadStatus)
    next_reason: str | None = text_field()
    created_at: datetime = moment(default_now=True)
    # When the rate limiter released a first message; from then on Telegram may have it.
    released_at: datetime | None = moment(nullable=True)
    # When a human approved the draft; NULL: the message was never a draft, or is not approved.
    approved_at: datetime | None = moment(nullable=True)
    sent_at: datetime | None = moment(nullable=True)
    error: str | None = text_field()
    # How the model decided, and the cost. Stored on our answer, or on the reply if it needed none.
    confidence: float | None = real()
    facts: list[str] | None = Field(default=None, sa_column=Column(Json, nullable=True))
    # Why a guardrail rejected the model's own text.
    refused: str | None = text_field()
    model: str | None = text_field()
    model_calls: int | None = integer()
    tokens_in: int | None = integer()
    tokens_cached: int | None = integer()
    tokens_out: int | None = integer()
    # NULL if the price of the model is unknown.
    cost_usd: float | None = real()
    latency_ms: int | None = integer()


class LeadEvent(SQLModel, table=True):
    """One status change of a lead; the first has no from_status and records the lead's creation."""

    __tablename__ = "lead_events"
    __table_args__ = (
        CheckConstraint(one_of("from_status", LeadStatus), name="from_status"),
        CheckConstraint(one_of("to_status", LeadStatus), name="to_status"),
        Index("ix_lead_events_lead_id_id", "lead_id", "id"),
        # For the daily report to the owner: agreements to a call on one day.
        partial_index("ix_lead_events_scheduled", "at", where="to_status = 'scheduled'"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    lead_id: int = reference("leads.id")
    from_status: LeadStatus | None = enum_field(LeadStatus)
    to_status: LeadStatus = enum_field(LeadStatus, nullable=False)
    reason: str | None = text_field()
    actor: str = text_field(nullable=False)
    at: datetime = moment(default_now=True)


# Writes go to the tables: an ORM UPDATE would also look for the rows among the session's objects.
LEADS, MESSAGES, EVENTS, DELIVERIES, DO_NOT_CONTACT = (
    SQLModel.metadata.tables[name]
    for name in ("leads", "messages", "lead_events", "webhook_deliveries", "do_not_contact")
)
ACCOUNTS, HOLDS, CALLS, PEOPLE = (
    SQLModel.metadata.tables[name]
    for name in ("telegram_accounts", "account_holds", "account_calls", "telegram_people")
)
OWNER_MESSAGES, OWNER_NOTICES, OWNER_IDENTITIES = (
    SQLModel.metadata.tables[name] for name in ("owner_messages", "owner_notices", "owner_identities")
)

BOOKINGS, BOOKING_EVENTS, PLANNED, BOOKING_CONNECTIONS = (
    SQLModel.metadata.tables[name]
    for name in ("bookings", "booking_events", "planned_messages", "booking_connections")
)

# Usernames are case-insensitive. Not a partial index: PostgreSQL would not use its statistics in plans.
Index("ix_leads_lower_username", func.lower(LEADS.c.username))
