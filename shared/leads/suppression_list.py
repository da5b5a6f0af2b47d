"""The do-not-contact list: who must not be written to, kept as marks that name nobody.

A mark is HMAC-SHA256 of one contact (phone, username, Telegram's id) under a random key of this installation,
so that the list alone, exported or copied, tells nobody's phone. The key lies in the same database: whoever
has all of it can try number after number, and phone numbers are few. The list hides people from those who
see it, not from those who hold the database.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import DoNotContact, DoNotContactKey, Lead

Kind = Literal["phone", "username", "telegram"]

# The actor of an entry that the person asked for.
PERSON = "person"
_KEY_BYTES = 32


@dataclass(frozen=True)
class SuppressedIdentity:
    """By what a person is known: the phone in its dialable form, the username with or without its @."""

    phone_e164: str | None = None
    username: str | None = None
    telegram_user_id: int | None = None

    @classmethod
    def of(cls, lead: Lead) -> "SuppressedIdentity":
        """All that a lead tells."""
        return cls(lead.phone_e164, lead.username, lead.telegram_user_id)

    def normalised(self) -> Mapping[Kind, str]:
        """What there is, each in the one form that is marked."""
        user_id = self.telegram_user_id
        given: dict[Kind, str | None] = {
            "phone": self.phone_e164,
            "username": self.username and self.username.lstrip("@").casefold(),
            "telegram": None if user_id is None else str(user_id),
        }
        return {kind: value for kind, value in given.items() if value}


def contact_hash(key: bytes, kind: Kind, contact: str) -> str:
    """How a normalised contact stands in the list."""
    return hmac.digest(key, f"{kind}:{contact}".encode(), "sha256").hex()


async def add(
    session: AsyncSession,
    contacts: SuppressedIdentity,
    *,
    reason: str,
    actor: str,
    now: datetime,
    lead_id: int | None = None,
) -> int:
    """List every one of `contacts`; what is listed already keeps its reason. Gives how many are new."""
    marks = _marks(await _make_key(session), contacts)
    if not marks:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    entry = {"reason": reason, "actor": actor, "created_at": now, "lead_id": lead_id}
    added = await session.exec(
        insert(DoNotContact)
        .values([{"kind": kind, "hash": value, **entry} for kind, value in marks.items()])
        .on_conflict_do_nothing(index_elements=["hash"])
        .returning(col(DoNotContact.id))
    )
    return len(added.all())


async def find(session: AsyncSession, contacts: SuppressedIdentity) -> DoNotContact | None:
    """The entry that forbids writing to whoever has one of `contacts`, the oldest if there are several."""
    (entry,) = await find_entries(session, [contacts])
    return entry


async def find_entries(
    session: AsyncSession, people: Sequence[SuppressedIdentity]
) -> Sequence[DoNotContact | None]:
    """The same for several people, in their order."""
    key = await _key(session)
    if key is None:
        return [None] * len(people)
    marks = [list(_marks(key, contacts).values()) for contacts in people]
    found = await session.exec(
        select(DoNotContact)
        .where(col(DoNotContact.hash).in_([value for known in marks for value in known]))
        .order_by(col(DoNotContact.id))
    )
    entries = found.all()
    return [next((entry for entry in entries if entry.hash in known), None) for known in marks]


async def is_listed(session: AsyncSession, lead: Lead) -> str | None:
    """Why the lead's person must not be written to; None if nothing is against it."""
    entry = await find(session, SuppressedIdentity.of(lead))
    return None if entry is None else entry.reason


async def remove(session: AsyncSession, contacts: SuppressedIdentity) -> int:
    """Take every one of `contacts` off the list; gives how many were on it."""
    marks = await marks_of(session, contacts)
    removed = await session.exec(
        delete(DoNotContact)
        .where(col(DoNotContact.hash).in_(marks.values()))
        .execution_options(synchronize_session=False)
    )
    return removed.rowcount


async def marks_of(session: AsyncSession, contacts: SuppressedIdentity) -> Mapping[Kind, str]:
    """The marks of `contacts`; none while nobody was ever listed and there is no key. Writes nothing."""
    key = await _key(session)
    return {} if key is None else _marks(key, contacts)


def _marks(key: bytes, contacts: SuppressedIdentity) -> Mapping[Kind, str]:
    return {kind: contact_hash(key, kind, value) for kind, value in contacts.normalised().items()}


_KEY = select(DoNotContactKey.key)


async def _key(session: AsyncSession) -> bytes | None:
    found = (await session.exec(_KEY)).first()
    return None if found is None else bytes.fromhex(found)


async def _make_key(session: AsyncSession) -> bytes:
    """The key, made by whoever needs it first; of two at once the second waits for the first."""
    if (key := await _key(session)) is not None:
        return key
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.exec(
        insert(DoNotContactKey)
        .values(id=1, key=secrets.token_hex(_KEY_BYTES))
        .on_conflict_do_nothing(index_elements=["id"])
    )
    kept = await session.exec(_KEY)
    return bytes.fromhex(kept.one())
