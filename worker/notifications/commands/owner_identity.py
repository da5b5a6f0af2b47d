"""Who the owner is: the Telegram user whom OWNER_CHAT led to first. A username may pass to another user.

After `forget` the row stays, without a user: what was written before that moment is no command.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import OWNER_IDENTITIES, OwnerIdentity, OwnerMessage
from shared.translations import Language
from worker.domain.telegram_port import Peer, Sender
from worker.notifications.commands import command_parser

_NO_USER = 0
# Our clock may be ahead of Telegram's, which counts whole seconds.
_CLOCK_SKEW = timedelta(seconds=5)


@dataclass(frozen=True)
class OwnerWarning:
    """What Saved Messages are told of a user who may not command.

    `owner_moved`: another user has the owner's username; `owner_renamed`: the owner has another one.
    """

    kind: Literal["owner_moved", "owner_renamed"]
    username: str
    user_id: int

    def text(self, language: Language) -> str:
        """Return the words."""
        return command_parser.render(language, self.kind, username=self.username)

    def random_id(self, account_id: int) -> int:
        """Return the `random_id`: a user is warned of once."""
        name = f"{self.kind}:{account_id}:{self.username.lower()}:{self.user_id}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1 or 1


async def find(session: AsyncSession, account_id: int, username: str) -> OwnerIdentity | None:
    """Return whom this username led to first; None if that is not known yet."""
    found = await _load(session, account_id, username)
    return found if found is not None and found.user_id != _NO_USER else None


async def find_or_remember(
    session: AsyncSession,
    account_id: int,
    username: str,
    found: Peer | Sender,
    *,
    now: datetime,
    wrote_at: datetime | None = None,
) -> OwnerIdentity:
    """Return whom this username led to first: the user who is found now, if no user is known yet.

    `wrote_at`: when that user wrote; what a user who becomes known now wrote before is no command.
    """
    known = await _load(session, account_id, username)
    is_complete = known is not None and found.access_hash in (None, known.access_hash)
    if known is not None and known.user_id != _NO_USER and (is_complete or known.user_id != found.user_id):
        return known
    identity: dict[str, Any] = {
        "username": username.lower(),
        "user_id": found.user_id,
        "access_hash": found.access_hash,
        "since": known.since if known is not None else (wrote_at or now) - _CLOCK_SKEW,
    }
    await session.exec(
        insert_for(session, OwnerIdentity)
        .values(account_id=account_id, **identity)
        .on_conflict_do_update(index_elements=["account_id"], set_=identity)
    )
    return await find(session, account_id, username) or OwnerIdentity(account_id=account_id, **identity)


async def forget(session: AsyncSession, account_id: int, *, since: datetime) -> None:
    """Forget the owner: the next use of OWNER_CHAT decides who it is.

    `since`: what was written until then is no command, so that what was refused stays refused.
    """
    await session.exec(
        update(OWNER_IDENTITIES)
        .where(OWNER_IDENTITIES.c.account_id == account_id)
        .values(user_id=_NO_USER, access_hash=None, since=since)
    )


async def _load(session: AsyncSession, account_id: int, username: str) -> OwnerIdentity | None:
    found = await session.exec(
        select(OwnerIdentity)
        .where(col(OwnerIdentity.account_id) == account_id, col(OwnerIdentity.username) == username.lower())
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def warn(
    session: AsyncSession, account_id: int, language: Language, warning: OwnerWarning, *, now: datetime
) -> None:
    """Queue the warning for Saved Messages, unless it was queued before."""
    await session.exec(
        insert_for(session, OwnerMessage)
        .values(
            account_id=account_id,
            text=warning.text(language),
            random_id=warning.random_id(account_id),
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["random_id"])
    )
