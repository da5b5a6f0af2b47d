"""How this Telegram behaves where the real one behaves in more than one way."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """May be changed while the server runs; the next call sees it."""

    model_config = ConfigDict(validate_assignment=True, extra="forbid")

    send_answer: Literal["short", "updates"] = Field(
        "short", description="messages.sendMessage answers UpdateShortSentMessage or Updates."
    )
    push_form: Literal["updates", "short"] = Field(
        "updates", description="A new message is pushed as Updates or as UpdateShortMessage."
    )
    on_repeat: Literal["first", "error_400", "error_500"] = Field(
        "first",
        description="A random_id sent again: the first message's id, or RANDOM_ID_DUPLICATE.",
    )
    privacy_code: Literal[403, 406] = Field(
        403, description="Code of PRIVACY_PREMIUM_REQUIRED and ALLOW_PAYMENT_REQUIRED."
    )
    sessions_per_key: int | None = Field(
        None,
        ge=1,
        description="More simultaneous sessions kill the key: 406 AUTH_KEY_DUPLICATED.",
    )
    imports_allowed: int | None = Field(
        None,
        ge=0,
        description="Contacts an account may import; any more come back in retry_contacts.",
    )
    api_hash: str | None = Field(None, description="The only api_hash that may sign in; none = any.")
    login_token_seconds: int = Field(30, ge=1, description="How long a QR code can be scanned.")
    updates_kept: int = Field(1000, ge=1, le=10_000, description="Older ones make getDifference too long.")
    difference_slice: int = Field(100, ge=1, description="Most updates in one getDifference.")
