"""Reads the histories of several chats: one that cannot be read hides none of the others."""

import logging
from collections.abc import Awaitable, Callable, Iterable

from shared.database.engine import DATABASE_DOWN
from worker.domain.telegram_port import (
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging.inbox import CatchUpChat

log = logging.getLogger(__name__)

# After so many chats in a row without an answer, Telegram is taken to be down.
MAX_UNREADABLE = 3


async def read_all(chats: Iterable[CatchUpChat], read: Callable[[CatchUpChat], Awaitable[None]]) -> bool:
    """Call `read` for each chat; returns False if some have to be read again.

    Raises SessionRevokedError, RateLimitedError, or TelegramUnavailableError if Telegram is down.
    """
    unreadable, is_complete = 0, True
    for chat in chats:
        try:
            await read(chat)
        except (SessionRevokedError, RateLimitedError):
            raise
        except TelegramUnavailableError:
            is_complete, unreadable = False, unreadable + 1
            if unreadable >= MAX_UNREADABLE:
                raise
        except TelegramError as error:
            log.warning("lead %s: its history cannot be read: %s", chat.lead.id, error)
        except DATABASE_DOWN:
            raise
        except Exception:
            log.exception("lead %s: its history cannot be read", chat.lead.id)
        else:
            unreadable = 0
    return is_complete
