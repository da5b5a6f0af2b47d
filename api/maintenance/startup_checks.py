"""Startup checks: each failure is a ConfigError with a message of one line."""

import asyncio
import logging
import os
import socket

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from api.settings import ApiSettings
from shared.database.drivers.connections import sync_sqlite
from shared.database.engine import Database
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import CANNOT_OPEN, NOT_A_DATABASE
from shared.database.schema_version import SchemaState, schema_state
from shared.database.timeouts import CONNECT_TOTAL_SECONDS
from shared.errors import ConfigError
from shared.localized_messages import joined, sentence

logger = logging.getLogger(__name__)

BACKLOG = 2048
# Errors of a reachable server that waiting does not solve.
_PERMANENT_ERRORS = (
    "does not exist",
    "authentication failed",
    "no pg_hba.conf entry",
    "no password supplied",
    "'s encoding is",
)
# Of SQLite; a full disk or a read-only folder may end while the api answers with 503.
_PERMANENT_REASONS = (CANNOT_OPEN.reason, NOT_A_DATABASE.reason)


async def check_database(settings: ApiSettings) -> None:
    """Connect once. Raises ConfigError if DATABASE_URL cannot work; logs a warning if the server is down."""
    database = Database(settings.database_url, pool_size=1)
    try:
        if database.is_postgres:
            async with asyncio.timeout(CONNECT_TOTAL_SECONDS + 1), database.engine.connect():
                pass
        else:
            _open_file(database.url)
        await _warn_if_unmigrated(database)
    except (DBAPIError, TimeoutError) as error:
        # The driver's message contains the user, the host and the database, never the password.
        message = " ".join(str(getattr(error, "orig", None) or "no answer").split())
        if any(text in message for text in _PERMANENT_ERRORS):
            raise ConfigError(joined(": ", ["DATABASE_URL", message])) from None
        if not database.is_postgres and classify(error).reason in _PERMANENT_REASONS:
            raise ConfigError(joined(": ", ["DATABASE_URL", message, database.url.database or ""])) from None
        logger.warning("the database cannot be reached yet, requests are answered with 503: %s", message)
    finally:
        await database.close()


async def _warn_if_unmigrated(database: Database) -> None:
    """Say what to do about a schema of another version; the API waits for it, and answers with 503."""
    match await schema_state(database):
        case SchemaState.EMPTY | SchemaState.OUTDATED:
            logger.warning("the database is not migrated, forms are answered with 503: alembic upgrade head")
        case SchemaState.NEWER:
            logger.warning("a newer version has migrated the database: update this program")
        case SchemaState.CURRENT | SchemaState.UNREACHABLE:
            pass


def _open_file(url: URL) -> None:
    """Start a write transaction; without the async driver, whose thread may outlive a failure."""
    engine = sync_sqlite(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()


def listen(settings: ApiSettings) -> socket.socket:
    """Return the listening socket. Raises ConfigError if the address is in use, unknown or not permitted."""
    host, port = settings.api_host, settings.api_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        name = "API_HOST" if isinstance(error, socket.gaierror) else "API_PORT"
        raise ConfigError(
            sentence(
                "{name}: cannot listen on {address}: {why}",
                name=name,
                address=f"{host}:{port}",
                why=_reason(error),
            )
        ) from None
    # Accepted connections inherit it. asyncio without uvloop does not set it: a body would then wait 40 ms
    # for the acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _reason(error: OSError) -> str:
    # The message of create_server() repeats the address after the reason.
    has_code = error.errno is not None and not isinstance(error, socket.gaierror)
    return os.strerror(error.errno) if has_code and error.errno else str(error.strerror or error)


def announce(server: socket.socket, settings: ApiSettings) -> None:
    """Log the address, and warn if the API is reachable from outside without tokens."""
    host, port = server.getsockname()[:2]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    logger.info("listening on http://%s (documentation: http://%s/docs)", address, address)
    missing = [
        name
        for name, token in (("API_TOKEN", settings.api_token), ("TILDA_TOKEN", settings.tilda_token))
        if not token
    ]
    if missing and not _is_loopback(host):
        names = " and ".join(missing)
        logger.warning("open to others without %s: set it, or listen on 127.0.0.1", names)


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"
