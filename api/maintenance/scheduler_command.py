"""`python -m api calendly` and `python -m api calcom`: connect a scheduler's webhook."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.settings import ApiSettings
from shared.bookings.changes import CALCOM, CALENDLY
from shared.clock import utc_now
from shared.database.drivers.connections import open_database
from shared.errors import ConfigError
from shared.localized_messages import cause_of, joined, sentence

if TYPE_CHECKING:
    from shared.bookings.schedulers.port import SchedulerApi

COMMANDS = (CALENDLY, CALCOM)


@dataclass(frozen=True)
class _Scheduler:
    """What a command needs: `setting`: of the token; `advice`: where the token comes from."""

    name: str
    setting: str
    advice: str
    address: str
    api: "SchedulerApi | None"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add a command for each scheduler."""
    for source, name in ((CALENDLY, "Calendly"), (CALCOM, "Cal.com")):
        parser = commands.add_parser(source, help=f"connect the webhook of {name}, or show its state")
        parser.add_argument("action", choices=["connect", "status", "disconnect"])


async def run(options: argparse.Namespace, settings: ApiSettings) -> str:
    """Run the command; returns what to print. Raises ConfigError with one line for the operator."""
    # Imported here: the server's process needs none of it.
    from shared.bookings.schedulers.connection import Connection  # noqa: PLC0415
    from shared.bookings.schedulers.http_api import SchedulerError  # noqa: PLC0415

    scheduler = _scheduler(options.command, settings)
    if scheduler.api is None:
        raise ConfigError(
            sentence("{setting}: is not set: {advice}", setting=scheduler.setting, advice=scheduler.advice)
        )
    if options.action == "connect":
        _check_address(settings, scheduler)
    database = open_database(settings.database_url)
    connection, now = Connection(database, scheduler.api), utc_now()
    try:
        match options.action:
            case "connect":
                return await connection.connect(settings.public_url or "", now=now)
            case "disconnect":
                return await connection.disconnect(now=now)
            case _:
                return (await connection.status(now=now))[1]
    except SchedulerError as error:
        raise ConfigError(joined(": ", [scheduler.setting, cause_of(error)])) from None
    finally:
        await database.close()


def _scheduler(source: str, settings: ApiSettings) -> _Scheduler:
    from shared.bookings.schedulers.calcom_api import calcom_of  # noqa: PLC0415
    from shared.bookings.schedulers.calendly_api import calendly_of  # noqa: PLC0415

    if source == CALCOM:
        advice = "create an API key at cal.com, Settings, Developer, API keys"
        return _Scheduler("Cal.com", "CALCOM_TOKEN", advice, settings.calcom_api, calcom_of(settings))
    advice = "create a personal access token at calendly.com, Integrations, API and webhooks"
    return _Scheduler("Calendly", "CALENDLY_TOKEN", advice, settings.calendly_api, calendly_of(settings))


def _check_address(settings: ApiSettings, scheduler: _Scheduler) -> None:
    """A scheduler calls public addresses with https only; the sandbox, whose API has none, calls any."""
    address = urlsplit(settings.public_url or "")
    if address.scheme != "https" and urlsplit(scheduler.address).scheme == "https":
        raise ConfigError(
            sentence(
                "PUBLIC_URL: is needed for the calls of {name}, with https://. Without a public address the"
                " worker asks {name} itself every five minutes: nothing is to be connected",
                name=scheduler.name,
            )
        )
    if not address.netloc:
        raise ConfigError(
            sentence(
                "PUBLIC_URL: is not set: the address under which {name} reaches the API", name=scheduler.name
            )
        )
