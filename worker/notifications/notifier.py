"""Sends the owner notices about leads, refused calls, trouble and each day, from the worker's account."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.backoff import GrowingPause
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.translations import Language
from worker.domain.local_time import days_before
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.notifications import (
    figures,
    notices,
    provider_notices,
    refused_calls,
    storage_trouble,
    texts,
    waiting,
)
from worker.notifications.commands.owner_chat import OwnerChat
from worker.notifications.storage_trouble import StorageTrouble

log = logging.getLogger(__name__)

ROUND_SECONDS, MAX_ROUND_SECONDS = 10, 600
BUNDLE_AFTER = timedelta(minutes=1)
SUMMARY_HOUR, MONDAY = 9, 0
# The owner is notified if a failure of the model or of Telegram delays a message for longer.
MODEL_DOWN_AFTER = timedelta(minutes=10)
REFUSED_RETRY_AFTER = timedelta(hours=1)


@dataclass
class OwnerNotifier:
    """Runs beside the dispatcher. Failures are logged; they never delay a lead.

    `chat`: a username, or `me` for the account's own Saved Messages. `model_trouble`: returns the model's
    problem that the owner has to fix, or None. `may_send`: returns False once the account lease may have
    expired. `bundle_after`: how long a notice waits for others that go out in the same message.
    """

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    chat: str
    language: Language
    max_per_hour: int
    zone: ZoneInfo
    model_trouble: Callable[[], str | None]
    may_send: Callable[[], bool]
    bundle_after: timedelta = BUNDLE_AFTER
    # The limit of first messages after the warm-up, and how many days that lasts.
    full_limit: int = 0
    warmup_days: int = 0
    # What is wrong with this machine: the name of a notice (`clock`, `disk`) and the reason.
    machine_troubles: Callable[[], Mapping[str, str]] = dict
    # Raises the database's error if it stores nothing: without news, a round only reads.
    check_storing: Callable[[], Awaitable[None]] | None = None
    # When the worker was last alive before this start (UTC); None: it is not known.
    last_alive: datetime | None = None
    owner: OwnerChat = field(init=False)
    _since: datetime | None = field(default=None, init=False)
    _last_summary: str = field(default="", init=False)
    _storage: StorageTrouble = field(default_factory=StorageTrouble, init=False)

    def __post_init__(self) -> None:
        """Prepare the chat."""
        self.owner = OwnerChat(
            self.telegram, self.chat, self.database, self.account_id, self.clock, self.language
        )

    async def run(self) -> None:
        """Do a round every `ROUND_SECONDS`, after failures more seldom, until cancelled.

        Raises SessionRevokedError.
        """
        growing = GrowingPause(base=ROUND_SECONDS, maximum=MAX_ROUND_SECONDS)
        while True:
            pause: float = ROUND_SECONDS
            try:
                if self.check_storing is not None:
                    await self.check_storing()
                await self.run_once()
                growing.succeeded()
            except SessionRevokedError:
                raise
            except (TelegramError, *DATABASE_DOWN) as error:
                await self.note_failure(error)
                log.warning(
                    "notices to the owner are delayed: %s", error if str(error) else type(error).__name__
                )
                pause = growing.failed()
            except Exception:  # a bug in notices must not end the worker
                log.exception("notices to the owner failed")
                pause = growing.failed()
            await asyncio.sleep(pause)

    async def note_failure(self, error: Exception) -> None:
        """Remember since when the database fails; the owner is told after two minutes, and at the end.

        The database cannot keep this notice: the message goes out at once, also while the account lease is
        not confirmed. Without that, the owner would not hear of a full disk.
        """
        now = self.clock()
        self._storage.note(error, now)
        if (trouble := self._storage.untold(now)) is None:
            return
        since, reason = trouble
        text = texts.render_long(self.language, "storage_now", reason=reason, since=self._local(since))
        try:
            # A second try is the same message to Telegram.
            await self.owner.send(text, storage_trouble.message_id(self.account_id, since))
            self._storage.mark_told()
        except SessionRevokedError:
            raise
        except TelegramError as failure:
            log.warning("the owner could not be told of the database: %s", failure)

    async def run_once(self) -> None:
        """Add notices for what is new, then send the bundles that are ready."""
        now = self.clock()
        if self._since is None:
            async with self.database.writing() as session:
                self._since = await notices.start_reporting(session, now=now)
        since = self._since
        await self._report_leads(since, now)
        await self._report_refused_calls(since, now)
        await self._report_waiting(since, now)
        await self._report_trouble(now)
        await self._report_absence(now)
        await self._report_summary(since, now)
        async with self.database.reading() as session:
            if not await notices.has_unsent(session):
                return
        async with self.database.writing() as session:
            await notices.bundle(
                session, self.account_id, now=now, after=self.bundle_after, max_per_hour=self.max_per_hour
            )
        async with self.database.reading() as session:
            bundles = await notices.load_bundles(session, self.account_id, now=now)
        for random_id, lines in bundles.items():
            await self._send(random_id, texts.join_lines(self.language, lines))

    async def _report_leads(self, since: datetime, now: datetime) -> None:
        async with self.database.reading() as session:
            events = await notices.unreported_events(session, self.account_id, since=since, now=now)
        if not events:
            return
        async with self.database.writing() as session:
            for event, lead in events:
                template = "returned" if notices.is_return(event) else event.to_status
                text = texts.render_line(
                    self.language, template, lead=lead.id, name=lead.name, reason=event.reason
                )
                key = f"event:{event.id}"
                await notices.add(session, key, text, now=now, account_id=lead.account_id, lead_id=lead.id)

    async def _report_refused_calls(self, since: datetime, now: datetime) -> None:
        async with self.database.reading() as session:
            if await refused_calls.find_unreported(session, since=since, now=now) is None:
                return
        async with self.database.writing() as session:
            await refused_calls.report(session, self.language, since=since, now=now)

    async def _report_waiting(self, since: datetime, now: datetime) -> None:
        """Report drafts, and once a day the people who wait for the limit or for another account."""
        async with self.database.reading() as session:
            drafts = await waiting.draft_notices(
                session, self.account_id, self.language, since=since, now=now
            )
            lines = await waiting.limit_notice(
                session,
                self.language,
                full_limit=self.full_limit,
                warmup_days=self.warmup_days,
                zone=self.zone,
                now=now,
            ) | await waiting.away_notices(session, self.account_id, self.language, zone=self.zone, now=now)
            known = await notices.known_keys(session, [*(key for key, _, _ in drafts), *lines])
        new_drafts = [draft for draft in drafts if draft[0] not in known]
        new_lines = {key: text for key, text in lines.items() if key not in known}
        if not (new_drafts or new_lines):
            return
        async with self.database.writing() as session:
            for key, text, lead_id in new_drafts:
                await notices.add(session, key, text, now=now, account_id=self.account_id, lead_id=lead_id)
            for key, text in new_lines.items():
                await notices.add(session, key, text, now=now)

    async def _report_absence(self, now: datetime) -> None:
        """Report once that this worker was away, and that the database has stored nothing for a while."""
        if (ended := self._storage.take_ended(now)) is not None:
            began, reason = ended
            moments = {"since": self._local(began), "until": self._local(now)}
            text = texts.render_long(self.language, "storage", reason=reason, **moments)
            async with self.database.writing() as session:
                await notices.add(session, f"storage:{began:%Y-%m-%dT%H:%M}", text, now=now)
        if self.last_alive is not None:
            async with self.database.writing() as session:
                notice = await waiting.returned_notice(
                    session, self.account_id, self.language, since=self.last_alive, zone=self.zone, now=now
                )
                if notice is not None:
                    await notices.add(session, *notice, now=now, account_id=self.account_id)
            self.last_alive = None

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%d.%m %H:%M}"

    async def _report_trouble(self, now: datetime) -> None:
        """Report each lasting trouble once a day."""
        day = f"{now.astimezone(self.zone):%Y-%m-%d}"
        async with self.database.reading() as session:
            accounts = await notices.accounts_in_trouble(session, self.account_id)
            model_error = self.model_trouble() or await notices.model_failure_blocking_replies(
                session, self.account_id, before=now - MODEL_DOWN_AFTER
            )
            refusal = await notices.refusal_blocking_messages(
                session, self.account_id, before=now - MODEL_DOWN_AFTER
            )
            provider_lines = await provider_notices.find(session, self.language, now=now)
        lines = {
            f"account:{row.id}:{row.state}:{day}": texts.render_line(
                self.language,
                row.state,
                account=f"@{row.username}" if row.username else row.session_name,
                reason=row.state_reason,
            )
            for row in accounts
        } | provider_lines
        if model_error:
            lines[f"model:{day}:{model_error}"] = texts.render_line(
                self.language, "model", reason=model_error
            )
        if refusal:
            lines[f"refusal:{day}:{refusal}"] = texts.render_line(self.language, "refusal", reason=refusal)
        for kind, reason in self.machine_troubles().items():
            lines[f"{kind}:{self.account_id}:{day}"] = texts.render_long(self.language, kind, reason=reason)
        if lines:
            async with self.database.writing() as session:
                for key, text in lines.items():
                    await notices.add(session, key, text, now=now)

    async def _report_summary(self, since: datetime, now: datetime) -> None:
        local = now.astimezone(self.zone)
        summary_at = local.replace(hour=SUMMARY_HOUR, minute=0, second=0, microsecond=0)
        if self._last_summary == f"summary:{local:%Y-%m-%d}":
            return
        # On the first day there are no figures of the day before.
        if not since < summary_at <= local:
            return
        start, end = days_before(local)
        key = f"summary:{local:%Y-%m-%d}"
        async with self.database.writing() as session:
            counts = await notices.load_daily_figures(session, start=start, end=end)
            further = await figures.load_further_figures(session, start=start, end=end, now=now)
            more = texts.render_more(self.language, further)
            text = texts.render_long(self.language, "summary", day=f"{start:%d.%m}", more=more, **counts)
            await notices.add(session, key, text, now=now)
            if local.weekday() == MONDAY:
                week, _ = days_before(local, 7)
                text = await figures.render_week(session, self.language, start=week, end=end)
                await notices.add(session, key.replace("summary", "week"), text, now=now)
        self._last_summary = key

    async def _send(self, random_id: int, text: str) -> None:
        if not self.may_send():
            raise TelegramUnavailableError("the account lease is not confirmed")
        now = self.clock()
        try:
            sent = await self.owner.send(text, random_id)
        except (SessionRevokedError, TelegramUnavailableError):
            # It may have arrived: it is sent again under the same random_id.
            raise
        except (PeerNotFoundError, CannotWriteError) as error:
            log.error("OWNER_CHAT cannot be written to: %s", error)
            async with self.database.writing() as session:
                await notices.record_failed(session, random_id, str(error))
        except TelegramError as error:
            log.warning("a notice to the owner is delayed: %s", error)
            wait = error.wait if isinstance(error, RateLimitedError) else REFUSED_RETRY_AFTER
            async with self.database.writing() as session:
                await notices.postpone(session, random_id, str(error), until=now + wait)
        else:
            async with self.database.writing() as session:
                await notices.record_sent(session, random_id, sent.message_id, now=now)
