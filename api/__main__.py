"""`python -m api`: serves the API until a signal stops it."""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path

import uvicorn

from api.console import user_command
from api.intake.parsing import TILDA
from api.main import create_app
from api.maintenance import scheduler_command
from api.maintenance.read_command import explain
from api.maintenance.startup_checks import announce, check_database, listen
from api.middleware.connection_limits import LimitedProtocol, raise_file_limit
from api.settings import ApiSettings
from shared import logging_setup
from shared.errors import ConfigError
from shared.files import make_new_files_private
from shared.localized_messages import in_language
from shared.settings import error_line, help_lines, load, owner_language, warn_of_slips

logger = logging.getLogger("api")

STOP_SECONDS = 5
THREAD_SECONDS = 0.001


def main(arguments: list[str] | None = None) -> int:
    """Run the API; returns the exit code: 0 after a stop, 2 if a setting is wrong."""
    options = _parser().parse_args(arguments)
    logging_setup.mask_uncaught_errors()
    make_new_files_private()
    try:
        settings = _settings(options)
        if options.command == "read":
            sys.stdout.write(_explain(options, settings) + "\n")
            return 0
        if options.command == "user":
            asyncio.run(check_database(settings))
            sys.stdout.write(asyncio.run(user_command.run(options, settings)) + "\n")
            return 0
        if options.command in scheduler_command.COMMANDS:
            asyncio.run(check_database(settings))
            said = asyncio.run(scheduler_command.run(options, settings))
            sys.stdout.write(in_language(owner_language(), said) + "\n")
            return 0
        logging_setup.configure(settings.log_level)
        warn_of_slips(logger)
        asyncio.run(check_database(settings))
        _serve(settings)
    except ConfigError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    return 0


def _explain(options: argparse.Namespace, settings: ApiSettings) -> str:
    return explain(
        options.file, settings, content_type=options.content_type, query=options.query, source=options.source
    )


def _serve(settings: ApiSettings) -> None:
    # Uvicorn logs its own steps at INFO.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    LimitedProtocol.max_connections = raise_file_limit()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        loop="auto",
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        # It would contain `?token=`.
        access_log=False,
        server_header=False,
        # Uvicorn would trust every caller on this machine. TRUSTED_PROXIES names the trusted ones instead.
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    # Uvicorn raises the signal again after it has stopped, which would kill a process that ended well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    # The console's open streams end at once, so that they do not delay the stop.
    app.state.is_stopping = lambda: server.should_exit
    with listen(settings) as listener:
        announce(listener, settings)
        # Objects created so far are permanent: the collector skips them, and runs less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        # A thread that reads a wide row must give the processor back at once: a form takes some ten turns.
        sys.setswitchinterval(THREAD_SECONDS)
        server.run(sockets=[listener])
    logger.info("stopped")


def _settings(options: argparse.Namespace) -> ApiSettings:
    settings = load(ApiSettings)
    overrides = {"api_host": options.host, "api_port": options.port}
    return settings.model_copy(update={name: value for name, value in overrides.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Stores leads and shows them.",
        epilog="settings, from the environment or .env:\n" + "\n".join(help_lines(ApiSettings)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="instead of API_HOST")
    parser.add_argument("--port", type=_port, help="instead of API_PORT")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    read = commands.add_parser(
        "read",
        help="show how the body of a webhook call would be understood; stores nothing",
        description="Shows how the body of a webhook call would be understood. Nothing is stored.",
    )
    read.add_argument("--file", type=Path, required=True, help="the body, as the sender sends it")
    read.add_argument("--content-type", metavar="TYPE", help="the call's Content-Type, if it matters")
    read.add_argument("--query", default="", metavar="A=B&…", help="the call's query string")
    read.add_argument("--source", default=TILDA, help="the last part of the webhook's address (tilda)")
    user = commands.add_parser("user", help="add, list, reset or remove a user of the console")
    user_command.add_arguments(user)
    scheduler_command.add_commands(commands)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
