"""Peer cache: contacts that an account has already found; a known contact needs no look-up."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Subquery, UpdateBase, bindparam, delete, true, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns, dialect_insert, insert_for
from shared.database.columns import UtcDateTime
from shared.database.models import PEOPLE, TelegramPerson
from worker.domain.telegram_port import Peer

# Usernames and phones change owners, and Telegram does not tell of every change.
MAX_AGE = timedelta(days=1)
# A moment further ahead was stored by a wrong clock.
MAX_AHEAD = timedelta(minutes=2)


async def find_by_usernames(
    session: AsyncSession, account_id: int, usernames: Iterable[str], *, now: datetime
) -> Mapping[str, Peer]:
    """Return the peers of those usernames that were found in the last day, by username in lower case."""
    names = list({username.lower() for username in usernames})
    values = {"account": account_id, "names": names, "since": now - MAX_AGE, "until": now + MAX_AHEAD}
    found = await session.exec(_BY_USERNAME, params=values)
    return {person.username or "": Peer(person.user_id, person.access_hash) for person in found}


_BY_USERNAME = (
    select(TelegramPerson)
    .where(
        col(TelegramPerson.account_id) == bindparam("account", type_=BigInteger()),
        col(TelegramPerson.username).in_(bindparam("names", expanding=True)),
        col(TelegramPerson.username_at) > bindparam("since", type_=UtcDateTime()),
        col(TelegramPerson.username_at) < bindparam("until", type_=UtcDateTime()),
    )
    .order_by(col(TelegramPerson.username_at))
)


async def find_by_phone(
    session: AsyncSession, account_id: int, phone_e164: str, *, now: datetime
) -> Peer | None:
    """Return the peer of a phone if it was found in the last day."""
    query = select(TelegramPerson).where(
        col(TelegramPerson.account_id) == account_id,
        col(TelegramPerson.phone_e164) == phone_e164,
        col(TelegramPerson.phone_at) > now - MAX_AGE,
        col(TelegramPerson.phone_at) < now + MAX_AHEAD,
    )
    return _peer((await session.exec(query.order_by(col(TelegramPerson.phone_at).desc()))).first())


async def store_phone(
    session: AsyncSession, account_id: int, phone: str, peer: Peer, *, now: datetime
) -> None:
    """Store the peer that was found by a phone."""
    found = {"access_hash": peer.access_hash, "phone_e164": phone, "phone_at": now}
    await session.exec(
        insert_for(session, TelegramPerson)
        .values(account_id=account_id, user_id=peer.user_id, **found)
        .on_conflict_do_update(index_elements=["account_id", "user_id"], set_=found)
    )


async def store_usernames(
    session: AsyncSession, account_id: int, found: Mapping[str, Peer], *, now: datetime
) -> None:
    """Store the peers that were found by usernames."""
    # Of two usernames of one contact the last is kept: an upsert may write each row only once.
    last = {peer.user_id: (username.lower(), peer.access_hash) for username, peer in found.items()}
    rows = ((account_id, user_id, key, name, now) for user_id, (name, key) in last.items())
    await _UPSERT_USERNAMES.run(session, rows)


def _upsert_usernames(rows: Subquery, dialect: str) -> UpdateBase:
    # Without a WHERE, SQLite parses the ON of the upsert as the ON of a join.
    statement = dialect_insert(dialect, PEOPLE).from_select(_USERNAME_COLUMNS, rows.select().where(true()))
    written = {name: statement.excluded[name] for name in _USERNAME_COLUMNS[2:]}
    return statement.on_conflict_do_update(index_elements=_USERNAME_COLUMNS[:2], set_=written)


_USERNAME_COLUMNS = ("account_id", "user_id", "access_hash", "username", "username_at")
_UPSERT_USERNAMES = BulkStatement(PEOPLE, columns(*_USERNAME_COLUMNS), _upsert_usernames)


async def invalidate(session: AsyncSession, account_id: int, user_id: int) -> None:
    """Forget how a contact was found, so that the next lead looks them up again.

    Called when the contact could not be written to, and when their name, username or phone has changed.
    """
    await session.exec(
        delete(TelegramPerson).where(
            col(TelegramPerson.account_id) == account_id,
            col(TelegramPerson.user_id) == user_id,
            # An imported contact stays, so that it can be removed from the address book later.
            col(TelegramPerson.is_contact).is_(False),
        )
    )
    await session.exec(
        update(PEOPLE)
        .where(PEOPLE.c.account_id == account_id, PEOPLE.c.user_id == user_id)
        .values(username_at=None, phone_at=None)
    )


async def load_imported_contacts(session: AsyncSession, account_id: int) -> Sequence[Peer]:
    """Return the contacts that the worker has put into the account's address book."""
    found = await session.exec(
        select(TelegramPerson).where(
            col(TelegramPerson.account_id) == account_id, col(TelegramPerson.is_contact).is_(True)
        )
    )
    return [Peer(person.user_id, person.access_hash) for person in found]


async def set_contact(session: AsyncSession, account_id: int, user_id: int, *, is_contact: bool) -> None:
    """Record whether the worker has put a contact into the account's address book."""
    await session.exec(
        update(PEOPLE)
        .where(PEOPLE.c.account_id == account_id, PEOPLE.c.user_id == user_id)
        .values(is_contact=is_contact)
    )


def _peer(person: TelegramPerson | None) -> Peer | None:
    return Peer(person.user_id, person.access_hash) if person else None
