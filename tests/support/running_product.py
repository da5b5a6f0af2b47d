"""Runs the product as its users do: three processes on one database, driven from outside."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import create_engine, insert, text

from sandbox.demo.product_processes import FAST_SETTINGS, SANDBOX_ARGUMENTS, free_port, worker_settings
from shared.database.models import LEADS
from shared.database.urls import async_url
from tests.support.leftovers import WATCH
from tests.support.processes import Process
from tests.support.waiting import patience_seconds, until

LINK = FAST_SETTINGS["CALENDLY_LINK"]
_OWN_LINK = re.compile(rf"{re.escape(LINK)}\?(?:name=\S+&)?utm_source=telegram&utm_content=(\S+)$")


def token_of_link(text: str) -> str | None:
    """Return the token of the lead's own link at the end of a message; None if it does not end with one."""
    return found[1] if (found := _OWN_LINK.search(text)) else None


_numbers = itertools.count(1)


class RunningProduct:
    """Sandbox, api and worker on one database, with short pauses in the settings; `close` it when done."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
        (folder / "session").mkdir()
        self._processes: list[Process] = []
        WATCH.add_owner(self.pids)
        try:
            self._start(settings)
        except BaseException:
            self._kill_all()
            raise

    def _start(self, settings: Mapping[str, str]) -> None:
        self.sandbox = self._process("sandbox", {}, *SANDBOX_ARGUMENTS)
        facts = json.loads(until(lambda: self.sandbox.text().strip(), "the sandbox starts").splitlines()[-1])
        self.facts: dict[str, Any] = facts
        self.control = httpx2.Client(base_url=facts["http"], timeout=patience_seconds())
        self.settings = {
            **worker_settings(facts),
            "DATABASE_URL": self.database_url,
            "REPLY_DEBOUNCE_SECONDS": "0.4",
            "POLL_INTERVAL_SECONDS": "0.3",
            "RETRY_BASE_SECONDS": "0.2",
            "RETRY_MAX_SECONDS": "1",
            **settings,
        }
        port = free_port()
        self.api_process = self._process("api", self.settings | {"API_PORT": str(port)})
        self.api = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=patience_seconds())
        self.restart_worker()
        until(self._is_ready, "the api is ready")

    def start_worker(self, **settings: str) -> Process:
        """Start one more worker process on the same session and database."""
        return self._process("worker", self.settings | settings)

    def restart_worker(self) -> None:
        """Start a worker in place of the one that has ended, and wait until it is ready."""
        self.worker = self.start_worker()
        self.worker.wait_for_log("ready as @")

    def _process(self, module: str, settings: Mapping[str, str], *arguments: str) -> Process:
        process = Process(module, self.folder, settings, *arguments)
        self._processes.append(process)
        return process

    def pids(self) -> set[int]:
        """The processes that belong to the product itself; a second worker belongs to the test."""
        names = ("sandbox", "api_process", "worker")
        return {process.pid for name in names if (process := getattr(self, name, None)) is not None}

    def close(self) -> None:
        """Stop the worker, the api and the sandbox, and kill any other process that was started."""
        WATCH.remove_owner(self.pids)
        for client in (self.api, self.control):
            client.close()
        try:
            for process in (self.worker, self.api_process, self.sandbox):
                process.stop()
        finally:
            self._kill_all()

    def _kill_all(self) -> None:
        for process in self._processes:
            process.kill()

    def add_person(self, **fields: object) -> dict[str, Any]:
        """Add a person to the sandbox's Telegram, with a unique username unless one is given."""
        number = next(_numbers)
        usual = {"name": "Анна", "username": f"person_{number}_x", "phone": f"7916{number:07d}"}
        answer = self.control.post("/people", json=usual | fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def submit(self, **form: str) -> dict[str, Any]:
        """Submit a Tilda form, urlencoded; returns the stored lead."""
        number = next(_numbers)
        keys = {"tranid": f"{number}:{number}", "formid": "form1", "Name": "Анна"}
        answer = self.api.post("/leads/webhooks/tilda", data=keys | form)
        assert answer.status_code == 201, answer.text
        lead: dict[str, Any] = answer.json()
        return lead

    def get_lead(self, lead_id: int) -> dict[str, Any]:
        """A lead with its messages and events."""
        found: dict[str, Any] = self.api.get(f"/leads/{lead_id}").json()
        return found

    def statuses(self) -> dict[int, str]:
        """The status of every lead, by lead id."""
        found: dict[int, str] = {}
        cursor: dict[str, str] = {}
        while True:
            page = self.api.get("/leads", params={"limit": "200", **cursor}).json()
            found |= {lead["id"]: lead["status"] for lead in page["items"]}
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def unfinished_work(self) -> list[str]:
        """Work that is not done yet: leased or due leads, queued or unanswered messages; no plans."""
        engine = create_engine(async_url(self.database_url).set(drivername=_sync_driver(self.database_url)))
        with engine.connect() as connection:
            leads = connection.execute(
                text(
                    "SELECT id, status FROM leads WHERE leased_by IS NOT NULL"
                    " OR due_at <> coalesce(follow_up_at, '2000-01-01 00:00:00')"
                )
            )
            found = [f"lead {row.id} ({row.status}) is leased or due" for row in leads]
            messages = connection.execute(
                text("SELECT id, lead_id, state FROM messages WHERE state IN ('queued', 'received')")
            )
            found += [f"message {row.id} of lead {row.lead_id} is {row.state}" for row in messages]
        engine.dispose()
        return found

    def execute(self, statement: str) -> None:
        """Change the database directly, for example to let time pass for a lead."""
        engine = create_engine(async_url(self.database_url).set(drivername=_sync_driver(self.database_url)))
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def notices(self) -> list[str]:
        """The texts of the owner's notices that are not sent yet, oldest first."""
        engine = create_engine(async_url(self.database_url).set(drivername=_sync_driver(self.database_url)))
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT text FROM owner_notices WHERE text <> '' ORDER BY id"))
            found = [str(row.text) for row in rows]
        engine.dispose()
        return found

    def insert_lead(self, **columns: object) -> int:
        """Insert a lead that is due now, with columns that no form sets; returns its id."""
        usual = {"name": "Анна", "source": "tilda", "status": "pending", "attempts": 0, "lost_leases": 0}
        usual |= {"extra": {}, "contact_evidence": {}}
        engine = create_engine(async_url(self.database_url).set(drivername=_sync_driver(self.database_url)))
        with engine.begin() as connection:
            inserted = connection.execute(insert(LEADS).values(**usual | columns).returning(LEADS.c.id))
            lead_id = int(inserted.scalar_one())
        engine.dispose()
        return lead_id

    def wait_for_status(self, lead_id: int, status: str) -> dict[str, Any]:
        """Wait until a lead has a status; returns the lead."""
        try:
            until(lambda: self.get_lead(lead_id)["status"] == status, f"lead {lead_id} becomes {status}")
        except AssertionError as error:
            log = self.worker.text()[-2000:]
            raise AssertionError(f"{error}: it is {self.get_lead(lead_id)}\n{log}") from None
        return self.get_lead(lead_id)

    def chat(self, person: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The messages of a person's chat as Telegram has them, oldest first."""
        found: list[dict[str, Any]] = self.control.get(f"/people/{person['id']}/chat").json()
        return found

    def received(self, person: Mapping[str, Any]) -> list[str]:
        """The texts that a person has received."""
        return [message["text"] for message in self.chat(person) if message["from"] == "account"]

    def say(self, person: Mapping[str, Any], *texts: str, **other: object) -> None:
        """Let a person write to the account."""
        answer = self.control.post(f"/people/{person['id']}/messages", json={"texts": texts, **other})
        assert answer.status_code == 201, answer.text

    def plan_fault(self, **fields: object) -> None:
        """Plan a fault of the sandbox's Telegram."""
        answer = self.control.post("/telegram/faults", json=fields)
        assert answer.status_code == 201, answer.text

    def _is_ready(self) -> bool:
        assert self.api_process.exit_code is None, self.api_process.text()
        try:
            return self.api.get("/readyz").is_success
        except httpx2.HTTPError:
            return False


@contextmanager
def running_product(folder: Path, database_url: str, **settings: str) -> Iterator[RunningProduct]:
    """Run the product in `folder` until the block ends."""
    product = RunningProduct(folder, database_url, **settings)
    try:
        yield product
    finally:
        product.close()


def _sync_driver(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"
