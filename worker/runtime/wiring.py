"""Puts what works on leads together, from settings and whatever clock it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead
from worker.dialogue.persona import Persona
from worker.dispatch.delivery import Sender
from worker.dispatch.dispatcher import Engine
from worker.dispatch.lead_context import LeadContextLoader
from worker.dispatch.moves import RetryPolicy
from worker.dispatch.settlement import Settlement
from worker.dispatch.steps import StepDependencies
from worker.dispatch.steps.greet import GreetingConfig
from worker.domain.assistant_port import Assistant
from worker.domain.backoff import OutageTrackers
from worker.domain.outreach_policy import Hours, Limits
from worker.domain.telegram_port import Telegram
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId
from worker.settings import WorkerSettings


def limits_of(settings: WorkerSettings) -> Limits:
    """The manners that the owner wants."""
    return Limits(
        timedelta(seconds=settings.outreach_gap_seconds),
        settings.outreach_daily_limit,
        timedelta(seconds=settings.lookup_gap_seconds),
        settings.outreach_warmup_days,
        settings.resolve_daily_limit,
        settings.import_daily_limit,
    )


@dataclass(frozen=True)
class Parts:
    """What a loop works with, each from where it lives."""

    database: Database
    me: WorkerId
    telegram: Telegram
    assistant: Assistant
    clock: Clock
    manner: Persona


def assemble(
    settings: WorkerSettings,
    parts: Parts,
    *,
    may_speak: Callable[[], bool],
    look_back: Callable[[Lead, int], None],
) -> Engine:
    """The engine of one account's loop."""
    zone = ZoneInfo(settings.timezone)
    hours = Hours.parse(settings.outreach_hours) if settings.outreach_hours else None
    pace = OutreachRateLimiter(parts.database, parts.me, limits_of(settings), parts.clock, zone, hours)
    finder = PeerFinder(parts.telegram, pace, settings.keep_contacts)
    base, most = settings.retry_base_seconds, settings.retry_max_seconds
    policy = RetryPolicy(
        timedelta(seconds=settings.reply_debounce_seconds),
        settings.max_attempts,
        base,
        most,
        drafts=settings.mode == "drafts",
    )
    patience = timedelta(seconds=settings.greeting_fallback_seconds)
    return Engine(
        database=parts.database,
        me=parts.me,
        tools=StepDependencies(
            finder,
            parts.assistant,
            GreetingConfig(settings.company_name, parts.manner, settings.greeting_mode == "model"),
            settings.calendly_link,
            patience,
            parts.clock,
            zone,
            hours,
            parts.telegram if settings.transcribe_model else None,
        ),
        sender=Sender(parts.telegram, pace, parts.clock, settings.typing_seconds, may_speak),
        pace=pace,
        looks=LeadContextLoader(parts.database, parts.me),
        settling=Settlement(parts.database, parts.me, policy),
        lease=timedelta(seconds=settings.lease_seconds),
        max_concurrent_leads=settings.leads_in_hand,
        outages=OutageTrackers(base=base, most=most),
        on_late_delivery=look_back,
        clock=parts.clock,
    )
