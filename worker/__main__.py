"""`python -m worker`: run the worker; `login` signs its Telegram account in, `health` asks how it is."""

import argparse
import asyncio
import sys

from shared.clock import utc_now
from shared.errors import ConfigError, LeadAssistantError
from shared.log import configure
from shared.settings import load
from worker import health
from worker.settings import TelegramSettings, WorkerSettings

# Exit codes: 2 = a setting is wrong, 3 = the account's owner has to act.
CONFIG_ERROR, ACCOUNT_LOST = 2, 3

EPILOG = """\
Settings come from the environment or .env; see .env.example. Exit codes: 0 stopped,
2 a setting is missing or wrong, 3 the Telegram account has to be signed in again."""


def main() -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", metavar="{login,health}")
    commands.add_parser("login", help="sign the Telegram account in: phone, code, 2FA password")
    commands.add_parser("health", help="exit 0 if the worker is alive (for a container's health check)")
    command = parser.parse_args().command
    try:
        if command == "health":
            return _health()
        return _login() if command == "login" else _run()
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return CONFIG_ERROR
    except LeadAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return ACCOUNT_LOST


def _run() -> int:
    settings = load(WorkerSettings)
    configure(settings.log_level)
    # Kurigram is heavy to import: a wrong setting and --help answer without it.
    from worker.run import Worker  # noqa: PLC0415

    async def run() -> None:
        await Worker(settings).run()

    asyncio.run(run())
    return 0


def _login() -> int:
    settings = load(TelegramSettings)
    from worker.telegram.login import login  # noqa: PLC0415

    who = asyncio.run(login(settings))
    print(f"Signed in as {who}: {settings.session_file}")
    return 0


def _health() -> int:
    alive, said = health.check(load(TelegramSettings).health_file, now=utc_now())
    print(said)
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
