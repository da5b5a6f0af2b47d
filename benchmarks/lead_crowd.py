"""A crowd of leads before some workers: everybody is due at once, and later everybody writes at once."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from benchmarks.bench_parts import BenchError
from benchmarks.processes import Process
from benchmarks.running_product import Sandbox
from benchmarks.statements import Onlooker, Statements

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 300
QUESTION = "Сколько стоит сайт?"
GREETED = "SELECT count(*) FROM leads WHERE status = 'contacted'"
ANSWERED = "SELECT count(*) FROM leads WHERE status = 'engaged'"


@dataclass(frozen=True)
class Work:
    """What was done in one go, how long it took, and whose processor time went into it, in seconds."""

    done: int
    seconds: float
    workers: float
    sandbox: float
    database: float
    statements: Statements | None = None

    @property
    def rate(self) -> float:
        """So many a second."""
        return self.done / self.seconds


@dataclass
class Scene:
    """Workers on one database beside the sandbox, and how their database is looked at."""

    processes: Sequence[Process]
    beside: Sandbox
    run: Callable[[str], None]
    number: Callable[[str], float]
    database_cpu: Callable[[], float] = lambda: 0.0
    onlooker: Onlooker | None = None

    async def work(self, begin: Callable[[], None], finished: str, crowd: int) -> Work:
        """Let the workers go from `begin` until the query `finished` gives the whole crowd."""
        if self.onlooker:
            self.onlooker.start_counting()
        before = self._cpu()
        began = time.monotonic()
        await asyncio.to_thread(begin)
        while (done := int(await asyncio.to_thread(self.number, finished))) < crowd:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise BenchError(f"after {PATIENCE_SECONDS} s {done} of {crowd} were done with")
            await asyncio.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - began
        took = [after - then for after, then in zip(self._cpu(), before, strict=True)]
        counted = self.onlooker.counted() if self.onlooker else None
        return Work(crowd, seconds, took[0], took[1], took[2], counted)

    def _cpu(self) -> tuple[float, float, float]:
        workers = sum(process.cpu_seconds() for process in self.processes)
        return workers, self.beside.process.cpu_seconds(), self.database_cpu()


async def greet(scene: Scene, people: Sequence[int]) -> Work:
    """Store a lead for each, all in one transaction; until all are greeted."""
    leads = ", ".join(_lead(number) for number in range(len(people)))
    insert = f"INSERT INTO leads (name, username, phone, phone_e164, source, status) VALUES {leads}"
    return await scene.work(lambda: scene.run(insert), GREETED, len(people))


async def answer(scene: Scene, people: Sequence[int]) -> Work:
    """Let them all ask the same; until all are answered."""
    said = {"people": people, "text": QUESTION}

    def write() -> None:
        url = f"{scene.beside.control}/people/messages"
        httpx2.post(url, json=said, timeout=PATIENCE_SECONDS).raise_for_status()

    return await scene.work(write, ANSWERED, len(people))


async def settle(beside: Sandbox, crowd: int) -> Sequence[int]:
    """People for the leads; gives their ids. Half of those who are known by phone have to be imported."""
    found = []
    async with httpx2.AsyncClient(base_url=beside.control, timeout=20) as control:
        for number in range(crowd):
            fields = {"name": "Анна", "username": _username(number), "phone": _phone(number)}
            privacy = {"privacy": {"import_only": number % 20 == 19}}
            person = (await control.post("/people", json=fields | privacy)).raise_for_status()
            found.append(int(person.json()["id"]))
    return found


async def think(beside: Sandbox, seconds: float) -> None:
    """So long the model takes from now on."""
    async with httpx2.AsyncClient(base_url=beside.control, timeout=20) as control:
        (await control.put("/openai/settings", json={"latency_seconds": seconds})).raise_for_status()


def _username(number: int) -> str:
    return f"bench_{number}_x"


def _phone(number: int) -> str:
    return f"+7916{number:07d}"


def _lead(number: int) -> str:
    """Every tenth has left a phone, the others a username."""
    if number % 10 == 9:
        return f"('Анна', NULL, '{_phone(number)}', '{_phone(number)}', 'api', 'pending')"
    return f"('Анна', '{_username(number)}', NULL, NULL, 'api', 'pending')"
