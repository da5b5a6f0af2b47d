"""Receives NOTIFY from PostgreSQL over a connection of its own. Import it only for PostgreSQL."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence

import psycopg
from sqlalchemy import text

from shared.backoff import GrowingPause
from shared.database.drivers.postgres_connections import open_connection
from shared.database.engine import DATABASE_DOWN, SERVER_PID, Database, is_pooled
from shared.database.faults.driver_errors import OutageLog
from shared.database.timeout_connection import BoundedConnection
from shared.database.urls import async_url, driver_address

# The first pause before a new connection, and the longest; meanwhile the caller has to poll.
RECONNECT_SECONDS, MAX_RECONNECT_SECONDS = 2.0, 30.0
# A notification from another connection normally arrives within a millisecond.
NOTIFY_TIMEOUT_SECONDS = 2
# The pause before the next check for a pooler in transaction mode: its mode seldom changes.
POOLER_RECHECK_SECONDS = 600
NO_NOTIFICATIONS = (
    "no wake-ups, polling instead: DATABASE_URL leads through a pooler in transaction mode, which drops them;"
    " set DATABASE_LISTEN_URL to the server's own address"
)


async def listen(
    database: Database,
    channels: Sequence[str],
    on_notification: Callable[[str, str], None],
    on_listening: Callable[[], None],
    log: logging.Logger,
    direct: str | None = None,
) -> None:
    """Call `on_notification(channel, payload)` for each notification, until cancelled.

    `on_listening` is called after each (re)connection: earlier notifications may be lost. `direct`: the URL
    of the server itself, for a database URL that leads through a transaction-mode pooler.
    """
    address = driver_address(async_url(direct) if direct else database.url)
    outage, growing = OutageLog(), GrowingPause(base=RECONNECT_SECONDS, maximum=MAX_RECONNECT_SECONDS)
    while True:
        pause, listening_since = None, time.monotonic()
        try:
            connection = await open_connection(address, database)
            async with connection:
                if await _drops_notifications(connection, database):
                    log.warning(NO_NOTIFICATIONS)
                    pause = POOLER_RECHECK_SECONDS
                else:
                    for channel in channels:
                        await connection.execute(f"LISTEN {channel}")
                    outage.over(log)
                    listening_since = time.monotonic()
                    # A notification may come at any time.
                    connection.answer_seconds = None
                    on_listening()
                    async for notification in connection.notifies():
                        on_notification(notification.channel, notification.payload)
        except (psycopg.Error, OSError, *DATABASE_DOWN) as error:
            outage.note(error, log, "wake-ups lost, polling meanwhile")
        await asyncio.sleep(pause or growing.failed(time.monotonic() - listening_since))


async def _drops_notifications(connection: BoundedConnection, database: Database) -> bool:
    """Return True if a pooler in transaction mode stands between: it drops notifications for this session."""
    row = await (await connection.execute(f"SELECT {SERVER_PID}")).fetchone()
    if row is None or not is_pooled(connection.info.backend_pid, row[0]):
        return False
    # A pooler in session mode passes notifications on. Only a test notification tells the modes apart.
    channel = f"hear_{secrets.token_hex(8)}"
    await connection.execute(f"LISTEN {channel}")
    async with database.autocommit.begin() as other:
        await other.execute(text(f"NOTIFY {channel}"))
    async for _ in connection.notifies(timeout=NOTIFY_TIMEOUT_SECONDS, stop_after=1):
        await connection.execute(f"UNLISTEN {channel}")
        return False
    return True
