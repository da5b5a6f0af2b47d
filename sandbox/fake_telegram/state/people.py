"""The records of people (the contacts of leads) and of the agency's own accounts."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox.fake_telegram.state.limits import AccountLimits

Kind = Literal["person", "bot", "channel", "group", "deleted"]


def digits(phone: str | None) -> str | None:
    """Return a phone as Telegram stores it, digits only; raises ValueError without digits."""
    if phone is None:
        return None
    kept = "".join(char for char in phone if char.isdigit())
    if not kept:
        raise ValueError("a phone has digits")
    return kept


def bare(username: str | None) -> str | None:
    """Return a username without its leading @."""
    return username.removeprefix("@") if username else None


Phone = Annotated[str | None, AfterValidator(digits)]
Username = Annotated[str | None, AfterValidator(bare)]


class Privacy(BaseModel):
    """A person's privacy settings; each field forbids one way of contact."""

    model_config = ConfigDict(extra="forbid")

    phone_hidden: bool = Field(False, description="resolvePhone and importContacts do not find them.")
    phone_shown: bool = Field(False, description="Strangers see their phone.")
    import_only: bool = Field(False, description="resolvePhone does not find them; importContacts does.")
    import_later: bool = Field(False, description="importContacts answers with retry_contacts.")
    strangers_blocked: bool = Field(False, description="First messages get USER_PRIVACY_RESTRICTED.")
    premium_only: bool = Field(False, description="First messages get PRIVACY_PREMIUM_REQUIRED.")
    paid_stars: int = Field(0, ge=0, description="First messages get ALLOW_PAYMENT_REQUIRED_n.")
    blocked_us: bool = Field(False, description="Every message gets USER_IS_BLOCKED.")
    blocked_by_us: bool = Field(False, description="Every message gets YOU_BLOCKED_USER.")


class PersonFields(BaseModel):
    """The fields of a person at creation."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64)
    last_name: str = Field("", max_length=64)
    username: Username = None
    more_usernames: list[str] = Field(default_factory=list, description="Collectible ones.")
    phone: Phone = None
    kind: Kind = "person"
    privacy: Privacy = Field(default_factory=Privacy)
    replies: list[str | list[str]] = Field(
        default_factory=list,
        description="One reply is sent after each received message; a list is sent as several messages.",
    )
    delay: float = Field(1.0, ge=0, description="Seconds before each reply.")


class Person(PersonFields):
    """A person that accounts can contact; ids exceed 32 bits, as in Telegram."""

    id: int


class AccountFields(BaseModel):
    """The fields of one of the agency's own accounts."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("Assistant", min_length=1, max_length=64)
    phone: Annotated[str, AfterValidator(lambda phone: digits(phone) or "")]
    username: Username = None
    code: str = Field("12345", description="The login code that Telegram would send.")
    password: str | None = Field(None, description="Password of two-step verification, if it is on.")
    limits: AccountLimits = Field(default_factory=AccountLimits, description="Limits of the account.")
    dc: int = Field(
        2, ge=1, le=5, description="Data centre of the account; a login elsewhere is redirected to it."
    )


class Account(AccountFields):
    """An account that a worker signs in to."""

    id: int
