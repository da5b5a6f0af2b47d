"""Who the owner is: the Telegram user whom OWNER_CHAT led to first. A username may pass to another user."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import OwnerIdentity, OwnerMessage
from shared.texts import Language
from worker.domain.telegram_port import Peer, Sender
from worker.notifications.commands import command_parser


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
    found = await session.exec(
        select(OwnerIdentity)
        .where(col(OwnerIdentity.account_id) == account_id, col(OwnerIdentity.username) == username.lower())
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def find_or_remember(
    session: AsyncSession, account_id: int, username: str, found: Peer | Sender, *, now: datetime
) -> OwnerIdentity:
    """Return whom this username led to first: the user who is found now, if no user is known yet."""
    known = await find(session, account_id, username)
    is_known = known is not None and found.access_hash in (None, known.access_hash)
    if known is not None and (is_known or known.user_id != found.user_id):
        return known
    identity: dict[str, Any] = {
        "username": username.lower(),
        "user_id": found.user_id,
        "access_hash": found.access_hash,
        "since": known.since if known is not None else now,
    }
    await session.exec(
        insert_for(session, OwnerIdentity)
        .values(account_id=account_id, **identity)
        .on_conflict_do_update(index_elements=["account_id"], set_=identity)
    )
    return await find(session, account_id, username) or OwnerIdentity(account_id=account_id, **identity)


async def forget(session: AsyncSession, account_id: int) -> None:
    """Forget the owner: the next use of OWNER_CHAT decides who it is."""
    await session.exec(delete(OwnerIdentity).where(col(OwnerIdentity.account_id) == account_id))


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
