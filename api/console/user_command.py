"""`python -m api user`: declares the actions on the console's users and runs them."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from api.console.mount import PATH
from api.settings import ApiSettings
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.faults.error_classes import classify
from shared.errors import ConfigError, LeadAssistantError
from shared.localized_messages import cause_of
from shared.roles import ROLES


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
    browsers = actions.add_parser("browsers", help="list the browsers in which users are signed in")
    browsers.add_argument("name", nargs="?", help="only this user's")
    sign_out = actions.add_parser("sign-out", help="end all sessions of a user; the password stays")
    sign_out.add_argument("name")


async def run(options: argparse.Namespace, settings: ApiSettings) -> str:
    """Carry out the command; returns what to print. Raises ConfigError with one line if it cannot."""
    # Imported here: the server's process needs none of it.
    from api.console.users import administration  # noqa: PLC0415

    database = Database(settings.database_url, pool_size=1)
    try:
        return await administration.run(options, database, f"{settings.public_url or ''}{PATH}")
    except LeadAssistantError as error:
        raise ConfigError(cause_of(error)) from None
    except (*DATABASE_DOWN, SQLAlchemyError) as error:
        raise ConfigError(classify(error).text) from None
    finally:
        await database.close()
