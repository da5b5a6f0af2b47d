"""`python -m sandbox.demo`: runs the whole product on this machine, without accounts, keys or the network."""

import argparse
import asyncio
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import httpx2

from sandbox.demo.product_processes import ROOT, DemoError, Processes
from sandbox.demo.story import StoryReader

LINK = "https://calendly.com/gordovcode/30min"
STORY_SECONDS = 60
POLL_SECONDS = 0.3
PROSPECT = {
    "name": "Анна",
    "replies": ["Здравствуйте! А вы делаете мобильные приложения?", "Отлично, давайте созвонимся"],
    "delay": 1.0,
}


def main() -> int:
    """Return 0 after Ctrl-C or SIGTERM, or with --once after the first story; 1 if something failed."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.demo",
        description=__doc__,
        epilog="environment: API_PORT (8000), SANDBOX_HTTP_PORT (8081), SANDBOX_TELEGRAM_PORT (any), "
        "DATABASE_URL (SQLite in the demo's folder), DEMO_DIR (.demo)",
    )
    parser.add_argument("--once", action="store_true", help="stop after the first submission's story")
    options = parser.parse_args()
    folder = Path(os.environ.get("DEMO_DIR", ROOT / ".demo")).resolve()
    (folder / "session").mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_demo(folder, once=options.once))
    except DemoError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1


async def _demo(folder: Path, *, once: bool) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    processes = Processes(folder)
    playing = asyncio.create_task(_play(processes, once=once))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
    finally:
        playing.cancel()
        stopping.cancel()
        with suppress(asyncio.CancelledError, DemoError):
            await playing
        await processes.stop()
        _print("Stopped.")
    return 0


async def _play(processes: Processes, *, once: bool) -> None:
    api_port = os.environ.get("API_PORT", "8000")
    http_port = os.environ.get("SANDBOX_HTTP_PORT", "8081")
    for port, name in ((api_port, "API_PORT"), (http_port, "SANDBOX_HTTP_PORT")):
        _check_free(port, name)
    database_url = os.environ.get("DATABASE_URL") or f"sqlite:///{processes.folder / 'leads.db'}"
    await processes.migrate(database_url)
    sandbox = await processes.start_sandbox(os.environ.get("SANDBOX_TELEGRAM_PORT", "0"), http_port)
    await processes.start("api", DATABASE_URL=database_url, API_PORT=api_port, API_HOST="127.0.0.1")
    await processes.start("worker", DATABASE_URL=database_url, **_worker_settings(sandbox))
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{api_port}") as api,
        httpx2.AsyncClient(base_url=sandbox["http"]) as control,
    ):
        await _until_ready(processes, api)
        _print_welcome(api_port, sandbox["http"], database_url, processes.folder)
        reader = StoryReader(api)
        await reader.new_lines()
        await _first_story(processes, api, control, reader)
        if once:
            return
        _print("\nTry it: submit a form, or write as a person. Ctrl-C stops everything.\n")
        while True:
            await _print_news(processes, reader)


def _worker_settings(sandbox: dict[str, str]) -> dict[str, str]:
    return {
        "TELEGRAM_API_ID": "1",
        "TELEGRAM_API_HASH": "sandbox",
        "TELEGRAM_SESSION_DIR": "session",
        "OPENAI_API_KEY": "sandbox",
        "OPENAI_BASE_URL": sandbox["openai"],
        "CALENDLY_LINK": LINK,
        # No real people receive these messages, so all limits and pauses are as short as possible.
        "OUTREACH_GAP_SECONDS": "0",
        "OUTREACH_DAILY_LIMIT": "10000",
        "OUTREACH_WARMUP_DAYS": "0",
        "LOOKUP_GAP_SECONDS": "0",
        "IMPORT_DAILY_LIMIT": "10000",
        "REPLY_DEBOUNCE_SECONDS": "1",
        "TYPING_SECONDS": "1",
        "POLL_INTERVAL_SECONDS": "0.5",
    }


async def _first_story(
    processes: Processes, api: httpx2.AsyncClient, control: httpx2.AsyncClient, reader: StoryReader
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
            while await reader.status(lead_id) != "scheduled":
                await _print_news(processes, reader)
    except TimeoutError:
        log = processes.log_tail("worker")
        raise DemoError(f"no link after {STORY_SECONDS} s; the worker's log ends:\n{log}") from None
    for line in await reader.new_lines():
        _print(line)
    _print(f"Scheduled: the lead has received the link. GET /leads/{lead_id} shows the whole conversation.")


async def _print_news(processes: Processes, reader: StoryReader) -> None:
    for line in await reader.new_lines():
        _print(line)
    if (name := processes.find_ended()) is not None:
        raise DemoError(f"{name} has ended; its log ends:\n{processes.log_tail(name)}")
    await asyncio.sleep(POLL_SECONDS)


async def _until_ready(processes: Processes, api: httpx2.AsyncClient) -> None:
    for _ in range(200):
        if (name := processes.find_ended()) is not None:
            raise DemoError(f"{name} did not start; its log ends:\n{processes.log_tail(name)}")
        with suppress(httpx2.HTTPError):
            if (await api.get("/readyz")).is_success:
                return
        await asyncio.sleep(0.1)
    raise DemoError(f"the api is not ready; its log ends:\n{processes.log_tail('api')}")


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

  Swagger         http://127.0.0.1:{api_port}/docs
  Leads           http://127.0.0.1:{api_port}/leads
  The sandbox     {control}/docs   its people: {control}/people
  Database        {database_url.rpartition("@")[2]}
  Logs            {folder}

  Submit a form   curl -d 'Name=Дмитрий' -d 'Phone=+7 916 123-45-02' http://127.0.0.1:{api_port}/leads/webhooks/tilda
  Write as him    curl -d '{{"text": "А сколько это стоит?"}}' -H 'Content-Type: application/json' \\
                  {control}/people/6000000002/messages
"""
    )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
