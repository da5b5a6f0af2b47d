"""A connection of psycopg whose every wait ends. Import it only for PostgreSQL, to save memory on SQLite."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen

from shared.database.timeouts import CONNECT_TOTAL_SECONDS

ResultT = TypeVar("ResultT")
UTF8 = "UTF8"


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Closes itself when an answer takes longer than `answer_seconds` (None: waits for ever).

    A server that hangs, or that is cut off, neither answers nor closes the connection. A cancelled task
    closes its connection too: psycopg would wait for the server to confirm that it cancels the statement.
    """

    answer_seconds: float | None = None

    async def wait(self, gen: PQGen[ResultT], interval: float = 0.1, timeout: float | None = None) -> ResultT:
        """Wait for a step of the driver; raises psycopg.OperationalError if there is no answer in time.

        `timeout`: a limit of the caller, after which the connection stays open.
        """
        try:
            async with asyncio.timeout(self.answer_seconds if timeout is None else None) as deadline:
                return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except TimeoutError:
            if not deadline.expired():
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {self.answer_seconds} seconds") from None
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


def opener(answer_seconds: float | None) -> Callable[..., Awaitable[BoundedConnection]]:
    """Return a function that opens connections, with the arguments of psycopg.AsyncConnection.connect."""

    async def open_connection(*arguments: Any, **options: Any) -> BoundedConnection:  # noqa: ANN401 - the driver's
        try:
            async with asyncio.timeout(CONNECT_TOTAL_SECONDS) as deadline:
                connection = await BoundedConnection.connect(*arguments, **options)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise psycopg.OperationalError(f"no answer within {CONNECT_TOTAL_SECONDS} seconds") from None
        connection.answer_seconds = answer_seconds
        encoding = connection.info.parameter_status("server_encoding")
        if encoding not in {None, UTF8}:
            connection.pgconn.finish()
            # Texts would come as bytes, or could not be stored.
            raise psycopg.OperationalError(f"the database's encoding is {encoding}, not {UTF8}")
        return connection

    return open_connection
