"""`python -m worker`: run the worker (without a command), or one of the commands below."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from shared.clock import utc_now
from shared.database.engine import Database
from shared.errors import ConfigError, LeadAssistantError
from shared.files import make_new_files_private
from shared.leads.pauses import Scope
from shared.localized_messages import in_language
from shared.logging_setup import configure, mask_credentials, mask_uncaught_errors
from shared.settings import error_line, help_lines, load, owner_language, warn_of_slips
from worker.domain.assistant_port import AssistantError
from worker.domain.telegram_port import SessionRevokedError, TelegramError
from worker.evaluation.options import add_arguments, read_options
from worker.monitoring import health_report, status_report, status_text
from worker.monitoring.status_report import StatusError
from worker.settings import (
    EXAMPLE_WARNING,
    AssistantSettings,
    OwnerLanguage,
    OwnerSettings,
    TelegramSettings,
    WorkerSettings,
)

log = logging.getLogger("worker")

# Exit codes: 2 = a setting is wrong, 3 = the owner has to sign the account in again.
CONFIG_ERROR, ACCOUNT_LOST = 2, 3
# The garbage collector runs after 2,000 new objects; on older generations every 10th and every 100th time.
GC_THRESHOLDS = (2_000, 10, 10)

STRING_WARNING = """\
Anyone who holds this line controls the account, and it is shown once. Keep it as the secret
TELEGRAM_SESSION_STRING of one worker; no second worker or other program may use it:"""

EPILOG = """\
exit codes: 0 stopped, 2 a setting is missing or wrong, 3 the Telegram account has to be signed in again

settings, from the environment or .env:"""


def main() -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args()
    mask_uncaught_errors()
    make_new_files_private()
    command: Callable[[argparse.Namespace], int] = arguments.run_command
    try:
        return command(arguments)
    except ConfigError as error:
        _print_error(error)
        return CONFIG_ERROR
    except LeadAssistantError as error:
        _print_error(error)
        return ACCOUNT_LOST


def _print_error(error: Exception) -> None:
    print(error_line(error), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker",
        description=__doc__,
        epilog="\n".join([EPILOG, *help_lines(WorkerSettings)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    pause = commands.add_parser("pause", help="write to nobody new, or send nothing, until resume")
    pause.set_defaults(run_command=_pause)
    pause.add_argument(
        "what",
        nargs="?",
        choices=("first", "all"),
        default="first",
        help="first messages (without a word), or all messages of the assistant",
    )
    resume = commands.add_parser("resume", help="end the pause")
    resume.set_defaults(run_command=_resume)
    _add_model_commands(commands)
    return parser


def _add_model_commands(commands: Any) -> None:  # noqa: ANN401 - argparse's type is private
    """Add the commands that call the model, and no Telegram account."""
    preview = commands.add_parser(
        "preview", help="show the first message that a person would get; nothing is sent"
    )
    preview.set_defaults(run_command=_preview)
    preview.add_argument("lead", nargs="?", type=int, help="the id of a stored lead")
    preview.add_argument("--name", default="", help="the name in the form")
    preview.add_argument("--request", default="", help="the request in the form")
    qualify = commands.add_parser(
        "qualify", help="test the model on twenty messages: does it earn trust? exit 0 if it does"
    )
    qualify.set_defaults(run_command=_qualify)
    qualify.add_argument("--json", action="store_true", help="print JSON")
    qualify.add_argument(
        "--concurrency", metavar="N", type=int, choices=range(1, 21), default=2, help="calls at a time"
    )
    evaluate = commands.add_parser("evaluate", help="score the model on our own replies and attacks")
    evaluate.set_defaults(run_command=_evaluate)
    add_arguments(evaluate)


def _run(_: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    configure(settings.log_level)
    warn_of_slips(log)
    if settings.writes_as_example:
        log.warning("%s", EXAMPLE_WARNING)
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
            _print_error(error)
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


def _qualify(arguments: argparse.Namespace) -> int:
    settings = load(AssistantSettings)
    configure("ERROR")
    from worker.runtime.commands.qualify_command import qualify_models  # noqa: PLC0415

    return asyncio.run(qualify_models(settings, as_json=arguments.json, concurrency=arguments.concurrency))


def _preview(arguments: argparse.Namespace) -> int:
    if arguments.lead is None and not (arguments.name or arguments.request):
        raise ConfigError("preview needs the id of a lead, or --name and --request")
    settings = load(AssistantSettings)
    configure("ERROR")
    from worker.runtime.commands.preview_command import preview  # noqa: PLC0415

    command = preview(settings, lead_id=arguments.lead, name=arguments.name, request=arguments.request)
    return _print_or_fail(command)


def _pause(arguments: argparse.Namespace) -> int:
    from worker.runtime.commands.pause_command import pause  # noqa: PLC0415

    settings = load(OwnerLanguage)
    scope: Scope = "all" if arguments.what == "all" else "first_messages"
    return _print_or_fail(pause(settings, scope))


def _resume(_: argparse.Namespace) -> int:
    from worker.runtime.commands.pause_command import resume  # noqa: PLC0415

    settings = load(OwnerLanguage)
    return _print_or_fail(resume(settings))


def _print_or_fail(command: Coroutine[None, None, str]) -> int:
    """Print the command's text, or why there is none, in the owner's language; returns the exit code."""
    try:
        print(asyncio.run(command))
    except (AssistantError, StatusError) as error:
        _print_error(error)
        return 1
    return 0


def _health(_: argparse.Namespace) -> int:
    alive, state = health_report.check(load(TelegramSettings).health_file, now=utc_now())
    print(mask_credentials(in_language(owner_language(), state)))
    return 0 if alive else 1


def _status(arguments: argparse.Namespace) -> int:
    settings = load(OwnerSettings)
    return _print_or_fail(_load_status(settings, as_json=arguments.json))


async def _load_status(settings: OwnerSettings, *, as_json: bool) -> str:
    database, now = Database(settings.database_url, pool_size=1), utc_now()
    try:
        report = await status_report.load_status(database, now=now)
    finally:
        await database.close()
    if as_json:
        return status_report.as_json(report)
    return status_text.as_text(
        report,
        settings.owner_language,
        full_limit=settings.outreach_daily_limit,
        warmup_days=settings.outreach_warmup_days,
        now=now,
    )


def _doctor(arguments: argparse.Namespace) -> int:
    # The findings already report what the libraries would log.
    logging.disable(logging.CRITICAL)
    from worker.doctor import findings, runner  # noqa: PLC0415

    results = asyncio.run(runner.run_checks())
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(
        findings.as_json(results)
        if arguments.json
        else findings.as_text(results, owner_language(), colours=colours)
    )
    return 0 if findings.all_passed(results) else 1


if __name__ == "__main__":
    sys.exit(main())
