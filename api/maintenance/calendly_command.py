"""`python -m api calendly`: connects Calendly's webhook with this installation."""

import argparse
from urllib.parse import urlsplit

from api.settings import ApiSettings
from shared.bookings.calendly_api import CalendlyError, client_of
from shared.bookings.connection import Connection
from shared.clock import utc_now
from shared.database.drivers.connections import open_database
from shared.errors import ConfigError

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", choices=["connect", "status", "disconnect"])


async def run(options: argparse.Namespace, settings: ApiSettings) -> str:
    """Run the command; returns what to print. Raises ConfigError with one line for the operator."""
    api = client_of(settings)
    if api is None:
        raise ConfigError(
            "CALENDLY_TOKEN: is not set: create a personal access token at calendly.com,"
            " Integrations, API and webhooks"
        )
    if options.action == "connect":
        _check_address(settings)
    database = open_database(settings.database_url)
    connection, now = Connection(database, api), utc_now()
    try:
        match options.action:
            case "connect":
                return await connection.connect(settings.public_url or "", now=now)
            case "disconnect":
                return await connection.disconnect(now=now)
            case _:
                return (await connection.status(now=now))[1]
    except CalendlyError as error:
        raise ConfigError(f"CALENDLY_TOKEN: {error}") from None
    finally:
        await database.close()


def _check_address(settings: ApiSettings) -> None:
    """Calendly calls public addresses with https only; the sandbox calls this machine."""
    address = urlsplit(settings.public_url or "")
    api_host = urlsplit(settings.calendly_api).hostname
    if address.scheme != "https" and api_host not in _LOCAL:
        raise ConfigError(
            "PUBLIC_URL: is needed for Calendly's calls, with https://. Without a public address the worker"
            " asks Calendly itself every five minutes: nothing is to be connected"
        )
    if not address.netloc:
        raise ConfigError("PUBLIC_URL: is not set: the address under which Calendly reaches the API")
