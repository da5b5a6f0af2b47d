"""Finds reactions that no update has told of. The list of chats counts the unread ones."""

import logging
from collections.abc import Callable
from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import (
    PeerFloodError,
    RateLimitedError,
    Reaction,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
    UnexplainedRefusalError,
)
from worker.telegram.calls import dialogs
from worker.telegram.session.session import TelegramSession
from worker.telegram.updates.arrivals import read_message

log = logging.getLogger(__name__)

_LIMIT = 100
# In one round; the next round goes on with the others.
MAX_CHATS = 20


class MissedReactions:
    """Asks for the reactions of a chat once for each change of their number."""

    def __init__(self, session: TelegramSession, deliver: Callable[[Reaction], None]) -> None:
        self._session = session
        self._deliver = deliver
        self._known: dict[int, int] = {}

    async def look(self, page: Any) -> None:
        """Deliver the reactions in the chats of a page of the list; raises SessionRevokedError."""
        counts = dialogs.unread_reactions(page)
        changed = [(peer, count) for peer, count in counts if self._known.get(peer.user_id, 0) != count]
        for peer, count in changed[:MAX_CHATS]:
            try:
                if count:
                    await self._fetch(peer)
            except SessionRevokedError:
                raise
            except (TelegramUnavailableError, RateLimitedError, PeerFloodError) as error:
                # The next round tries again.
                log.warning("reactions could not be read: %s", error)
                return
            except UnexplainedRefusalError as error:
                log.warning("reactions could not be read: %s", error)
                continue
            except TelegramError as error:
                # A refusal of this chat is not asked for every few minutes.
                log.warning("reactions could not be read: %s", error)
            self._known[peer.user_id] = count

    def forget(self, user_id: int) -> None:
        """Take the reactions of a person as read: the next one is new, although it is one again."""
        self._known.pop(user_id, None)

    async def _fetch(self, peer: Any) -> None:
        query = raw.functions.messages.GetUnreadReactions(
            peer=peer, offset_id=0, add_offset=0, limit=_LIMIT, max_id=0, min_id=0
        )
        answer = await self._session.call(query)
        for message in reversed(answer.messages):
            for arrival in read_message(message, self._session.user_id):
                if isinstance(arrival, Reaction):
                    self._deliver(arrival)
