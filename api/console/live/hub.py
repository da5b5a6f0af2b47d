"""Tells the open pages which leads have changed. Without an open page nothing runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from api.settings import ApiSettings
from shared.clock import utc_now
from shared.database.bulk import insert_for
from shared.database.console_models import ConsoleWatch
from shared.database.drivers.sqlite_commits import watch_commits
from shared.database.engine import Database

logger = logging.getLogger(__name__)

CHANNELS = ("lead_changed", "leads_due")
# Changes of this time are told together.
COLLECT_SECONDS = 0.25
# While no notification can come (a pooler, an outage), pages fetch everything this often.
POLL_SECONDS = 5.0
SQLITE_SECONDS = 0.3
# The triggers notify until this long after the last renewal.
WATCH_LASTS = timedelta(seconds=90)
_RENEW_SECONDS = 30.0
_TICK_SECONDS = 0.5


class Page:
    """The changes that one open page has not been told yet; `everything`: it must fetch all."""

    def __init__(self) -> None:
        self.changed: set[int] = set()
        self.everything = True
        self.has_news = asyncio.Event()
        self.has_news.set()
        self.is_over = False


class Hub:
    """Fans the changes out to the open pages of this process."""

    def __init__(self, app: FastAPI) -> None:
        self._database: Database = app.state.database
        self._settings: ApiSettings = app.state.settings
        self._is_stopping: Callable[[], bool] = getattr(app.state, "is_stopping", lambda: False)
        self._pages: set[Page] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_listening = False

    @contextlib.asynccontextmanager
    async def open_page(self) -> AsyncIterator[Page]:
        """Register a page; the first one starts the listener, and the last one ends it."""
        page = Page()
        self._pages.add(page)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield page
        finally:
            self._pages.discard(page)
            if not self._pages and self._task is not None:
                self._task.cancel()
                self._task = None

    def close(self) -> None:
        """End the streams of all pages."""
        for page in self._pages:
            page.is_over = True
            page.has_news.set()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._stop_in_time())
                if self._database.is_postgres:
                    # Before LISTEN: a change in between would not be reported.
                    with contextlib.suppress(SQLAlchemyError):
                        await self._renew_watch()
                    tasks.create_task(self._keep_watch())
                    tasks.create_task(self._listen())
                    tasks.create_task(self._poll())
                else:
                    tasks.create_task(watch_commits(self._database, self.tell_everything, SQLITE_SECONDS))
        except* Exception as errors:  # noqa: BLE001 - the pages reconnect and start it again
            logger.warning("live updates ended: %s", [type(error).__name__ for error in errors.exceptions])
            self.close()

    async def _listen(self) -> None:
        from shared.database.drivers.postgres_notifications import listen  # noqa: PLC0415 - on SQLite it is not needed

        direct = self._settings.database_listen_url
        await listen(self._database, CHANNELS, self._on_notification, self._on_listening, logger, direct)

    def _on_listening(self) -> None:
        self._is_listening = True
        self.tell_everything()

    def _on_notification(self, _channel: str, payload: str) -> None:
        # The intake notifies without a number: a lead is new.
        lead_id = int(payload) if payload.isdecimal() else 0
        for page in self._pages:
            page.changed.add(lead_id)
            page.has_news.set()

    def tell_everything(self) -> None:
        """Let the open pages fetch everything: for a change that belongs to no lead."""
        for page in self._pages:
            page.everything = True
            page.has_news.set()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._is_listening:
                self.tell_everything()

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            with contextlib.suppress(SQLAlchemyError):
                await self._renew_watch()

    async def _renew_watch(self) -> None:
        until = utc_now() + WATCH_LASTS
        async with self._database.writing() as session:
            row = insert_for(session, ConsoleWatch).values(id=1, until=until)
            await session.exec(row.on_conflict_do_update(index_elements=["id"], set_={"until": until}))

    async def _stop_in_time(self) -> None:
        # The server tells of its stop by a flag only.
        while not self._is_stopping():  # noqa: ASYNC110
            await asyncio.sleep(_TICK_SECONDS)
        self.close()


def hub_of(app: FastAPI) -> Hub:
    """Return the application's hub, made when it is first needed."""
    hub: Hub | None = getattr(app.state, "console_hub", None)
    if hub is None:
        hub = app.state.console_hub = Hub(app)
    return hub
