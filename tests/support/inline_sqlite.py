"""SQLite without a thread for each connection: simulations spend most of their time in the switches.

A statement blocks the event loop, so a transaction is never interrupted. Not for tests of concurrency.
"""

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite
from sqlalchemy import event

from shared.database.engine import Database

_Call = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


class _InlineQueue:
    """Stands for the queue of a connection's thread: a call that is put in is made at once."""

    def put_nowait(self, call: _Call) -> None:
        future, function = call
        result = function()
        if future is not None:
            future.set_result(result)


class InlineConnection(aiosqlite.Connection):
    """Runs every statement in the calling thread."""

    def __init__(self, connector: Callable[[], Any]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._tx: Any = _InlineQueue()

    async def _execute(self, fn: Callable[..., Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        return fn(*arguments, **options)

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


def run_inline(database: Database) -> None:
    """Let the new connections of a SQLite database run inline, and write without waiting for the disk."""
    engine = database.engine.sync_engine
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _disable_fsync)


def _connect(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
    return dialect.loaded_dbapi.connect(*arguments, async_creator_fn=_inline, **options)


def _inline(database: str, **options: Any) -> InlineConnection:  # noqa: ANN401 - those of sqlite3
    # The driver itself has no other way to make a connection without its thread.
    return InlineConnection(aiosqlite.connect(database, **options)._connector)


def _disable_fsync(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    # The file is deleted afterwards, so nothing needs to survive a power cut.
    connection.cursor().execute("PRAGMA synchronous=OFF")
