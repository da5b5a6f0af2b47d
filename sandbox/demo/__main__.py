"""`python -m sandbox.demo`: runs the whole product on this machine, without accounts, keys or the network."""

import argparse
import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from sandbox.demo import booking
from sandbox.demo.console_user import add_user
from sandbox.demo.processes import WORKER_PID, DemoError, Processes
from sandbox.demo.product_processes import (
    ROOT,
    SANDBOX_ARGUMENTS,
    Process,
    ProcessError,
    migrate,
    sandbox_facts,
    worker_settings,
)
from sandbox.demo.story import StoryReader
from sandbox.moved_clock import VARIABLE

STORY_SECONDS = 60
POLL_SECONDS = 0.3
PROSPECT = {
    "name": "Анна",
    "replies": ["Здравствуйте! А вы делаете мобильные приложения?", "Отлично, давайте созвонимся"],
    "delay": 1.0,
}
# As quick as a chat that a human can follow.
WORKER_SETTINGS = {
    "REPLY_DEBOUNCE_SECONDS": "1",
    "TYPING_SECONDS": "1",
    "POLL_INTERVAL_SECONDS": "0.5",
    "LEASE_SECONDS": "5",
    "RETRY_BASE_SECONDS": "1",
    "RETRY_MAX_SECONDS": "5",
    "TRANSCRIBE_MODEL": "whisper-1",
}
CONSOLE_LINK = "console-link"


def main() -> int:
    """Return 0 after Ctrl-C or SIGTERM, or with --once after the first story; 1 if something failed."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.demo",
        description=__doc__,
        epilog="environment: API_PORT (8000), SANDBOX_HTTP_PORT (8081), SANDBOX_TELEGRAM_PORT (any), "
        "DATABASE_URL (SQLite in the demo's folder), DEMO_DIR (.demo)",
    )
    parser.add_argument("--once", action="store_true", help="stop after the first submission's story")
    parser.add_argument("--no-story", action="store_true", help="submit no form at the start")
    options = parser.parse_args()
    folder = Path(os.environ.get("DEMO_DIR", ROOT / ".demo")).resolve()
    (folder / "session").mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_demo(folder, options))
    except ProcessError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1


async def _demo(folder: Path, options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    processes = Processes(folder)
    playing = asyncio.create_task(_play(processes, options))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
    finally:
        playing.cancel()
        stopping.cancel()
        try:
            with suppress(asyncio.CancelledError, ProcessError):
                await playing
        finally:
            await processes.stop()
        _print("Stopped.")
    return 0


async def _play(processes: Processes, options: argparse.Namespace) -> None:
    api_port = os.environ.get("API_PORT", "8000")
    http_port = os.environ.get("SANDBOX_HTTP_PORT", "8081")
    for port, name in ((api_port, "API_PORT"), (http_port, "SANDBOX_HTTP_PORT")):
        _check_free(port, name)
    database_url = os.environ.get("DATABASE_URL") or f"sqlite:///{processes.folder / 'leads.db'}"
    # Kept with the demo's database: a clock that goes back would put what was stored into the future.
    os.environ[VARIABLE] = str(processes.folder / "clock")
    ports = {
        "SANDBOX_TELEGRAM_PORT": os.environ.get("SANDBOX_TELEGRAM_PORT", "0"),
        "SANDBOX_HTTP_PORT": http_port,
        "SANDBOX_API": f"http://127.0.0.1:{api_port}",
        "SANDBOX_WORKER_PID": WORKER_PID,
        "SANDBOX_CONSOLE_LINK": CONSOLE_LINK,
        VARIABLE: os.environ[VARIABLE],
    }
    sandbox_process = await processes.start("sandbox", *SANDBOX_ARGUMENTS, **ports)
    await asyncio.to_thread(migrate, database_url)
    sandbox = await sandbox_facts(sandbox_process)
    shared = {"DATABASE_URL": database_url, VARIABLE: os.environ[VARIABLE]}
    scheduler = booking.scheduler_settings(sandbox) | shared
    product = await processes.start("api", API_PORT=api_port, API_HOST="127.0.0.1", **shared)
    worker = await processes.start_worker(**worker_settings(sandbox) | WORKER_SETTINGS | scheduler)
    await asyncio.to_thread(add_user, shared, processes.folder / CONSOLE_LINK)
    await asyncio.to_thread(booking.connect, scheduler | {"PUBLIC_URL": f"http://127.0.0.1:{api_port}"})
    await product.wait_until_ready(f"127.0.0.1:{api_port}")
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{api_port}") as api,
        httpx2.AsyncClient(base_url=sandbox["http"]) as control,
    ):
        _print_welcome(api_port, sandbox["http"], database_url, processes.folder)
        reader = StoryReader(api)
        async for _ in reader.new_lines():
            pass
        if not options.no_story:
            await _first_story(processes, worker, api, control, reader)
        if options.once:
            return
        _print(f"\nPlay with it in a browser: {sandbox['http']}/   Ctrl-C stops everything.\n")
        while True:
            await _print_news(processes, reader)


async def _first_story(
    processes: Processes,
    worker: Process,
    api: httpx2.AsyncClient,
    control: httpx2.AsyncClient,
    reader: StoryReader,
) -> None:
    username = f"anna_{secrets.token_hex(4)}"
    # A new person for each start: the database may contain the people of an earlier start.
    person = {"id": 6_100_000_000 + secrets.randbelow(10**9), "username": username}
    (await control.post("/people", json=PROSPECT | person)).raise_for_status()
    form = {
        "Name": "Анна",
        "Telegram": f"@{username}",
        "Comments": "Хотим мобильное приложение для сети кофеен",
        "tranid": f"{secrets.randbelow(10**7)}:{secrets.randbelow(10**7)}",
        "formid": "form123456789",
    }
    answer = await api.post("/leads/webhooks/tilda", data=form)
    _print(f"A form on Tilda is submitted: POST /leads/webhooks/tilda (urlencoded) → {answer.status_code}")
    lead_id = answer.raise_for_status().json()["id"]
    try:
        async with asyncio.timeout(STORY_SECONDS):
            await _tell_until(processes, reader, lead_id, lambda lead: lead["status"] == "scheduled")
            start = await booking.book(control, await reader.lead(lead_id))
            _print(f"Anna opens the link and picks {start:%Y-%m-%d %H:%M} UTC on the booking page.")
            await _tell_until(processes, reader, lead_id, lambda lead: _is_done(lead, "confirmation"))
            await booking.move_clock(control, await reader.lead(lead_id), "reminder_day")
            _print("The demo's clock is moved on to the day before the meeting.")
            await _tell_until(processes, reader, lead_id, lambda lead: _is_done(lead, "reminder_day"))
            await booking.move_clock(control, await reader.lead(lead_id), "reminder_hour")
            _print("It is moved on to the hour before the meeting.")
            await _tell_until(processes, reader, lead_id, lambda lead: _is_done(lead, "reminder_hour"))
    except TimeoutError:
        log = worker.last_lines()
        raise DemoError(
            f"the story has not ended after {STORY_SECONDS} s; the worker's log ends:\n{log}"
        ) from None
    _print(f"Booked and reminded. GET /leads/{lead_id} shows the whole conversation, and what is planned.")


async def _tell_until(
    processes: Processes, reader: StoryReader, lead_id: int, is_reached: Callable[[dict[str, Any]], bool]
) -> None:
    while not is_reached(await reader.lead(lead_id)):
        await _print_news(processes, reader)
    await _print_news(processes, reader)


def _is_done(lead: dict[str, Any], kind: str) -> bool:
    return any(one["kind"] == kind and one["state"] == "done" for one in lead["planned"])


async def _print_news(processes: Processes, reader: StoryReader) -> None:
    # An api that answers too late is asked again; the check finds one that has ended.
    with suppress(httpx2.HTTPError):
        async for line in reader.new_lines():
            _print(line)
    if await processes.check():
        _print("The worker was killed. A new one is started.")
    await asyncio.sleep(POLL_SECONDS)


def _check_free(port: str, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError):
            raise DemoError(f"port {port} cannot be used: choose another one, {name}=… make demo") from None


def _print_welcome(api_port: str, control: str, database_url: str, folder: Path) -> None:
    _print(
        f"""
AI Lead Assistant with its own Telegram and model: no messages are sent to real people.

  The demo page   {control}/
  Swagger         http://127.0.0.1:{api_port}/docs
  Leads           http://127.0.0.1:{api_port}/leads
  The sandbox     {control}/docs
  Database        {database_url.rpartition("@")[2]}
  Logs            {folder}

  Submit a form   curl -d 'Name=Дмитрий' -d 'Phone=+7 916 123-45-02' http://127.0.0.1:{api_port}/leads/webhooks/tilda
  Move the clock  curl -d '{{"seconds": 86400}}' -H 'Content-Type: application/json' {control}/clock
  Write as him    curl -d '{{"text": "А сколько это стоит?"}}' -H 'Content-Type: application/json' \\
                  {control}/people/6000000002/messages
"""
    )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
