"""The queries of whom an account knows: a second lead of a known person costs no call."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.models import TelegramPerson
from worker.ports import Peer

# Usernames and phones change hands: a phone is given to somebody else after two months or so.
KNOWN_FOR = timedelta(days=30)


async def by_username(session: AsyncSession, account_id: int, username: str, *, now: datetime) -> Peer | None:
    """Whom the username led to not long ago."""
    query = select(TelegramPerson).where(
        col(TelegramPerson.account_id) == account_id,
        col(TelegramPerson.username) == username.lower(),
        col(TelegramPerson.username_at) > now - KNOWN_FOR,
    )
    return _peer((await session.exec(query.order_by(col(TelegramPerson.username_at).desc()))).first())


async def by_phone(session: AsyncSession, account_id: int, phone_e164: str, *, now: datetime) -> Peer | None:
    """Whom the phone led to not long ago."""
    query = select(TelegramPerson).where(
        col(TelegramPerson.account_id) == account_id,
        col(TelegramPerson.phone_e164) == phone_e164,
        col(TelegramPerson.phone_at) > now - KNOWN_FOR,
    )
    return _peer((await session.exec(query.order_by(col(TelegramPerson.phone_at).desc()))).first())


async def remember(
    session: AsyncSession,
    account_id: int,
    peer: Peer,
    *,
    now: datetime,
    username: str | None = None,
    phone: str | None = None,
) -> None:
    """Keep whom a username or a phone has led to."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    known: dict[str, object] = {"access_hash": peer.access_hash}
    if username is not None:
        known |= {"username": username.lower(), "username_at": now}
    if phone is not None:
        known |= {"phone_e164": phone, "phone_at": now}
    await session.exec(
        insert(TelegramPerson)
        .values(account_id=account_id, user_id=peer.user_id, **known)
        .on_conflict_do_update(index_elements=["account_id", "user_id"], set_=known)
    )


async def forget(session: AsyncSession, account_id: int, user_id: int) -> None:
    """Look a person up anew next time: they could not be written to as they were known."""
    await session.exec(
        delete(TelegramPerson).where(
            col(TelegramPerson.account_id) == account_id,
            col(TelegramPerson.user_id) == user_id,
            # Whoever is to be taken out of the address book again must still be known then.
            col(TelegramPerson.is_contact).is_(False),
        )
    )
    await session.exec(
        update(TelegramPerson)
        .where(col(TelegramPerson.account_id) == account_id, col(TelegramPerson.user_id) == user_id)
        .values(username_at=None, phone_at=None)
    )


async def contacts(session: AsyncSession, account_id: int) -> Sequence[Peer]:
    """Those whom we have put into the account's address book."""
    found = await session.exec(
        select(TelegramPerson).where(
            col(TelegramPerson.account_id) == account_id, col(TelegramPerson.is_contact).is_(True)
        )
    )
    return [Peer(person.user_id, person.access_hash) for person in found]


async def set_contact(session: AsyncSession, account_id: int, user_id: int, *, is_contact: bool) -> None:
    """Write down whether we have put a person into the address book."""
    await session.exec(
        update(TelegramPerson)
        .where(col(TelegramPerson.account_id) == account_id, col(TelegramPerson.user_id) == user_id)
        .values(is_contact=is_contact)
        .execution_options(synchronize_session=False)
    )


def _peer(found: TelegramPerson | None) -> Peer | None:
    return Peer(found.user_id, found.access_hash) if found else None
