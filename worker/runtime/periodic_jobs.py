"""The background rounds about follow-ups and bookings, for the worker of one account."""

from collections.abc import Coroutine
from typing import Any
from zoneinfo import ZoneInfo

from shared.bookings.schedulers.calcom_api import calcom_of
from shared.bookings.schedulers.calendly_api import calendly_of
from shared.clock import Clock
from shared.database.engine import Database
from worker.bookings.periodic_jobs import BookingRounds
from worker.bookings.polling import Polling
from worker.bookings.readers.calcom_reader import CalcomReader
from worker.bookings.readers.calendly_reader import CalendlyReader
from worker.bookings.readers.reader import Reader
from worker.dialogue.persona import Persona
from worker.domain.config.outreach_hours import Hours
from worker.follow_ups.decisions import planner_of
from worker.follow_ups.enrolment import Enrolment
from worker.follow_ups.periodic_jobs import FollowUpRounds
from worker.runtime.supervision import keep_running
from worker.settings import WorkerSettings


def build_enrolment(
    settings: WorkerSettings, database: Database, account_id: int, persona: Persona
) -> Enrolment:
    """Return what plans the follow-ups of one account."""
    hours = Hours.parse(settings.outreach_hours) if settings.outreach_hours else None
    calendar = planner_of(persona.follow_ups, hours).calendar
    return Enrolment(database, account_id, persona.follow_ups, calendar, ZoneInfo(settings.timezone))


def build(
    settings: WorkerSettings, database: Database, account_id: int, persona: Persona, clock: Clock
) -> list[Coroutine[Any, Any, Any]]:
    """Return the rounds that the settings ask for, ready to run."""
    rounds: list[Coroutine[Any, Any, Any]] = []
    if settings.follow_ups == "on":
        enrolment = build_enrolment(settings, database, account_id, persona)
        rounds.append(keep_running("planning follow-ups", FollowUpRounds(enrolment, clock).run))
    language = settings.owner_language if settings.owner_chat else None
    pollings = [Polling(database, clock, one, settings.phone_region) for one in _readers(settings)]
    bookings = BookingRounds(database, account_id, clock, language, pollings)
    rounds.append(keep_running("looking at bookings", bookings.run))
    return rounds


def _readers(settings: WorkerSettings) -> list[Reader]:
    calendly, calcom = calendly_of(settings), calcom_of(settings)
    readers: list[Reader] = [CalendlyReader(calendly)] if calendly is not None else []
    return [*readers, CalcomReader(calcom)] if calcom is not None else readers
