"""Checks that bookings come in: the token of Calendly, and the state of the webhook."""

from shared.bookings.calendly_api import CalendlyApi, CalendlyError
from shared.bookings.connection import ACTIVE, Connection
from shared.clock import utc_now
from shared.database.engine import Database
from worker.doctor.findings import Finding, failed, passed

BOOKINGS = "bookings"
BY_POLLING = "Calendly is asked for bookings every five minutes: no webhook is connected"
RECONNECT = "run `python -m api calendly connect`; until then bookings come late, by polling"


async def check_calendly(api: CalendlyApi, database: Database) -> Finding:
    """Ask Calendly whether the token is valid and the webhook active; the state is stored."""
    try:
        await api.me()
        state, sentence = await Connection(database, api).status(now=utc_now())
    except CalendlyError as error:
        return failed(BOOKINGS, str(error), "check CALENDLY_TOKEN, and that this machine reaches Calendly")
    if state is None:
        return passed(BOOKINGS, BY_POLLING)
    return passed(BOOKINGS, sentence) if state == ACTIVE else failed(BOOKINGS, sentence, RECONNECT)
