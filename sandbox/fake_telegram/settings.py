"""Settings for behaviour in which the real Telegram varies."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """May be changed while the server runs; changes apply to the next call."""

    model_config = ConfigDict(validate_assignment=True, extra="forbid")

    send_answer: Literal["short", "updates"] = Field(
        "short", description="messages.sendMessage answers UpdateShortSentMessage or Updates."
    )
    push_form: Literal["updates", "short"] = Field(
        "updates", description="A new message is pushed as Updates or as UpdateShortMessage."
    )
    reaction_form: Literal["edit", "both"] = Field(
        "edit",
        description="A reaction is pushed as UpdateEditMessage, or as UpdateMessageReactions and that.",
    )
    on_repeat: Literal["first", "error_400", "error_500"] = Field(
        "first",
        description="Answer to a repeated random_id: the first message's id, or RANDOM_ID_DUPLICATE.",
    )
    privacy_code: Literal[403, 406] = Field(
        403, description="Code of PRIVACY_PREMIUM_REQUIRED and ALLOW_PAYMENT_REQUIRED."
    )
    sessions_per_key: int | None = Field(
        None,
        ge=1,
        description="More simultaneous sessions revoke the key: 406 AUTH_KEY_DUPLICATED.",
    )
    imports_allowed: int | None = Field(
        None,
        ge=0,
        description="Contacts an account may import; the rest is returned in retry_contacts.",
    )
    api_hash: str | None = Field(None, description="The only api_hash that may sign in; null: any.")
    login_token_seconds: int = Field(30, ge=1, description="How long a QR code can be scanned.")
    updates_kept: int = Field(
        1000, ge=1, le=10_000, description="For older updates getDifference returns differenceTooLong."
    )
    difference_slice: int = Field(100, ge=1, description="Maximum number of updates in one getDifference.")
    clock_ahead: float = Field(
        0.0,
        description="Seconds by which Telegram's clock is ahead of the machine's; messages far from it are "
        "rejected: bad_msg_notification 16 and 17.",
    )
