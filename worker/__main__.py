"""`python -m worker`: run the worker (without a command), or one of the commands below."""

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
from worker.domain.telegram_port import SessionRevokedError, TelegramError
from worker.evaluation.options import add_arguments, read_options
from worker.monitoring import health_report, status_report
from worker.monitoring.status_report import Status, StatusError
from worker.settings import AssistantSettings, TelegramSettings, WorkerSettings

# Exit codes: 2 = a setting is wrong, 3 = the owner has to sign the account in again.
CONFIG_ERROR, ACCOUNT_LOST = 2, 3
# The garbage collector runs after 2,000 new objects; on older generations every 10th and every 100th time.
GC_THRESHOLDS = (2_000, 10, 10)

STRING_WARNING = """\
Anyone who holds this line controls the account, and it is shown once. Keep it as the secret
TELEGRAM_SESSION_STRING of one worker; no second worker or other program may use it:"""

EPILOG = """\
Settings come from the environment or .env; see .env.example. Exit codes: 0 stopped,
2 a setting is missing or wrong, 3 the Telegram account has to be signed in again."""


def main() -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args()
    command: Callable[[argparse.Namespace], int] = arguments.run_command
    try:
        return command(arguments)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return CONFIG_ERROR
    except LeadAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return ACCOUNT_LOST


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, epilog=EPILOG)
    parser.set_defaults(run_command=_run)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    login = commands.add_parser("login", help="sign the Telegram account in: phone or QR, 2FA password")
    login.set_defaults(run_command=_login)
    login.add_argument(
        "--qr", action="store_true", help="scan a QR code with the app; needs no phone number or SMS"
    )
    login.add_argument(
        "--string",
        action="store_true",
        help="print the session for TELEGRAM_SESSION_STRING (platforms without a disk), write no file",
    )
    health = commands.add_parser("health", help="exit 0 if the worker is alive (a container's health check)")
    health.set_defaults(run_command=_health)
    status = commands.add_parser(
        "status", help="show accounts, queues and the funnel; needs only the database"
    )
    status.set_defaults(run_command=_status)
    status.add_argument("--json", action="store_true", help="print JSON")
    doctor = commands.add_parser(
        "doctor", help="check everything the worker needs; exit 0 if all checks pass"
    )
    doctor.set_defaults(run_command=_doctor)
    doctor.add_argument("--json", action="store_true", help="print JSON")
    evaluate = commands.add_parser("evaluate", help="score the model on our own replies and attacks")
    evaluate.set_defaults(run_command=_evaluate)
    add_arguments(evaluate)
    return parser


def _run(_: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    configure(settings.log_level)
    # Kurigram is slow to import: a wrong setting and --help are reported without it.
    gc.disable()
    from worker.runtime.worker_process import Worker  # noqa: PLC0415

    # Thousands of imported classes stay until the end: frozen, they are never scanned by the collector.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()

    async def run() -> None:
        await Worker(settings).run()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(run())
        except SessionRevokedError:
            raise
        except TelegramError as error:
            # Only a session that has ended needs its owner: whatever this is, the next start may work.
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory; None (asyncio's own loop) where uvloop is not available, as on Windows."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return None
    return uvloop.new_event_loop


def _login(arguments: argparse.Namespace) -> int:
    settings = load(TelegramSettings)
    if arguments.string:
        return _login_for_string(settings, by_qr=arguments.qr)
    from worker.telegram.login.login import login  # noqa: PLC0415

    account = asyncio.run(login(settings, by_qr=arguments.qr))
    print(f"Signed in as {account}: {settings.session_file}")
    return 0


def _login_for_string(settings: TelegramSettings, *, by_qr: bool) -> int:
    from worker.telegram.login.login import login_for_string  # noqa: PLC0415

    # Only the session goes to stdout, so that it can be piped into a secret store.
    with contextlib.redirect_stdout(sys.stderr):
        account, session = asyncio.run(login_for_string(settings, by_qr=by_qr))
        print(f"Signed in as {account}. {STRING_WARNING}")
    print(session)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    settings = load(AssistantSettings)
    # Answers that the guard refuses are counted in the results; they need no log.
    configure("ERROR")
    from worker.evaluation.command import evaluate  # noqa: PLC0415

    return asyncio.run(evaluate(settings, read_options(arguments)))


def _health(_: argparse.Namespace) -> int:
    alive, state = health_report.check(load(TelegramSettings).health_file, now=utc_now())
    print(state)
    return 0 if alive else 1


def _status(arguments: argparse.Namespace) -> int:
    settings = load(SharedSettings)

    async def load_status() -> Status:
        database = Database(settings.database_url, pool_size=1)
        try:
            return await status_report.load_status(database, now=utc_now())
        finally:
            await database.close()

    try:
        report = asyncio.run(load_status())
    except StatusError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(status_report.as_json(report) if arguments.json else status_report.as_text(report))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    # The findings already report what the libraries would log.
    logging.disable(logging.CRITICAL)
    from worker.doctor import findings, runner  # noqa: PLC0415

    results = asyncio.run(runner.run_checks())
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(findings.as_json(results) if arguments.json else findings.as_text(results, colours=colours))
    return 0 if findings.all_passed(results) else 1


if __name__ == "__main__":
    sys.exit(main())
