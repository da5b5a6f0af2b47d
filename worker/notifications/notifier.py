"""Tells the owner what happens, from the worker's account, apart from the leads' own traffic."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from worker.domain.telegram_port import (
    CannotWriteError,
    Peer,
    PeerNotFoundError,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.notifications import notices, texts
from worker.notifications.texts import Language

log = logging.getLogger(__name__)

MYSELF = "me"
TICK_SECONDS = 10
BUNDLE = timedelta(minutes=1)
SUMMARY_HOUR = 9
# An answer that is so late for want of a model is the owner's to know of.
MODEL_AWAY = timedelta(minutes=10)
REFUSED_PAUSE = timedelta(hours=1)


@dataclass
class OwnerNotifier:
    """`run` it beside the loop: whatever goes wrong here is logged, and no lead waits for it.

    `chat` is a username, or `me` for the account's own Saved Messages; `trouble`: what the model's owner
    has to mend; `may_speak`: whether the account is still ours.
    """

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    chat: str
    language: Language
    most_an_hour: int
    zone: ZoneInfo
    trouble: Callable[[], str | None]
    may_speak: Callable[[], bool]
    bundle: timedelta = BUNDLE
    _since: datetime | None = field(default=None, init=False)
    _summed_up: str = field(default="", init=False)
    _peer: Peer | None = field(default=None, init=False)

    async def run(self) -> None:
        """Look, bundle and send, now and then, until cancelled; raises SessionEndedError."""
        while True:
            try:
                await self.run_once()
            except SessionRevokedError:
                raise
            except (TelegramError, *DATABASE_DOWN) as error:
                log.warning("the owner is told later: %s", error if str(error) else type(error).__name__)
            except Exception:  # a bug in telling must not end the worker
                log.exception("the owner could not be told")
            await asyncio.sleep(TICK_SECONDS)

    async def run_once(self) -> None:
        """One round."""
        now = self.clock()
        if self._since is None:
            async with self.database.writing() as session:
                self._since = await notices.begin(session, now=now)
        since = self._since
        await self._note_leads(since, now)
        await self._note_trouble(now)
        await self._note_summary(since, now)
        async with self.database.reading() as session:
            if not await notices.is_open(session):
                return
        async with self.database.writing() as session:
            await notices.bundle(
                session, self.account_id, now=now, after=self.bundle, most_an_hour=self.most_an_hour
            )
        async with self.database.reading() as session:
            outgoing = await notices.outgoing(session, self.account_id, now=now)
        for random_id, lines in outgoing.items():
            await self._send(random_id, texts.bundle(self.language, lines))

    async def _note_leads(self, since: datetime, now: datetime) -> None:
        async with self.database.reading() as session:
            untold = await notices.unreported_events(session, self.account_id, since=since, now=now)
        if not untold:
            return
        async with self.database.writing() as session:
            for event, lead in untold:
                text = texts.say(
                    self.language, event.to_status, lead=lead.id, name=lead.name, reason=event.reason
                )
                key = f"event:{event.id}"
                await notices.add(session, key, text, now=now, account_id=lead.account_id, lead_id=lead.id)

    async def _note_trouble(self, now: datetime) -> None:
        """Once a day for each trouble that lasts."""
        day = f"{now.astimezone(self.zone):%Y-%m-%d}"
        async with self.database.reading() as session:
            accounts = await notices.accounts_in_trouble(session, self.account_id)
            away = self.trouble() or await notices.unanswered_for_want_of_a_model(
                session, self.account_id, before=now - MODEL_AWAY
            )
        lines = {
            f"account:{row.id}:{row.state}:{day}": texts.say(
                self.language,
                row.state,
                account=f"@{row.username}" if row.username else row.session_name,
                reason=row.state_reason,
            )
            for row in accounts
        }
        if away:
            lines[f"model:{day}:{away}"] = texts.say(self.language, "model", reason=away)
        if lines:
            async with self.database.writing() as session:
                for key, text in lines.items():
                    await notices.add(session, key, text, now=now)

    async def _note_summary(self, since: datetime, now: datetime) -> None:
        local = now.astimezone(self.zone)
        hour = local.replace(hour=SUMMARY_HOUR, minute=0, second=0, microsecond=0)
        if self._summed_up == f"summary:{local:%Y-%m-%d}":
            return
        # On the first day there is no yesterday to tell of.
        if not since < hour <= local:
            return
        end = local.replace(hour=0, minute=0, second=0, microsecond=0)
        # By the calendar: a day may have 23 hours.
        start = (end - timedelta(days=1)).replace(hour=0)
        key = f"summary:{local:%Y-%m-%d}"
        async with self.database.writing() as session:
            counts = await notices.figures(session, start=start, end=end)
            text = texts.say(self.language, "summary", day=f"{start:%d.%m}", **counts)
            await notices.add(session, key, text, now=now)
        self._summed_up = key

    async def _send(self, random_id: int, text: str) -> None:
        if not self.may_speak():
            raise TelegramUnavailableError("whose account this is cannot be confirmed")
        now = self.clock()
        try:
            if self.chat == MYSELF:
                await self.telegram.note(text, random_id)
            else:
                await self.telegram.send(await self._owner(), text, random_id)
        except (SessionRevokedError, TelegramUnavailableError):
            # Whether it arrived is not known: it is tried again under the same identity.
            raise
        except (PeerNotFoundError, CannotWriteError) as error:
            log.error("OWNER_CHAT cannot be written to: %s", error)
            async with self.database.writing() as session:
                await notices.record_failed(session, random_id, str(error))
        except TelegramError as error:
            log.warning("the owner is told later: %s", error)
            wait = error.wait if isinstance(error, RateLimitedError) else REFUSED_PAUSE
            async with self.database.writing() as session:
                await notices.put_off(session, random_id, str(error), until=now + wait)
        else:
            async with self.database.writing() as session:
                await notices.record_sent(session, random_id, now=now)

    async def _owner(self) -> Peer:
        if self._peer is None:
            self._peer = await self.telegram.find_by_username(self.chat)
        return self._peer
