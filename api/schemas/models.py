"""What the API takes and gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    computed_field,
)
from pydantic_core import to_json

from api.forms.text_cleaning import clean, clean_json, one_line
from api.forms.utm import read_utm
from api.schemas import examples
from shared.statuses import Intent, LeadStatus


def _as_text(value: object) -> object:
    """A phone that came as a number is meant as its digits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _tidy(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _sayable(value: object) -> object:
    return clean(value).strip() if isinstance(value, str) else value


ContactText = Annotated[str, Field(max_length=500), BeforeValidator(_as_text)]


class LeadIn(BaseModel):
    """A person who asked to be written to; fields beyond these are kept in `extra`."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": list(examples.LEADS_IN)})

    name: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_tidy)] = Field(
        description="How to address the person."
    )
    phone: ContactText | None = Field(
        None,
        description="A phone number as people type it. It or `username` is needed; one that cannot be read"
        " beside a good other is kept in `extra`.",
    )
    username: ContactText | None = Field(
        None,
        description="A Telegram username: bare, with @, or a t.me link. It or `phone` is needed; one that"
        " cannot be read beside a good other is kept in `extra`.",
    )
    extra: Annotated[dict[str, Any], AfterValidator(clean_json)] = Field(
        default_factory=dict, description="Anything else worth keeping."
    )


class Utm(BaseModel):
    """Where the visitor came from, as far as the form told."""

    source: str | None
    medium: str | None
    campaign: str | None
    term: str | None
    content: str | None


class LeadOut(BaseModel):
    """A lead as it is stored."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.LEAD]})

    id: int
    name: str = Field(description="Empty if the form did not ask for it.")
    phone: str | None = Field(description="As it was given: digits and an optional leading +.")
    phone_e164: str | None = Field(description="The form to dial.")
    username: str | None = Field(description="The Telegram username, without @.")
    status: LeadStatus
    source: str = Field(description="Where it came from: `api`, `tilda` or `import`.")
    extra: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = Field(description="When the worker will turn to it; null: not by itself.")
    attempts: int = Field(description="Failed tries at the present step.")
    last_error: str | None = Field(description="Why it is `unreachable` or `failed`, or of the last try.")
    resolved_via: Literal["username", "phone"] | None = Field(description="Which contact led to the person.")
    duplicate_of: int | None = Field(description="The lead in which the same person is already talked to.")
    handoff_summary: str | None = Field(description="For the human who has it: what it was about.")
    returns_at: datetime | None = Field(description="When the assistant takes it back; null: not by itself.")
    follow_up_at: datetime | None = Field(description="When the person asked to be written to again.")
    telegram_user_id: int | None

    @computed_field
    def utm(self) -> Utm:
        """The `utm_*` marks in `extra`, those in Tilda's cookie included."""
        return Utm.model_validate(read_utm(self.extra))


def lead_json(lead: Mapping[str, Any]) -> bytes:
    """A lead's row as LeadOut writes it, without its looking at each value: they are our own."""
    shown = {name: lead[name] for name in LeadOut.model_fields} | {"utm": read_utm(lead["extra"])}
    return to_json(shown, inf_nan_mode="null")


class HumanMessageIn(BaseModel):
    """What a human writes to a person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WORDS]})

    text: Annotated[str, BeforeValidator(_sayable), Field(min_length=1, max_length=4096)] = Field(
        description="As the person will read it; Telegram takes up to 4,096 characters."
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
    confidence: float | None = Field(description="How sure the model was of what was meant, 0 to 1.")
    facts: list[str] | None = Field(description="What the answer rests on in the company's description.")
    refused: str | None = Field(description="Why the model's own words were not sent as they were.")
    model: str | None
    model_calls: int | None
    tokens_in: int | None
    tokens_cached: int | None = Field(description="Of `tokens_in`, those that the provider had in its cache.")
    tokens_out: int | None
    cost_usd: float | None = Field(description="Null if the model has no price: see OPENAI_PRICE.")
    latency_ms: int | None


class DraftOut(MessageOut):
    """A message that waits for approval."""

    lead_id: int
    lead_name: str
    last_words: str | None = Field(description="What the person wrote last; null: this is the greeting.")


class EventOut(BaseModel):
    """One change of the lead's status; the first is its arrival."""

    model_config = ConfigDict(from_attributes=True)

    from_status: LeadStatus | None
    to_status: LeadStatus
    reason: str | None
    actor: str
    at: datetime


class LeadDetail(LeadOut):
    """A lead with its conversation and its history, oldest first."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.LEAD_DETAIL]})

    messages: list[MessageOut]
    events: list[EventOut]


class LeadPage(BaseModel):
    """Leads, newest first; pass `next_cursor` on as `cursor` for those that follow."""

    items: list[LeadOut]
    next_cursor: str | None


class PersonOut(BaseModel):
    """All that is stored about a person, table by table, each row with all its columns."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PERSON]})

    exported_at: datetime
    leads: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]
    deliveries: list[dict[str, Any]] = Field(description="Webhook calls as they came.")
    telegram_people: list[dict[str, Any]] = Field(description="What our Telegram accounts remember.")
    owner_notices: list[dict[str, Any]] = Field(description="What the owner was told; empty once sent.")
    do_not_contact: list[dict[str, Any]] = Field(description="Marks of the person's contacts.")


class ForbidIn(BaseModel):
    """Whom nobody may write to: a phone, a username, or all contacts of a lead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples.FORBID_IN)})

    phone: ContactText | None = Field(None, description="A phone number as people type it.")
    username: ContactText | None = Field(None, description="A Telegram username.")
    lead_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None, description="The lead whose phone, username and Telegram account are meant."
    )
    reason: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_tidy)] = Field(
        "on request", description="Why; no names or contacts here: it is kept as it is."
    )


class SuppressionEntryOut(BaseModel):
    """One contact that is not to be written to, as a hash that names nobody."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["phone", "username", "telegram"]
    hash: str
    reason: str
    actor: str = Field(description="Who asked for it: `person` in their conversation, `api` by a request.")
    created_at: datetime
    lead_id: int | None


class SuppressionEntryPage(BaseModel):
    """Marks, newest first; pass `next_cursor` on as `cursor` for those that follow."""

    items: list[SuppressionEntryOut]
    next_cursor: str | None


class CheckOut(BaseModel):
    """Whether a contact is listed, and its marks."""

    listed: bool
    marks: list[SuppressionEntryOut]


class ImportedRow(BaseModel):
    """What became of one row of a file."""

    row: int = Field(description="As a spreadsheet counts: the header is row 1.")
    outcome: Literal["taken", "repeated", "refused"]
    lead_id: int | None = Field(description="The lead that it became, or was before.")
    error: str | None = Field(description="Why it is no lead: the column, and what is wrong there.")


class ImportOut(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.IMPORT_OUT]})

    complete: bool = Field(description="False if the import ended before the file did: `detail` says why.")
    taken: int
    repeated: int
    refused: int
    detail: str | None
    rows: list[ImportedRow]


class StatusOut(BaseModel):
    """That all is well."""

    status: Literal["ok"] = "ok"


class Problem(BaseModel):
    """What went wrong, in words."""

    detail: str


MESSAGE_OUT: TypeAdapter[MessageOut] = TypeAdapter(MessageOut)
