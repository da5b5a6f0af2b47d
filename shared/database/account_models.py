"""The tables of the agency's own Telegram accounts: state, pace, limits, and the people they know."""

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
    """The agency's own Telegram user, one worker each; also where its pacing is remembered."""

    __tablename__ = "telegram_accounts"
    __table_args__ = (
        UniqueConstraint("telegram_user_id"),
        CheckConstraint(one_of("state", ("active", "limited", "needs_login", "banned")), name="state"),
        NEVER_REUSE_IDS,
    )

    id: int | None = row_id()
    telegram_user_id: int = number(nullable=False)
    session_name: str = text_field(nullable=False)
    username: str | None = text_field()
    state: str = text_field(nullable=False, default="active")
    state_reason: str | None = text_field()
    # Which worker speaks for the account, and until when unless it says so again.
    held_by: str | None = text_field()
    held_until: datetime | None = moment(nullable=True)
    # When this account may next begin a conversation, and next look a person up.
    next_outreach_at: datetime | None = moment(nullable=True)
    next_lookup_at: datetime | None = moment(nullable=True)
    # Older leads wait until then: the limit is reached, or Telegram has said so. NULL = there is room.
    no_room_until: datetime | None = moment(nullable=True)
    # The limits in force, over any 24 hours, as the account's worker last said; the first grows in warm-up.
    outreach_limit: int | None = integer()
    resolve_limit: int | None = integer()
    import_limit: int | None = integer()
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)


class AccountHold(SQLModel, table=True):
    """What an account must leave alone until a moment, by Telegram's word; it outlives a restart.

    `method` is Telegram's, such as `contacts.resolveUsername` (FLOOD_WAIT: nothing calls it before `until`),
    or `new_conversations` (PEER_FLOOD or a frozen account; running conversations are answered).
    A row stays after its time: `strikes` counts PEER_FLOODs in a row, and a first message that is
    delivered ends them.
    """

    __tablename__ = "account_holds"

    account_id: int = key_reference("telegram_accounts.id")
    method: str = key_text()
    until: datetime = moment()
    reason: str = text_field(nullable=False)
    strikes: int = counter()
    updated_at: datetime = moment(default_now=True)


class AccountCall(SQLModel, table=True):
    """A call that counts against a limit of 24 hours, for as long as it counts.

    `method` is Telegram's (`contacts.resolveUsername`, `contacts.importContacts`), or `new_conversations`.
    """

    __tablename__ = "account_calls"
    __table_args__ = (Index("ix_account_calls_account_id_method_at", "account_id", "method", "at"),)

    id: int | None = row_id()
    account_id: int = reference("telegram_accounts.id")
    method: str = text_field(nullable=False)
    at: datetime = moment(default_now=True)


class TelegramPerson(SQLModel, table=True):
    """A person as one account has found them: whoever is known is not looked up again."""

    __tablename__ = "telegram_people"
    __table_args__ = (
        Index("ix_telegram_people_account_id_username", "account_id", "username"),
        Index("ix_telegram_people_account_id_phone_e164", "account_id", "phone_e164"),
        # Whoever asks to be erased is found by Telegram's id, whichever account knows them.
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
    # What led to them, the username in small letters, and when it last did.
    username: str | None = text_field()
    username_at: datetime | None = moment(nullable=True)
    phone_e164: str | None = text_field()
    phone_at: datetime | None = moment(nullable=True)
    # Whether they are in the account's address book because we put them there.
    is_contact: bool = flag()
