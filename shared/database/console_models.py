"""The tables of the console: users and their sessions, and what users write about leads.

The api imports them when the console is first opened: they take 1 MiB.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from shared.database.columns import (
    NEVER_REUSE_IDS,
    key_reference,
    key_text,
    moment,
    number,
    one_of,
    reference,
    row_id,
    text_field,
)
from shared.database.models import Lead
from shared.roles import ROLES

_LEAD = f"{Lead.__tablename__}.id"


class User(SQLModel, table=True):
    """A person who may sign in to the console; without a password only a one-time link signs them in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint(one_of("language", ("en", "ru")), name="language"),
        # The name in lower case: `Maria` and `maria` are one user.
        UniqueConstraint("login"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    login: str = text_field(nullable=False)
    name: str = text_field(nullable=False)
    role: str = text_field(nullable=False)
    password_hash: str | None = text_field()
    # NULL: the browser's language.
    language: str | None = text_field()
    created_at: datetime = moment(default_now=True)


class UserSession(SQLModel, table=True):
    """A signed-in browser; `id_hash` is the SHA-256 of the random id in its cookie."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_user_id", "user_id"),)

    id_hash: str = key_text()
    user_id: int = reference("users.id")
    created_at: datetime = moment(default_now=True)
    last_seen_at: datetime = moment(default_now=True)


class UserLink(SQLModel, table=True):
    """A one-time link to set a password; a user has at most one. The token is stored as a SHA-256."""

    __tablename__ = "user_links"
    __table_args__ = (UniqueConstraint("user_id"),)

    token_hash: str = key_text()
    user_id: int = reference("users.id")
    expires_at: datetime = moment()


class LoginAttempt(SQLModel, table=True):
    """A try to sign in; `key` is a hash of the address and the name. Deleted when it no longer counts."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("ix_login_attempts_key_at", "key", "at"), NEVER_REUSE_IDS)

    id: int = row_id()
    key: str = text_field(nullable=False)
    at: datetime = moment(default_now=True)


class LeadNote(SQLModel, table=True):
    """A note about a lead for the colleagues; it is never sent."""

    __tablename__ = "lead_notes"
    __table_args__ = (Index("ix_lead_notes_lead_id_id", "lead_id", "id"), NEVER_REUSE_IDS)

    id: int = row_id()
    lead_id: int = reference(_LEAD)
    author: str = text_field(nullable=False)
    text: str = text_field(nullable=False)
    created_at: datetime = moment(default_now=True)


class LeadAction(SQLModel, table=True):
    """What a user did with a lead in the console, also if it changed no status."""

    __tablename__ = "lead_actions"
    __table_args__ = (Index("ix_lead_actions_lead_id_id", "lead_id", "id"), NEVER_REUSE_IDS)

    id: int = row_id()
    lead_id: int = reference(_LEAD)
    actor: str = text_field(nullable=False)
    action: str = text_field(nullable=False)
    # The message that was sent, approved or rejected.
    message_id: int | None = number()
    at: datetime = moment(default_now=True)


class LeadView(SQLModel, table=True):
    """The newest message of a lead that a user has seen, and until when the user is typing an answer."""

    __tablename__ = "lead_views"
    __table_args__ = (Index("ix_lead_views_lead_id", "lead_id"),)

    user_id: int = key_reference("users.id")
    lead_id: int = key_reference(_LEAD)
    last_message_id: int = number(nullable=False)
    answering_until: datetime | None = moment(nullable=True)


class CannedText(SQLModel, table=True):
    """A text that users put into their replies."""

    __tablename__ = "canned_texts"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: int = row_id()
    title: str = text_field(nullable=False)
    text: str = text_field(nullable=False)
    created_at: datetime = moment(default_now=True)


class ConsoleWatch(SQLModel, table=True):
    """Until when a page of the console is open: the triggers notify of changes only until then."""

    __tablename__ = "console_watch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = row_id()
    until: datetime = moment()


USERS, USER_SESSIONS, USER_LINKS, LOGIN_ATTEMPTS, LEAD_VIEWS = (
    SQLModel.metadata.tables[name]
    for name in ("users", "user_sessions", "user_links", "login_attempts", "lead_views")
)
