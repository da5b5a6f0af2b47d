"""`python -m sandbox`: runs the sandbox until SIGTERM or SIGINT."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.app import Sandbox
from sandbox.demo_page.mount import DemoSettings, install
from sandbox.demo_page.product import ProductAddress
from sandbox.sessions import Address, parse_address, session_path


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 after SIGTERM or SIGINT, 1 if a port is in use."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_run(options))
    except OSError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A loopback Telegram and an OpenAI-compatible server. Every option can also be "
        "given as SANDBOX_HOST, SANDBOX_TELEGRAM_PORT and so on.",
    )
    add = parser.add_argument
    add("--host", default=_env("HOST", "127.0.0.1"), help="address to bind (%(default)s)")
    for name in ("telegram", "http"):
        port = _env(f"{name.upper()}_PORT", "0")
        add(f"--{name}-port", type=int, default=port, help="0 = any (%(default)s)")
    add(
        "--state",
        type=Path,
        default=_env("STATE"),
        metavar="DIR",
        help="folder that keeps keys over restarts",
    )
    add("--json", action="store_true", default=bool(_env("JSON")), help="print one line of JSON once ready")
    _add_session(parser)
    _add_demo_page(parser)
    return parser


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--session",
        type=Path,
        default=_env("SESSION"),
        metavar="PATH",
        help="signed-in session file to write if no valid one exists; the suffix .session is optional",
    )
    parser.add_argument(
        "--session-address",
        type=parse_address,
        default=_env("SESSION_ADDRESS"),
        metavar="HOST:PORT",
        help="address of Telegram in the session file, if it differs from the bound address",
    )


def _add_demo_page(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--api", default=_env("API"), metavar="URL", help="address of the api: the demo page is served at /")
    for name, what in (
        ("worker-pid", "file with the worker's process id, for the button that kills it"),
        ("console-link", "file with the output of `python -m api user add`, to sign in to the console"),
    ):
        add(f"--{name}", type=Path, default=_env(name.upper().replace("-", "_")), metavar="FILE", help=what)
    # Secrets: as arguments, other processes of the machine could read them.
    tokens = {
        name.lower(): (_env(name) or "").partition(",")[0].strip() for name in ("API_TOKEN", "FORM_TOKEN")
    }
    parser.set_defaults(**tokens)


def _demo_settings(options: argparse.Namespace) -> DemoSettings | None:
    if not options.api:
        return None
    product = ProductAddress(options.api, options.api_token or None, options.form_token or None)
    return DemoSettings(product, options.worker_pid, options.console_link)


def _env(name: str, default: str | None = None) -> str | None:
    return os.environ.get(f"SANDBOX_{name}") or default


async def _run(options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    _on_signals(stop)
    sandbox = Sandbox(options.host, options.telegram_port, options.http_port, options.state)
    demo = _demo_settings(options)
    stage = demo and install(sandbox.app, sandbox.telegram, sandbox.openai, sandbox.account, demo)
    await sandbox.start()
    try:
        session = _session(sandbox, options.session, options.session_address)
        facts = _facts(sandbox, options.state, session, has_page=demo is not None)
        text = json.dumps(facts) if options.json else _plain(facts)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        if stage:
            await stage.close()
        await sandbox.stop()
    return 0


def _session(sandbox: Sandbox, path: Path | None, address: Address | None) -> Path | None:
    return sandbox.session(session_path(path), address) if path else None


def _facts(
    sandbox: Sandbox, state: Path | None, session: Path | None, *, has_page: bool
) -> dict[str, str | int | None]:
    telegram = sandbox.telegram
    return {
        "telegram": telegram.address,
        "telegram_host": telegram.host,
        "telegram_port": telegram.port,
        "telegram_key_pem": telegram.key.spki_pem,
        "telegram_key_file": str(_write_pem(state, telegram.key.spki_pem)) if state else None,
        "http": sandbox.http_url,
        "openai": sandbox.openai_url,
        "account": sandbox.account.id,
        "phone": sandbox.account.phone,
        "code": sandbox.account.code,
        "session": str(session) if session else None,
        "demo_page": f"{sandbox.http_url}/" if has_page else None,
    }


def _write_pem(state: Path, pem: str) -> Path:
    path = state / "telegram.pem"
    path.write_text(pem)
    return path


def _plain(facts: dict[str, str | int | None]) -> str:
    lines = [
        f"Telegram   {facts['telegram']}",
        f"OpenAI     {facts['openai']}",
        f"Control    {facts['http']}/docs",
        f"Login      phone +{facts['phone']}, code {facts['code']}",
    ]
    if facts["demo_page"]:
        lines.append(f"Demo page  {facts['demo_page']}")
    if facts["session"]:
        lines.append(f"Session    {facts['session']}")
    if facts["telegram_key_file"]:
        lines.append(f"RSA key    {facts['telegram_key_file']}")
    return "\n".join(lines)


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows: its event loop does not support signal handlers.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


if __name__ == "__main__":
    sys.exit(main())
