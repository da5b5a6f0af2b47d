"""The queries of whom an account knows: a second lead of a known person costs no call."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Subquery, UpdateBase, bindparam, delete, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns
from shared.database.columns import UtcDateTime
from shared.database.models import PEOPLE, TelegramPerson
from worker.domain.telegram_port import Peer

# Usernames and phones change hands: a phone is given to somebody else after two months or so.
KNOWN_FOR = timedelta(days=30)


async def by_usernames(
    session: AsyncSession, account_id: int, usernames: Iterable[str], *, now: datetime
) -> Mapping[str, Peer]:
    """Whom those of the usernames that we know, in lower case, led to not long ago."""
    names = list({username.lower() for username in usernames})
    values = {"account": account_id, "names": names, "since": now - KNOWN_FOR}
    known = await session.exec(_BY_USERNAME, params=values)
    return {person.username or "": Peer(person.user_id, person.access_hash) for person in known}


_BY_USERNAME = (
    select(TelegramPerson)
    .where(
        col(TelegramPerson.account_id) == bindparam("account", type_=BigInteger()),
        col(TelegramPerson.username).in_(bindparam("names", expanding=True)),
        col(TelegramPerson.username_at) > bindparam("since", type_=UtcDateTime()),
    )
    .order_by(col(TelegramPerson.username_at))
)


async def by_phone(session: AsyncSession, account_id: int, phone_e164: str, *, now: datetime) -> Peer | None:
    """Whom the phone led to not long ago."""
    query = select(TelegramPerson).where(
        col(TelegramPerson.account_id) == account_id,
        col(TelegramPerson.phone_e164) == phone_e164,
        col(TelegramPerson.phone_at) > now - KNOWN_FOR,
    )
    return _peer((await session.exec(query.order_by(col(TelegramPerson.phone_at).desc()))).first())


async def remember_phone(
    session: AsyncSession, account_id: int, phone: str, peer: Peer, *, now: datetime
) -> None:
    """Keep whom a phone has led to."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    known = {"access_hash": peer.access_hash, "phone_e164": phone, "phone_at": now}
    await session.exec(
        insert(TelegramPerson)
        .values(account_id=account_id, user_id=peer.user_id, **known)
        .on_conflict_do_update(index_elements=["account_id", "user_id"], set_=known)
    )


async def remember_usernames(
    session: AsyncSession, account_id: int, found: Mapping[str, Peer], *, now: datetime
) -> None:
    """Keep whom usernames have led to."""
    # Of two usernames of one person the last is kept: an upsert takes each row once.
    last = {peer.user_id: (username.lower(), peer.access_hash) for username, peer in found.items()}
    rows = ((account_id, user_id, key, name, now) for user_id, (name, key) in last.items())
    await _FOUND.run(session, rows)


def _remembering(rows: Subquery, dialect: str) -> UpdateBase:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Without a WHERE SQLite takes the upsert's ON for a join's.
    adding = insert(PEOPLE).from_select(_FOUND_BY_NAME, rows.select().where(true()))
    said = {name: adding.excluded[name] for name in _FOUND_BY_NAME[2:]}
    return adding.on_conflict_do_update(index_elements=_FOUND_BY_NAME[:2], set_=said)


_FOUND_BY_NAME = ("account_id", "user_id", "access_hash", "username", "username_at")
_FOUND = BulkStatement(PEOPLE, columns(*_FOUND_BY_NAME), _remembering)


async def invalidate(session: AsyncSession, account_id: int, user_id: int) -> None:
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
