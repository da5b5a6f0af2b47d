"""The tables of the owner: answers to commands, notices of events, and the pause of sending."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from shared.database.columns import (
    NEVER_REUSE_IDS,
    flag,
    key_reference,
    moment,
    number,
    one_of,
    partial_index,
    reference,
    row_id,
    text_field,
)

PAUSE_SCOPES = ("first_messages", "all")


class OwnerMessage(SQLModel, table=True):
    """An answer to the owner's command, sent to where it was written; its text is emptied once it is sent."""

    __tablename__ = "owner_messages"
    __table_args__ = (
        UniqueConstraint("account_id", "answers"),
        UniqueConstraint("random_id"),
        partial_index("ix_owner_messages_queued", "account_id", "id", where="sent_at IS NULL"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    account_id: int = reference("telegram_accounts.id")
    # The Telegram message id of the command that this answers.
    answers: int | None = number()
    # True: the command was written in OWNER_CHAT; False: in the account's own Saved Messages.
    in_owner_chat: bool = flag()
    text: str = text_field(nullable=False)
    random_id: int = number(nullable=False)
    created_at: datetime = moment(default_now=True)
    sent_at: datetime | None = moment(nullable=True)


class OwnerNotice(SQLModel, table=True):
    """An event to report to the owner; notices with the same `random_id` are sent as one message.

    States: `waiting`; `sending` once its message has a `random_id`; then `sent`, with the text emptied, or
    `failed`.
    """

    __tablename__ = "owner_notices"
    __table_args__ = (
        CheckConstraint(one_of("state", ("waiting", "sending", "sent", "failed")), name="state"),
        CheckConstraint("state <> 'sending' OR random_id IS NOT NULL", name="identity"),
        UniqueConstraint("key"),
        partial_index("ix_owner_notices_open", "state", "id", where="state IN ('waiting', 'sending')"),
        Index("ix_owner_notices_sent_at", "sent_at"),
        partial_index(
            "ix_owner_notices_account_id_message_id",
            "account_id",
            "message_id",
            where="message_id IS NOT NULL",
        ),
        partial_index("ix_owner_notices_lead_id", "lead_id", where="lead_id IS NOT NULL"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    # The reported event, such as `event:17`: unique, so that no event is reported twice.
    key: str = text_field(nullable=False)
    text: str = text_field(nullable=False)
    # The account that sends it: the one of the lead, or NULL = whichever account comes first.
    account_id: int | None = reference("telegram_accounts.id", nullable=True, ondelete="SET NULL")
    # Erasing a lead deletes its notices.
    lead_id: int | None = reference("leads.id", nullable=True)
    state: str = text_field(nullable=False, default="waiting")
    random_id: int | None = number()
    # The message's id in the chat of the account: a reply to it is a command about the lead.
    message_id: int | None = number()
    # The end of a flood wait: not to be sent before.
    due_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment(default_now=True)
    sent_at: datetime | None = moment(nullable=True)
    error: str | None = text_field()


class OwnerIdentity(SQLModel, table=True):
    """The Telegram user whom OWNER_CHAT led one account to first: usernames change owners, ids do not."""

    __tablename__ = "owner_identities"

    account_id: int = key_reference("telegram_accounts.id")
    # The value of OWNER_CHAT, in lower case.
    username: str = text_field(nullable=False)
    user_id: int = number(nullable=False)
    # NULL: Telegram has not told it yet.
    access_hash: int | None = number()
    # What was written before is no command.
    since: datetime = moment()


class SendingPause(SQLModel, table=True):
    """The pause, in one row; without a row there is none. A human's own texts are sent all the same."""

    __tablename__ = "sending_pause"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint(one_of("scope", PAUSE_SCOPES), name="scope"),
    )

    id: int = row_id()
    scope: str = text_field(nullable=False)
    # Who began it: `owner`, `api`, `command` or the name of a user of the console.
    actor: str = text_field(nullable=False)
    since: datetime = moment()
