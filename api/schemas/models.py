"""The Pydantic models of requests and responses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, computed_field
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import to_json

from api.forms.body.text_cleaning import clean, clean_json, one_line
from api.forms.utm import read_utm
from api.schemas import examples
from api.schemas.bookings import PlansOut
from shared.intents import Intent
from shared.leads.telegram_link import without_link
from shared.statuses import LeadStatus


def _as_text(value: object) -> object:
    """Turn a phone that was sent as a number into a text of its digits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _to_one_line(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _to_message_text(value: object) -> object:
    return clean(value).strip() if isinstance(value, str) else value


ContactText = Annotated[str, Field(max_length=500), BeforeValidator(_as_text)]


class LeadIn(BaseModel):
    """A person who asked to be contacted; unknown fields are kept in `extra`."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": list(examples.LEADS_IN)})

    name: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_to_one_line)] = Field(
        description="The name with which the person is addressed."
    )
    phone: ContactText | None = Field(
        None,
        description="A phone number in any common notation. It or `username` is needed. If it cannot be"
        " parsed but `username` is valid, it is kept in `extra`.",
    )
    username: ContactText | None = Field(
        None,
        description="A Telegram username: bare, with @, or a t.me link. It or `phone` is needed. If it cannot"
        " be parsed but `phone` is valid, it is kept in `extra`.",
    )
    extra: Annotated[dict[str, Any], AfterValidator(clean_json)] = Field(
        default_factory=dict, description="Any further data."
    )


class Utm(BaseModel):
    """The UTM parameters of the visit, if the form sent them."""

    source: str | None
    medium: str | None
    campaign: str | None
    term: str | None
    content: str | None


class ContactEvidence(BaseModel):
    """Why a value of a form is taken for the person's contact."""

    field: str
    strength: Literal["strong", "weak"]
    reason: str


class LeadOut(BaseModel):
    """A stored lead."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.LEAD]})

    id: int
    name: str = Field(description="Empty if the form did not ask for it.")
    phone: Annotated[str | None, BeforeValidator(without_link)] = Field(
        description="As the person entered it: digits and an optional leading +."
    )
    phone_e164: str | None = Field(description="The phone number in E.164 format, which can be dialled.")
    username: str | None = Field(description="The Telegram username, without @.")
    status: LeadStatus
    source: str = Field(
        description="How the lead was received: `api`, `import`, or the webhook's source, such as `tilda`."
    )
    extra: dict[str, Any]
    contact_evidence: dict[str, ContactEvidence] = Field(
        description="By contact (`phone`, `username`): the form's field it was read from, and how sure it is"
        " that it is the person's own. A weak one gets a first message that tells nothing of the request."
        " Empty if the contact came by `POST /leads`."
    )
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = Field(
        description="When the worker processes the lead next; null: no action is planned."
    )
    attempts: int = Field(description="Failed attempts of the current step.")
    last_error: str | None = Field(
        description="Why the lead is `unreachable` or `failed`, or why the last attempt failed."
    )
    resolved_via: Literal["username", "phone"] | None = Field(
        description="The contact with which the person was found in Telegram."
    )
    duplicate_of: int | None = Field(description="The lead that has the conversation with the same person.")
    handoff_summary: str | None = Field(
        description="A summary of the conversation for the human who took it over."
    )
    returns_at: datetime | None = Field(
        description="When the conversation returns to the assistant; null: only on request."
    )
    open_question: str | None = Field(
        description="The person's question that a colleague was promised to answer; null once a human has"
        " written."
    )
    follow_up_at: datetime | None = Field(
        description="When the next planned message is due: a follow-up, a reminder, or at a requested time."
    )
    meeting_at: datetime | None = Field(description="When the booked meeting begins.")
    meeting_url: str | None = Field(description="The link of the booked meeting.")
    telegram_user_id: int | None

    @computed_field
    def utm(self) -> Utm:
        """The `utm_*` parameters in `extra`, including those from Tilda's cookie."""
        return Utm.model_validate(read_utm(self.extra))


def lead_json(lead: Mapping[str, Any]) -> bytes:
    """Serialise a lead's row like LeadOut, but without validation: the row comes from the database."""
    values = {name: lead[name] for name in LeadOut.model_fields} | {"utm": read_utm(lead["extra"])}
    return to_json(values, inf_nan_mode="null")


class HumanMessageIn(BaseModel):
    """A message that a human writes to the person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.HUMAN_MESSAGE]})

    text: Annotated[str, BeforeValidator(_to_message_text), Field(min_length=1, max_length=4096)] = Field(
        description="Sent unchanged; Telegram accepts up to 4,096 characters."
    )


class MessageOut(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    direction: Literal["in", "out"]
    kind: str
    text: str
    state: str
    intent: Intent | None
    created_at: datetime
    sent_at: datetime | None
    error: str | None
    confidence: float | None = Field(description="The model's confidence in the intent, 0 to 1.")
    facts: list[str] | None = Field(
        description="The facts from the company's description that the answer is based on."
    )
    refused: str | None = Field(description="Why the model's text was not sent unchanged.")
    model: str | None
    model_calls: int | None
    tokens_in: int | None
    tokens_cached: int | None = Field(
        description="The part of `tokens_in` that came from the provider's cache."
    )
    tokens_out: int | None
    cost_usd: float | None = Field(description="Null if the model's price is unknown: see OPENAI_PRICE.")
    latency_ms: int | None


class DraftOut(MessageOut):
    """A message that waits for approval."""

    lead_id: int
    lead_name: str
    last_words: str | None = Field(description="The person's last message; null: the draft is the greeting.")


class EventOut(BaseModel):
    """One change of the lead's status; the first is its creation."""

    model_config = ConfigDict(from_attributes=True)

    from_status: LeadStatus | None
    to_status: LeadStatus
    reason: str | None
    actor: str
    at: datetime


class LeadDetail(LeadOut, PlansOut):
    """A lead with its conversation and its history, oldest first."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.LEAD_DETAIL]})

    messages: list[MessageOut]
    events: list[EventOut]


class LeadPage(BaseModel):
    """Leads, newest first; to get the next page, send `next_cursor` as `cursor`."""

    items: list[LeadOut]
    next_cursor: str | None


class PersonOut(BaseModel):
    """All data about a person: the rows of each table with all columns."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PERSON]})

    exported_at: datetime
    leads: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]
    bookings: list[dict[str, Any]]
    planned_messages: list[dict[str, Any]]
    deliveries: list[dict[str, Any]] = Field(description="Webhook calls with their bodies.")
    telegram_people: list[dict[str, Any]] = Field(description="Contacts cached for the Telegram accounts.")
    owner_notices: list[dict[str, Any]] = Field(
        description="Notices to the owner; their text is deleted after sending."
    )
    lead_notes: list[dict[str, Any]] = Field(description="Notes that colleagues wrote in the console.")
    lead_actions: list[dict[str, Any]] = Field(description="What colleagues did in the console.")
    do_not_contact: list[dict[str, Any]] = Field(
        description="Do-not-contact entries of the person's contacts."
    )


class ForbidIn(BaseModel):
    """Contacts that must get no messages: a phone, a username, or all contacts of a lead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples.FORBID_IN)})

    phone: ContactText | None = Field(None, description="A phone number in any common notation.")
    username: ContactText | None = Field(None, description="A Telegram username.")
    lead_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None, description="The lead whose phone, username and Telegram account are added."
    )
    reason: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_to_one_line)] = Field(
        "on request", description="The reason. Enter no names or contacts: the text is stored unchanged."
    )


class SuppressionEntryOut(BaseModel):
    """One contact that must get no messages, stored as a hash."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["phone", "username", "telegram"]
    hash: str
    reason: str
    actor: str = Field(
        description="The source of the entry: `person` (in the conversation) or `api` (by a request)."
    )
    created_at: datetime
    lead_id: int | None


class SuppressionEntryPage(BaseModel):
    """Do-not-contact entries, newest first; to get the next page, send `next_cursor` as `cursor`."""

    items: list[SuppressionEntryOut]
    next_cursor: str | None


class CheckOut(BaseModel):
    """The result of a check: `listed`, and the matching entries."""

    listed: bool
    marks: list[SuppressionEntryOut]


class StatusOut(BaseModel):
    """Everything is in order."""

    status: Literal["ok"] = "ok"


class Problem(BaseModel):
    """An error, as a text."""

    detail: str


MESSAGE_OUT: TypeAdapter[MessageOut] = TypeAdapter(MessageOut)
