"""The tables of the suppression list: people who must not be written to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from shared.database.columns import NEVER_REUSE_IDS, moment, one_of, reference, row_id, text_field


class DoNotContact(SQLModel, table=True):
    """An entry of the suppression list: one contact as a hash, made by shared/leads/suppression_list.py."""

    __tablename__ = "do_not_contact"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("phone", "username", "telegram")), name="kind"),
        UniqueConstraint("hash"),
        Index("ix_do_not_contact_lead_id", "lead_id"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    kind: str = text_field(nullable=False)
    hash: str = text_field(nullable=False)
    reason: str = text_field(nullable=False)
    actor: str = text_field(nullable=False)
    created_at: datetime = moment(default_now=True)
    # The lead in whose conversation the person asked for it, or the lead for which the entry was added.
    lead_id: int | None = reference("leads.id", nullable=True, ondelete="SET NULL")


class DoNotContactKey(SQLModel, table=True):
    """The random key, in hex, with which this installation hashes contacts; the table has one row."""

    __tablename__ = "do_not_contact_key"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = row_id()
    key: str = text_field(nullable=False)
