"""Posts calls to a real API process, several at once, and checks each answer and the records."""

import http.client
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.property.fuzz.calls import Call, calls
from tests.support.api_process import serving
from tests.support.waiting import patience_seconds

PATH = "/leads/webhooks/"
EXPECTED = {200, 201, 400, 413, 415, 422}
AT_ONCE = 4
# An allocator may keep this much; a leak of a kilobyte per body would exceed it.
MAX_GROWTH_MIB = 48
# Bodies, in a short run; a long one takes its first tenth.
WARM_UP = 1_000


@dataclass
class Tally:
    """The final figures; `faults` must be empty, `recorded` equal to `people`: a call may have several."""

    sent: int = 0
    people: int = 0
    recorded: int = 0
    seconds: float = 0
    slowest: float = 0
    answers: Counter[int] = field(default_factory=Counter)
    outcomes: dict[str, int] = field(default_factory=dict)
    memory_mib: tuple[float, float] = (0, 0)
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True if every body was answered correctly and recorded once, and memory stayed flat."""
        before, after = self.memory_mib
        return not self.faults and self.recorded == self.people and after - before < MAX_GROWTH_MIB

    def table(self) -> str:
        """Format the figures, one a line."""
        before, after = self.memory_mib
        return "\n".join(
            (
                f"{self.sent} bodies in {self.seconds:.0f} s ({self.sent / self.seconds:.0f} a second),"
                f" slowest answer {self.slowest:.2f} s",
                "answers:   " + _counts(self.answers),
                f"recorded:  {self.recorded} of {self.people} people: " + _counts(self.outcomes),
                f"memory:    {before:.1f} MiB after the warm-up, {after:.1f} MiB at the end",
                f"5xx: {sum(count for status, count in self.answers.items() if status >= 500)},"
                f" other faults: {len(self.faults)}",
            )
        )


class Fuzz:
    """One run on a migrated, empty SQLite database in `folder`; the same seed sends the same bodies."""

    def __init__(self, folder: Path, database: Path, seed: int, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._database = database
        self._calls = calls(seed)
        self._report = report
        self._tally = Tally()
        self._lock = threading.Lock()

    def run(self, bodies: int) -> Tally:
        """Post `bodies` bodies, and count."""
        settings = {"DATABASE_URL": f"sqlite:///{self._database}", "RATE_LIMIT_PER_MINUTE": "0"}
        with serving(self._folder, **settings) as (process, address, lines):
            began = time.monotonic()
            # Long enough for the largest bodies: what they take once is no growth.
            warm_up = max(bodies // 10, min(bodies // 2, WARM_UP))
            self._post(address, warm_up)
            before = _mib(process.pid)
            left = bodies - warm_up
            while left > 0:
                self._post(address, min(left, 10_000))
                left -= 10_000
                self._report(f"  {self._tally.sent} sent, {_mib(process.pid):.1f} MiB")
            self._tally.seconds = time.monotonic() - began
            self._tally.memory_mib = (before, _mib(process.pid))
        self._tally.faults += [line.rstrip() for line in lines if "Traceback" in line or " ERROR " in line]
        with sqlite3.connect(self._database) as connection:
            counted = connection.execute("SELECT outcome, count(*) FROM webhook_deliveries GROUP BY outcome")
            self._tally.outcomes = dict(counted.fetchall())
        self._tally.recorded = sum(self._tally.outcomes.values())
        return self._tally

    def _post(self, address: str, bodies: int) -> None:
        batch = islice(self._calls, bodies)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for worker in [pool.submit(self._work, address, batch) for _ in range(AT_ONCE)]:
                worker.result()

    def _work(self, address: str, batch: "islice[Call]") -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=patience_seconds())
        while True:
            with self._lock:
                call = next(batch, None)
            if call is None:
                break
            started = time.monotonic()
            status, people, fault = _answer(connection, call)
            taken = time.monotonic() - started
            with self._lock:
                self._tally.sent += 1
                self._tally.people += people
                self._tally.answers[status] += 1
                self._tally.slowest = max(self._tally.slowest, taken)
                if fault:
                    self._tally.faults.append(f"{fault}: {str(call.headers)[:100]} {call.body[:300]!r}")
        connection.close()


def _answer(connection: http.client.HTTPConnection, call: Call) -> tuple[int, int, str]:
    """Send a call; returns the status, the number of people, and what is wrong with the answer, or ''."""
    body = (part for part in (call.body[:7], call.body[7:]) if part) if call.is_chunked else call.body
    try:
        connection.request(
            "POST", PATH + call.source + call.query, body, call.headers, encode_chunked=call.is_chunked
        )
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return 0, 1, f"no answer ({type(error).__name__})"
    return response.status, *_check(response.status, content)


def _check(status: int, content: bytes) -> tuple[int, str]:
    try:
        answer = json.loads(content)
    except ValueError:
        return 1, f"{status} is not JSON"
    if status not in EXPECTED:
        return 1, f"{status} is unexpected"
    if answer.get("leads"):
        has_lead = any(result["lead"] for result in answer["leads"])
        return len(answer["leads"]), "" if has_lead == (status < 300) else f"{status} for {content[:200]!r}"
    expected = ("id", "status") if status < 300 else ("detail", "detail")
    return 1, "" if any(answer.get(key) for key in expected) else f"{status} has an empty body"


def _mib(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def _counts(found: "Counter[int] | dict[str, int]") -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items(), key=str))
