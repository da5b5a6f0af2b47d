"""The tables of the agency's own Telegram accounts: state, limits, flood waits, and the peer cache."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from shared.database.columns import (
    NEVER_REUSE_IDS,
    counter,
    flag,
    integer,
    key_number,
    key_reference,
    key_text,
    moment,
    number,
    one_of,
    partial_index,
    reference,
    row_id,
    text_field,
)


class TelegramAccount(SQLModel, table=True):
    """A Telegram account of the agency: its account lease, its limits, and when it may next act."""

    __tablename__ = "telegram_accounts"
    __table_args__ = (
        UniqueConstraint("telegram_user_id"),
        CheckConstraint(one_of("state", ("active", "limited", "needs_login", "banned")), name="state"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    telegram_user_id: int = number(nullable=False)
    session_name: str = text_field(nullable=False)
    username: str | None = text_field()
    state: str = text_field(nullable=False, default="active")
    state_reason: str | None = text_field()
    # The account lease: the worker that uses the account, and when its lease ends unless renewed.
    held_by: str | None = text_field()
    held_until: datetime | None = moment(nullable=True)
    # The earliest times of the account's next first message and of its next lookup.
    next_outreach_at: datetime | None = moment(nullable=True)
    next_lookup_at: datetime | None = moment(nullable=True)
    # Older leads wait until then: a limit is reached, or Telegram has set a flood wait. NULL = no wait.
    no_room_until: datetime | None = moment(nullable=True)
    # The limits over any 24 hours, as the account's worker last stored them. The first grows in warm-up.
    outreach_limit: int | None = integer()
    resolve_limit: int | None = integer()
    import_limit: int | None = integer()
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)

    @property
    def display_name(self) -> str:
        """The account's username in Telegram, or the name of its session."""
        return f"@{self.username}" if self.username else self.session_name


class AccountHold(SQLModel, table=True):
    """A flood wait: what Telegram forbids an account until `until`; it survives a restart.

    `method` is a Telegram method such as `contacts.resolveUsername` (FLOOD_WAIT: it is not called before
    `until`), or `new_conversations` (PEER_FLOOD or a frozen account; replies are still sent).
    The row stays after `until`: `strikes` counts PEER_FLOODs in a row. The next delivered first message
    resets them.
    """

    __tablename__ = "account_holds"

    account_id: int = key_reference("telegram_accounts.id")
    method: str = key_text()
    until: datetime = moment()
    reason: str = text_field(nullable=False)
    strikes: int = counter()
    updated_at: datetime = moment(default_now=True)


class AccountCall(SQLModel, table=True):
    """A call that counts against a limit over 24 hours; deleted once it no longer counts.

    `method` is a Telegram method (`contacts.resolveUsername`, `contacts.importContacts`) or
    `new_conversations`.
    """

    __tablename__ = "account_calls"
    __table_args__ = (Index("ix_account_calls_account_id_method_at", "account_id", "method", "at"),)

    id: int = row_id()
    account_id: int = reference("telegram_accounts.id")
    method: str = text_field(nullable=False)
    at: datetime = moment(default_now=True)


class TelegramPerson(SQLModel, table=True):
    """The peer cache: a person as one account has found them, so that the lookup is not repeated."""

    __tablename__ = "telegram_people"
    __table_args__ = (
        Index("ix_telegram_people_account_id_username", "account_id", "username"),
        Index("ix_telegram_people_account_id_phone_e164", "account_id", "phone_e164"),
        # For erasure: finds a person by Telegram id for every account.
        Index("ix_telegram_people_user_id", "user_id"),
        partial_index(
            "ix_telegram_people_contacts",
            "account_id",
            where="is_contact IS true",
            sqlite_where="is_contact IS 1",
        ),
    )

    account_id: int = key_reference("telegram_accounts.id")
    user_id: int = key_number()
    access_hash: int = number(nullable=False)
    # The username (in lower case) and the phone that led to the person, and when each last did.
    username: str | None = text_field()
    username_at: datetime | None = moment(nullable=True)
    phone_e164: str | None = text_field()
    phone_at: datetime | None = moment(nullable=True)
    # True if the worker added the person to the account's address book.
    is_contact: bool = flag()
