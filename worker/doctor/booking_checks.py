"""Checks that bookings come in: the token of a scheduler, and the state of its webhook."""

from shared.bookings.schedulers.connection import Connection
from shared.bookings.schedulers.http_api import SchedulerError
from shared.bookings.schedulers.port import ACTIVE, SchedulerApi
from shared.clock import utc_now
from shared.database.engine import Database
from shared.localized_messages import cause_of, sentence
from worker.doctor.findings import Finding, failed, passed

BOOKINGS = "bookings"
BY_POLLING = "{name} is asked for bookings every five minutes: no webhook is connected"
RECONNECT = "run `python -m api {source} connect`; until then bookings come late, by polling"


async def check_scheduler(api: SchedulerApi, database: Database) -> Finding:
    """Ask a scheduler whether the token is valid and the webhook active; the state is stored."""
    try:
        await api.account()
        state, said = await Connection(database, api).status(now=utc_now())
    except SchedulerError as error:
        remedy = sentence(
            "check {setting}, and that this machine reaches {name}",
            setting=f"{api.source.upper()}_TOKEN",
            name=api.name,
        )
        return failed(BOOKINGS, cause_of(error), remedy)
    if state is None:
        return passed(BOOKINGS, sentence(BY_POLLING, name=api.name))
    if state == ACTIVE:
        return passed(BOOKINGS, said)
    return failed(BOOKINGS, said, sentence(RECONNECT, source=api.source))
