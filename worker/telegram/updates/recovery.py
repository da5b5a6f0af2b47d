"""Fetches the updates that the account has missed: those of private chats, with a bounded number of calls."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from pyrogram import raw

from shared.backoff import backoff
from worker.domain.telegram_port import (
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.telegram.updates.batches import unpack_difference
from worker.telegram.updates.feed import UpdateFeed
from worker.telegram.updates.people import by_id

log = logging.getLogger(__name__)
types = raw.types

# Limits of one recovery: the history round finds what it leaves.
MAX_CALLS, MAX_SECONDS = 20, 60
# The shortest pause between two recoveries, and the pauses after failures.
MIN_PAUSE_SECONDS, RETRY_BASE_SECONDS, RETRY_MAX_SECONDS = 0.5, 2.0, 300.0
# After so many refusals in a row the stored state is taken to be of no use.
MAX_REFUSALS = 3


class Recovery:
    """Runs beside the worker: `run` until cancelled.

    `call`: sends one query; raises the port's errors. `save`: stores the feed's state.
    `on_skipped`: called if Telegram no longer has the missed updates, so that histories have to be read.
    """

    def __init__(
        self,
        feed: UpdateFeed,
        call: Callable[[Any], Awaitable[Any]],
        save: Callable[[], Awaitable[None]],
        on_skipped: Callable[[], None],
        *,
        min_pause: float = MIN_PAUSE_SECONDS,
    ) -> None:
        self._feed = feed
        self._call = call
        self._save = save
        self._on_skipped = on_skipped
        self._has_skipped = False
        self._min_pause = min_pause
        self._failures = 0
        self._refusals = 0
        self._retry_now = asyncio.Event()
        # The last state could not be stored.
        self._is_unstored = False

    def retry_now(self) -> None:
        """End the pause after a failure: there is a new connection."""
        self._retry_now.set()

    async def run(self) -> None:
        """Recover after each gap; raises SessionRevokedError."""
        while True:
            await self._feed.gap.wait()
            short = self._feed.take_short()
            self._has_skipped = False
            failure = await self._try()
            self._feed.is_without_recovery = failure is not None
            if failure is not None or self._has_skipped:
                # These came with all that is needed to handle them.
                for update in short:
                    self._feed.pass_on(update, {})
            await self._wait(self._pause(failure))

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(self._min_pause)
        try:
            async with asyncio.timeout(max(seconds - self._min_pause, 0)):
                await self._retry_now.wait()
        except TimeoutError:
            return
        finally:
            self._retry_now.clear()

    async def _try(self) -> Exception | None:
        """Recover once; returns the failure, after which `gap` stays set."""
        self._feed.is_recovering = True
        self._feed.gap.clear()
        try:
            async with asyncio.timeout(MAX_SECONDS):
                is_complete = await self.recover()
            if not is_complete:
                self._feed.gap.set()
        except SessionRevokedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong, live updates go on
            self._feed.gap.set()
            return error
        finally:
            self._feed.is_recovering = False
        return None

    async def recover(self) -> bool:
        """Fetch all pages, at most `MAX_CALLS`; returns False if there are more."""
        if self._feed.state.pts is None or self._refusals >= MAX_REFUSALS:
            await self.start_over()
            return True
        for _ in range(MAX_CALLS):
            if await self._fetch_page():
                await self._store()
                return True
        await self._store()
        return False

    async def start_over(self) -> None:
        """Begin with the present state; what lies before it is found in the histories."""
        self._feed.state.replace_with(await self._call(raw.functions.updates.GetState()))
        await self._store()
        self._skip()

    async def _store(self) -> None:
        """Store the state. If the disk is full, the recovery goes on: a later start fetches more again."""
        try:
            await self._save()
        except (sqlite3.Error, OSError) as error:
            if not self._is_unstored:
                log.warning("the session file cannot be written: %s; the worker goes on without", error)
            self._is_unstored = True
            return
        if self._is_unstored:
            log.info("the session file is written again")
        self._is_unstored = False

    def _skip(self) -> None:
        self._has_skipped = True
        self._on_skipped()

    async def _fetch_page(self) -> bool:
        """Fetch one page of the difference; returns True after the last one."""
        state = self._feed.state
        query = raw.functions.updates.GetDifference(pts=state.pts, date=state.date, qts=state.qts)
        page = await self._call(query)
        match page:
            case types.updates.DifferenceEmpty():
                state.date, state.seq = page.date, page.seq
                return True
            case types.updates.Difference():
                self._pass_on(page)
                state.replace_with(page.state)
                return True
            case types.updates.DifferenceSlice():
                self._pass_on(page)
                is_stuck: bool = page.intermediate_state.pts == state.pts
                state.replace_with(page.intermediate_state)
                return is_stuck
            case types.updates.DifferenceTooLong():
                self._skip()
                has_moved: bool = page.pts != state.pts
                state.pts = page.pts
                return not has_moved
            case _:
                raise TelegramError(f"an unexpected answer: {type(page).__name__}")

    def _pass_on(self, page: Any) -> None:
        batch = unpack_difference(page)
        users = by_id(batch.users)
        for update in batch.updates:
            self._feed.pass_on_missed(update, users)

    def _pause(self, failure: Exception | None) -> float:
        """Return the pause before the next recovery, in seconds, and log a failure."""
        if failure is None:
            self._failures = self._refusals = 0
            return self._min_pause
        self._failures += 1
        is_refusal = isinstance(failure, TelegramError) and not isinstance(
            failure, TelegramUnavailableError | RateLimitedError
        )
        self._refusals += is_refusal
        pause = backoff(self._failures, base=RETRY_BASE_SECONDS, maximum=RETRY_MAX_SECONDS).total_seconds()
        if isinstance(failure, RateLimitedError):
            pause = max(pause, failure.wait.total_seconds())
        known = isinstance(failure, TelegramError | TimeoutError)
        reason = str(failure) or type(failure).__name__
        log.warning(
            "missed updates could not be fetched: %s; trying again in %d s",
            reason,
            pause,
            exc_info=None if known else failure,
        )
        return pause
