"""`python -m worker`: run the worker; without a command, or one of those below."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable

from shared.clock import utc_now
from shared.database.engine import Database
from shared.errors import ConfigError, LeadAssistantError
from shared.logging_setup import configure
from shared.settings import SharedSettings, load
from worker.evaluation.options import add_arguments, options
from worker.monitoring import heartbeat, status_report
from worker.monitoring.status_report import Status, StatusError
from worker.settings import AssistantSettings, TelegramSettings, WorkerSettings

# Exit codes: 2 = a setting is wrong, 3 = the account's owner has to act.
CONFIG_ERROR, ACCOUNT_LOST = 2, 3
# So many new objects make the collector look; at older ones every tenth time, at all every hundredth.
COLLECT = (2_000, 10, 10)

STRING_WARNING = """\
Whoever has this line has the account, and it is shown once. Keep it as the secret
TELEGRAM_SESSION_STRING of one worker, never of two, and of no other program:"""

EPILOG = """\
Settings come from the environment or .env; see .env.example. Exit codes: 0 stopped,
2 a setting is missing or wrong, 3 the Telegram account has to be signed in again."""


def main() -> int:
    """Run the command; gives the exit code."""
    given = _parser().parse_args()
    act: Callable[[argparse.Namespace], int] = given.act
    try:
        return act(given)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return CONFIG_ERROR
    except LeadAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return ACCOUNT_LOST


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, epilog=EPILOG)
    parser.set_defaults(act=_run)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    login = commands.add_parser("login", help="sign the Telegram account in: phone or QR, 2FA password")
    login.set_defaults(act=_login)
    login.add_argument("--qr", action="store_true", help="scan a code with the app, no phone, no SMS")
    login.add_argument(
        "--string",
        action="store_true",
        help="print the session for TELEGRAM_SESSION_STRING (platforms without a disk), write no file",
    )
    asking = commands.add_parser("health", help="exit 0 if the worker is alive (a container's health check)")
    asking.set_defaults(act=_health)
    standing = commands.add_parser("status", help="accounts, queues and the funnel, from the database alone")
    standing.set_defaults(act=_status)
    standing.add_argument("--json", action="store_true", help="for programs")
    doctor = commands.add_parser("doctor", help="look at everything the worker needs; exit 0 if all is well")
    doctor.set_defaults(act=_doctor)
    doctor.add_argument("--json", action="store_true", help="for programs")
    evaluating = commands.add_parser("evaluate", help="score the model on our own replies and attacks")
    evaluating.set_defaults(act=_evaluate)
    add_arguments(evaluating)
    return parser


def _run(_: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    configure(settings.log_level)
    # Kurigram is heavy to import: a wrong setting and --help answer without it.
    gc.disable()
    from worker.runtime.worker_process import Worker  # noqa: PLC0415

    # Thousands of classes that stay: the collector need not walk over them, now or ever.
    gc.freeze()
    gc.set_threshold(*COLLECT)
    gc.enable()

    async def run() -> None:
        await Worker(settings).run()

    with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
        runner.run(run())
    return 0


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, or where there is none (Windows) asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return None
    return uvloop.new_event_loop


def _login(given: argparse.Namespace) -> int:
    settings = load(TelegramSettings)
    if given.string:
        return _login_for_string(settings, by_qr=given.qr)
    from worker.telegram.login.login import login  # noqa: PLC0415

    who = asyncio.run(login(settings, by_qr=given.qr))
    print(f"Signed in as {who}: {settings.session_file}")
    return 0


def _login_for_string(settings: TelegramSettings, *, by_qr: bool) -> int:
    from worker.telegram.login.login import login_for_string  # noqa: PLC0415

    # The session alone goes to stdout: it may be piped to where secrets are kept.
    with contextlib.redirect_stdout(sys.stderr):
        who, session = asyncio.run(login_for_string(settings, by_qr=by_qr))
        print(f"Signed in as {who}. {STRING_WARNING}")
    print(session)
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    settings = load(AssistantSettings)
    # What the guard refuses is in the figures.
    configure("ERROR")
    from worker.evaluation.command import evaluate  # noqa: PLC0415

    return asyncio.run(evaluate(settings, options(given)))


def _health(_: argparse.Namespace) -> int:
    alive, said = heartbeat.check(load(TelegramSettings).health_file, now=utc_now())
    print(said)
    return 0 if alive else 1


def _status(given: argparse.Namespace) -> int:
    settings = load(SharedSettings)

    async def look() -> Status:
        database = Database(settings.database_url, pool_size=1)
        try:
            return await status_report.look(database, now=utc_now())
        finally:
            await database.close()

    try:
        found = asyncio.run(look())
    except StatusError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(status_report.as_json(found) if given.json else status_report.as_text(found))
    return 0


def _doctor(given: argparse.Namespace) -> int:
    # What the libraries log on the way is in the findings.
    logging.disable(logging.CRITICAL)
    from worker.doctor import (
        findings,
        runner,
    )

    found = asyncio.run(runner.examine())
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(findings.as_json(found) if given.json else findings.as_text(found, colours=colours))
    return 0 if findings.is_all_well(found) else 1


if __name__ == "__main__":
    sys.exit(main())
