"""Batches of leads for running workers: all are due at once, and later all write at once."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from benchmarks.harness.bench import BenchError
from benchmarks.harness.processes import Process
from benchmarks.harness.running_product import Sandbox
from benchmarks.harness.statements import StatementCounter, Statements

CHECK_SECONDS = 0.1
TIMEOUT_SECONDS = 300
QUESTION = "Сколько стоит сайт?"
COUNT_GREETED = "SELECT count(*) FROM leads WHERE status = 'contacted'"
COUNT_ANSWERED = "SELECT count(*) FROM leads WHERE status = 'engaged'"


@dataclass(frozen=True)
class BatchResult:
    """One batch: its size, its duration, and the CPU time of each process, in seconds."""

    done: int
    seconds: float
    worker_cpu: float
    sandbox_cpu: float
    database_cpu: float
    statements: Statements | None = None

    @property
    def rate(self) -> float:
        """Leads per second."""
        return self.done / self.seconds


@dataclass
class WorkerSetup:
    """Running workers, the sandbox, and the functions that query their database."""

    processes: Sequence[Process]
    running_sandbox: Sandbox
    run: Callable[[str], None]
    number: Callable[[str], float]
    database_cpu: Callable[[], float] = lambda: 0.0
    counter: StatementCounter | None = None

    async def run_batch(self, begin: Callable[[], None], done_query: str, count: int) -> BatchResult:
        """Call `begin`, then wait until the query `done_query` returns `count`; returns the result."""
        if self.counter:
            self.counter.start_counting()
        before = self._cpu()
        began = time.monotonic()
        await asyncio.to_thread(begin)
        while (done := int(await asyncio.to_thread(self.number, done_query))) < count:
            if time.monotonic() - began > TIMEOUT_SECONDS:
                raise BenchError(f"after {TIMEOUT_SECONDS} s {done} of {count} were done")
            await asyncio.sleep(CHECK_SECONDS)
        seconds = time.monotonic() - began
        took = [after - then for after, then in zip(self._cpu(), before, strict=True)]
        counted = self.counter.counted() if self.counter else None
        return BatchResult(count, seconds, took[0], took[1], took[2], counted)

    def _cpu(self) -> tuple[float, float, float]:
        workers = sum(process.cpu_seconds() for process in self.processes)
        return workers, self.running_sandbox.process.cpu_seconds(), self.database_cpu()


async def measure_greetings(setup: WorkerSetup, people: Sequence[int]) -> BatchResult:
    """Insert one lead per person in one transaction, and wait until all are greeted."""
    leads = ", ".join(_lead(number) for number in range(len(people)))
    insert = f"INSERT INTO leads (name, username, phone, phone_e164, source, status) VALUES {leads}"
    return await setup.run_batch(lambda: setup.run(insert), COUNT_GREETED, len(people))


async def measure_answers(setup: WorkerSetup, people: Sequence[int]) -> BatchResult:
    """Let all people send the same question, and wait until all are answered."""
    question = {"people": people, "text": QUESTION}

    def write() -> None:
        url = f"{setup.running_sandbox.control}/people/messages"
        httpx2.post(url, json=question, timeout=TIMEOUT_SECONDS).raise_for_status()

    return await setup.run_batch(write, COUNT_ANSWERED, len(people))


async def create_people(running_sandbox: Sandbox, count: int) -> Sequence[int]:
    """Create the people of the leads; returns their ids. Half of those with a phone need a contact import."""
    found = []
    async with httpx2.AsyncClient(base_url=running_sandbox.control, timeout=20) as control:
        for number in range(count):
            fields = {"name": "Анна", "username": _username(number), "phone": _phone(number)}
            privacy = {"privacy": {"import_only": number % 20 == 19}}
            person = (await control.post("/people", json=fields | privacy)).raise_for_status()
            found.append(int(person.json()["id"]))
    return found


async def set_model_latency(running_sandbox: Sandbox, seconds: float) -> None:
    """Set the response time of the fake model."""
    async with httpx2.AsyncClient(base_url=running_sandbox.control, timeout=20) as control:
        (await control.put("/openai/settings", json={"latency_seconds": seconds})).raise_for_status()


def _username(number: int) -> str:
    return f"bench_{number}_x"


def _phone(number: int) -> str:
    return f"+7916{number:07d}"


def _lead(number: int) -> str:
    """Return the VALUES of one lead: every tenth has a phone, the others a username."""
    if number % 10 == 9:
        return f"('Анна', NULL, '{_phone(number)}', '{_phone(number)}', 'api', 'pending')"
    return f"('Анна', '{_username(number)}', NULL, NULL, 'api', 'pending')"
