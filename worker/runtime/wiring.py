"""Builds the parts of a worker from its settings; the clock and the ports are arguments."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead
from worker.dialogue.persona import Persona
from worker.dispatch.delivery import MessageSender
from worker.dispatch.dispatcher import Dispatcher
from worker.dispatch.lead_context import LeadContextLoader
from worker.dispatch.planned_check import PlannedCheck
from worker.dispatch.settlement import Settlement
from worker.dispatch.settlement_config import SettlementConfig
from worker.dispatch.steps.greet import GreetingConfig
from worker.dispatch.steps.planned import PlanConfig
from worker.dispatch.steps.registry import StepDependencies
from worker.domain.assistant_port import Assistant
from worker.domain.circuit_breaker import OutageTrackers
from worker.domain.config.outreach_hours import Hours
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import Incoming, Note, Telegram
from worker.follow_ups.decisions import planner_of
from worker.messaging.listener import Listener
from worker.notifications import strangers
from worker.notifications.commands import owner_commands
from worker.notifications.commands.owner_chat import SAVED_MESSAGES
from worker.notifications.commands.owner_chat_commands import OwnerChatCommands
from worker.notifications.notifier import OwnerNotifier
from worker.outreach.lookup_confirmation_cache import CONFIRMED_FOR
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.settings import WorkerSettings

log = logging.getLogger(__name__)


def build_limits(settings: WorkerSettings) -> Limits:
    """Return the account's limits of outreach and look-ups."""
    return Limits(
        timedelta(seconds=settings.outreach_gap_seconds),
        settings.outreach_daily_limit,
        timedelta(seconds=settings.lookup_gap_seconds),
        settings.outreach_warmup_days,
        settings.resolve_daily_limit,
        settings.import_daily_limit,
    )


def build_dispatcher(  # noqa: PLR0913 - the composition root gets every collaborator
    settings: WorkerSettings,
    *,
    database: Database,
    worker_id: WorkerId,
    telegram: Telegram,
    assistant: Assistant,
    persona: Persona,
    clock: Clock,
    wakeups: Wakeups,
    may_send: Callable[[], bool],
    on_late_delivery: Callable[[Lead, int], None],
) -> Dispatcher:
    """Build the dispatcher of one account.

    `may_send`: returns False once the account lease may have expired.
    `on_late_delivery`: called with a lead whose first message was recorded late, and with that message's id.
    """
    zone = ZoneInfo(settings.timezone)
    hours = Hours.parse(settings.outreach_hours) if settings.outreach_hours else None
    rate_limiter = OutreachRateLimiter(database, worker_id, build_limits(settings), clock, zone, hours)
    # A draft waits for a human, so that its person is always checked.
    confirmed_for = timedelta() if settings.mode == "drafts" else CONFIRMED_FOR
    finder = PeerFinder(telegram, rate_limiter, settings.keep_contacts, confirmed_for=confirmed_for)
    plan = PlanConfig(
        planner_of(persona.follow_ups, hours), settings.follow_ups == "on", settings.company_name
    )
    dependencies = StepDependencies(
        finder,
        assistant,
        GreetingConfig(settings.company_name, persona, settings.greeting_mode == "model"),
        settings.calendly_link,
        timedelta(seconds=settings.greeting_fallback_seconds),
        clock,
        zone,
        hours,
        telegram if settings.transcribe_model else None,
        owner_is_told=settings.owner_chat is not None,
        booking_link_template=settings.booking_link_template,
        plan=plan,
    )
    planned = PlannedCheck(database, rate_limiter, plan, clock, zone)
    return Dispatcher(
        database=database,
        worker_id=worker_id,
        dependencies=dependencies,
        sender=MessageSender(
            telegram, rate_limiter, clock, settings.typing_seconds, may_send, finder=finder, planned=planned
        ),
        rate_limiter=rate_limiter,
        contexts=LeadContextLoader(database, worker_id),
        settlement=Settlement(database, worker_id, _settlement_config(settings)),
        lease=timedelta(seconds=settings.lease_seconds),
        max_concurrent_leads=settings.leads_in_hand,
        outages=OutageTrackers(base=settings.retry_base_seconds, maximum=settings.retry_max_seconds),
        on_late_delivery=on_late_delivery,
        clock=clock,
        wakeups=wakeups,
    )


def _settlement_config(settings: WorkerSettings) -> SettlementConfig:
    return SettlementConfig(
        timedelta(seconds=settings.reply_debounce_seconds),
        settings.max_attempts,
        settings.retry_base_seconds,
        settings.retry_max_seconds,
        drafts=settings.mode == "drafts",
        owner_language=settings.owner_language if settings.owner_chat else None,
    )


def build_listener(
    settings: WorkerSettings,
    *,
    database: Database,
    worker_id: WorkerId,
    telegram: Telegram,
    clock: Clock,
    wakeups: Wakeups,
    on_name_changed: Callable[[int], Awaitable[None]] | None = None,
) -> Listener:
    """Build the listener of one account; notes in its Saved Messages are executed as the owner's commands.

    `on_name_changed`: called with a Telegram user whose name, username or phone has changed.
    """
    takeover_lasts, zone = settings.takeover_lasts, ZoneInfo(settings.timezone)

    async def on_note(session: AsyncSession, account_id: int, note: Note, now: datetime) -> None:
        await owner_commands.execute_command(
            session,
            account_id,
            note,
            now=now,
            takeover_lasts=takeover_lasts,
            language=settings.owner_language,
            zone=zone,
        )

    if settings.inbound_leads == "notify" and settings.owner_chat is None:
        log.warning("INBOUND_LEADS=notify needs OWNER_CHAT: the owner is not told of strangers")

    async def on_stranger(session: AsyncSession, account_id: int, message: Incoming, now: datetime) -> None:
        await strangers.report(session, account_id, message, settings.owner_language, zone=zone, now=now)

    return Listener(
        database,
        worker_id,
        telegram,
        wakeups,
        clock,
        timedelta(seconds=settings.reply_debounce_seconds),
        takeover_lasts,
        settings.owner_chat,
        on_note,
        on_name_changed,
        settings.inbound_leads,
        on_stranger if settings.owner_chat else None,
        _build_owner(settings, database, worker_id, clock),
    )


def _build_owner(
    settings: WorkerSettings, database: Database, worker_id: WorkerId, clock: Clock
) -> OwnerChatCommands | None:
    """Build the commands of OWNER_CHAT; None if the owner writes in Saved Messages only."""
    if settings.owner_chat in (None, SAVED_MESSAGES):
        return None
    return OwnerChatCommands(
        database,
        worker_id.account_id,
        clock,
        settings.owner_chat,
        settings.takeover_lasts,
        settings.owner_language,
        ZoneInfo(settings.timezone),
    )


def build_owner_notifier(  # noqa: PLR0913 - the composition root gets every collaborator
    settings: WorkerSettings,
    *,
    database: Database,
    account_id: int,
    telegram: Telegram,
    clock: Clock,
    model_trouble: Callable[[], str | None],
    machine_troubles: Callable[[], Mapping[str, str]],
    check_storing: Callable[[], Awaitable[None]],
    may_send: Callable[[], bool],
    last_alive: datetime | None = None,
) -> OwnerNotifier | None:
    """Build the owner's notifier; None if OWNER_CHAT is not set."""
    if settings.owner_chat is None:
        return None
    return OwnerNotifier(
        database,
        account_id,
        telegram,
        clock,
        settings.owner_chat,
        settings.owner_language,
        settings.owner_messages_per_hour,
        ZoneInfo(settings.timezone),
        model_trouble,
        may_send,
        full_limit=settings.outreach_daily_limit,
        warmup_days=settings.outreach_warmup_days,
        machine_troubles=machine_troubles,
        check_storing=check_storing,
        last_alive=last_alive,
    )
