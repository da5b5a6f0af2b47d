"""The suppression list (do not contact), kept as hashes of contacts.

A hash is HMAC-SHA256 of one contact (phone, username or Telegram id) under a random key of this installation.
The list alone, exported or copied, therefore reveals no phone. The key is in the same database, and phone
numbers are few: anyone who holds the whole database can find the phones by trying all numbers.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import DO_NOT_CONTACT, DoNotContact, DoNotContactKey, Lead

Kind = Literal["phone", "username", "telegram"]

# The actor of an entry that the person asked for.
PERSON = "person"
_KEY_BYTES = 32


@dataclass(frozen=True)
class SuppressedIdentity:
    """The contacts of one person: phone in E.164 form, username with or without its @, Telegram id."""

    phone_e164: str | None = None
    username: str | None = None
    telegram_user_id: int | None = None

    @classmethod
    def of(cls, lead: Lead) -> "SuppressedIdentity":
        """Return every contact that a lead holds."""
        return cls(lead.phone_e164, lead.username, lead.telegram_user_id)

    def normalised(self) -> Mapping[Kind, str]:
        """Return the contacts that are set, each in the form that is hashed."""
        user_id = self.telegram_user_id
        given: dict[Kind, str | None] = {
            "phone": self.phone_e164,
            "username": self.username and self.username.lstrip("@").casefold(),
            "telegram": None if user_id is None else str(user_id),
        }
        return {kind: value for kind, value in given.items() if value}


def contact_hash(key: bytes, kind: Kind, contact: str) -> str:
    """Return the hash, in hex, under which a normalised contact is stored."""
    return hmac.digest(key, f"{kind}:{contact}".encode(), "sha256").hex()


async def add(
    session: AsyncSession,
    identity: SuppressedIdentity,
    *,
    reason: str,
    actor: str,
    now: datetime,
    lead_id: int | None = None,
) -> int:
    """Add every contact of `identity`; an existing entry keeps its reason. Returns how many are new."""
    hashes = _hashes(await _get_or_create_key(session), identity)
    if not hashes:
        return 0
    entry = {"reason": reason, "actor": actor, "created_at": now, "lead_id": lead_id}
    added = await session.exec(
        insert_for(session, DoNotContact)
        .values([{"kind": kind, "hash": value, **entry} for kind, value in hashes.items()])
        .on_conflict_do_nothing(index_elements=["hash"])
        .returning(col(DoNotContact.id))
    )
    return len(added.all())


async def find_entries(
    session: AsyncSession, people: Sequence[SuppressedIdentity]
) -> Sequence[DoNotContact | None]:
    """Return for each person the oldest entry that matches one of the contacts, or None, in order."""
    key = await _key(session)
    if key is None:
        return [None] * len(people)
    hashes = [list(_hashes(key, identity).values()) for identity in people]
    found = await session.exec(
        select(DoNotContact)
        .where(col(DoNotContact.hash).in_([value for one in hashes for value in one]))
        .order_by(col(DoNotContact.id))
    )
    entries = found.all()
    return [next((entry for entry in entries if entry.hash in one), None) for one in hashes]


async def remove(session: AsyncSession, identity: SuppressedIdentity) -> int:
    """Remove every contact of `identity`; returns the number of entries that were removed."""
    hashes = await contact_hashes(session, identity)
    removed = await session.exec(delete(DO_NOT_CONTACT).where(DO_NOT_CONTACT.c.hash.in_(hashes.values())))
    return removed.rowcount


async def contact_hashes(session: AsyncSession, identity: SuppressedIdentity) -> Mapping[Kind, str]:
    """Return the hashes of `identity`; none if there is no key yet, as nothing was ever listed."""
    key = await _key(session)
    return {} if key is None else _hashes(key, identity)


def _hashes(key: bytes, identity: SuppressedIdentity) -> Mapping[Kind, str]:
    return {kind: contact_hash(key, kind, value) for kind, value in identity.normalised().items()}


_KEY = select(DoNotContactKey.key)


async def _key(session: AsyncSession) -> bytes | None:
    found = (await session.exec(_KEY)).first()
    return None if found is None else bytes.fromhex(found)


async def _get_or_create_key(session: AsyncSession) -> bytes:
    """Return the key, created on first use; of two concurrent transactions the second waits for the first."""
    if (key := await _key(session)) is not None:
        return key
    await session.exec(
        insert_for(session, DoNotContactKey)
        .values(id=1, key=secrets.token_hex(_KEY_BYTES))
        .on_conflict_do_nothing(index_elements=["id"])
    )
    stored = await session.exec(_KEY)
    return bytes.fromhex(stored.one())
