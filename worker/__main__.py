"""`python -m worker`: run the worker; `login` signs its Telegram account in, `health` asks how it is."""

import argparse
import asyncio
import contextlib
import sys

from shared.clock import utc_now
from shared.errors import ConfigError, LeadAssistantError
from shared.log import configure
from shared.settings import load
from worker import health
from worker.settings import TelegramSettings, WorkerSettings

# Exit codes: 2 = a setting is wrong, 3 = the account's owner has to act.
CONFIG_ERROR, ACCOUNT_LOST = 2, 3

STRING_WARNING = """\
Whoever has this line has the account, and it is shown once. Keep it as the secret
TELEGRAM_SESSION_STRING of one worker, never of two, and of no other program:"""

EPILOG = """\
Settings come from the environment or .env; see .env.example. Exit codes: 0 stopped,
2 a setting is missing or wrong, 3 the Telegram account has to be signed in again."""


def main() -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", metavar="{login,health}")
    signing_in = commands.add_parser("login", help="sign the Telegram account in: phone or QR, 2FA password")
    signing_in.add_argument("--qr", action="store_true", help="scan a code with the app, no phone, no SMS")
    signing_in.add_argument(
        "--string",
        action="store_true",
        help="print the session for TELEGRAM_SESSION_STRING (platforms without a disk), write no file",
    )
    commands.add_parser("health", help="exit 0 if the worker is alive (for a container's health check)")
    given = parser.parse_args()
    try:
        match given.command:
            case "login" if given.string:
                return _login_for_string(by_qr=given.qr)
            case "login":
                return _login(by_qr=given.qr)
            case "health":
                return _health()
            case _:
                return _run()
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


def _login(*, by_qr: bool) -> int:
    settings = load(TelegramSettings)
    from worker.telegram.login import login  # noqa: PLC0415

    who = asyncio.run(login(settings, by_qr=by_qr))
    print(f"Signed in as {who}: {settings.session_file}")
    return 0


def _login_for_string(*, by_qr: bool) -> int:
    settings = load(TelegramSettings)
    from worker.telegram.login import login_for_string  # noqa: PLC0415

    # The session alone goes to stdout: it may be piped to where secrets are kept.
    with contextlib.redirect_stdout(sys.stderr):
        who, session = asyncio.run(login_for_string(settings, by_qr=by_qr))
        print(f"Signed in as {who}. {STRING_WARNING}")
    print(session)
    return 0


def _health() -> int:
    alive, said = health.check(load(TelegramSettings).health_file, now=utc_now())
    print(said)
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
