"""Puts what works on leads together, from settings and whatever clock it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.db import Database
from shared.models import Lead
from worker.finder import PacedFinder
from worker.looks import Looks
from worker.loop import Engine
from worker.manner import Manner
from worker.moves import Policy
from worker.outreach import Hours, Limits
from worker.pace import Pace
from worker.ports import Assistant, Telegram
from worker.queue import Me
from worker.retry import Outages
from worker.sender import Sender
from worker.settings import WorkerSettings
from worker.settle import Settling
from worker.steps import Tools
from worker.steps.greet import Opening


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
    me: Me
    telegram: Telegram
    assistant: Assistant
    clock: Clock
    manner: Manner


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
    pace = Pace(parts.database, parts.me, limits_of(settings), parts.clock, zone, hours)
    finder = PacedFinder(parts.telegram, pace, settings.keep_contacts)
    base, most = settings.retry_base_seconds, settings.retry_max_seconds
    policy = Policy(
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
        tools=Tools(
            finder,
            parts.assistant,
            Opening(settings.company_name, parts.manner, settings.greeting_mode == "model"),
            settings.calendly_link,
            patience,
            parts.clock,
            zone,
            hours,
            parts.telegram if settings.transcribe_model else None,
        ),
        sender=Sender(parts.telegram, pace, parts.clock, settings.typing_seconds, may_speak),
        pace=pace,
        looks=Looks(parts.database, parts.me),
        settling=Settling(parts.database, parts.me, policy),
        lease=timedelta(seconds=settings.lease_seconds),
        most_in_hand=settings.leads_in_hand,
        outages=Outages(base=base, most=most),
        look_back=look_back,
        clock=parts.clock,
    )
