"""`python -m api user`: adds, lists, resets and removes the console's users."""

import argparse

from api.console.mount import PATH
from api.console.users import accounts
from api.console.users.accounts import LINK_LASTS, UserError
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.database.console_models import ROLES
from shared.database.engine import Database
from shared.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a user and print a one-time link to set a password")
    add.add_argument("name")
    add.add_argument(
        "--role",
        choices=ROLES,
        default="operator",
        help="viewer: reads; operator: also acts; owner: also erases and exports (default: operator)",
    )
    actions.add_parser("list", help="list the users")
    reset = actions.add_parser("reset", help="end the sessions and the password, and print a new link")
    reset.add_argument("name")
    remove = actions.add_parser("remove", help="remove a user")
    remove.add_argument("name")


async def run(options: argparse.Namespace, settings: ApiSettings) -> str:
    """Carry out the command; returns what to print. Raises ConfigError with one line if it cannot."""
    database = Database(settings.database_url, pool_size=1)
    try:
        return await _run(options, settings, database)
    except UserError as error:
        raise ConfigError(str(error)) from None
    finally:
        await database.close()


async def _run(options: argparse.Namespace, settings: ApiSettings, database: Database) -> str:
    now = utc_now()
    if options.action == "list":
        async with database.reading() as session:
            lines = [
                f"{user.name}  {user.role}  {user.sessions} sessions"
                + ("" if user.has_password else "  no password yet")
                for user in await accounts.listed(session)
            ]
        return "\n".join(lines) or "there are no users: python -m api user add NAME --role owner"
    async with database.writing() as session:
        if options.action == "remove":
            await accounts.remove(session, options.name)
            return f"removed {options.name}; their sessions are ended"
        if options.action == "reset":
            token = await accounts.reset(session, options.name, now)
        else:
            token = await accounts.add(session, options.name, options.role, now)
    return _link(settings, token)


def _link(settings: ApiSettings, token: str) -> str:
    address = getattr(settings, "public_url", None)
    hours = round(LINK_LASTS.total_seconds() / 3600)
    path = f"{PATH}/welcome/{token}"
    if address:
        return f"Open within {hours} hours; the link works once:\n{str(address).rstrip('/')}{path}"
    return f"Open this path on the API's address within {hours} hours; the link works once:\n{path}"
