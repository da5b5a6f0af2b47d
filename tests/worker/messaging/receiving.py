"""Puts messages of contacts into the inbox, as the listener does."""

from datetime import timedelta

from shared.database.engine import Database
from shared.database.models import Lead
from tests.support.rows import DEBOUNCE, NOW
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)


def incoming_message(lead: Lead, number: int = 1, text: str = "Здравствуйте!") -> Incoming:
    """Return a message of the lead's person, sent a second ago."""
    return Incoming(lead.telegram_user_id or 0, number, text, NOW - SECOND)


async def receive(
    database: Database, me: WorkerId, incoming: Incoming, at: timedelta = timedelta()
) -> Lead | None:
    """Store a message `at` after NOW; returns its lead."""
    async with database.writing() as session:
        return await inbox.receive(session, me.account_id, incoming, now=NOW + at, debounce=DEBOUNCE)
