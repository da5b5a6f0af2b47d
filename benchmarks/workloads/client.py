"""`python -m benchmarks.workloads.client`: sends distinct leads over HTTP, at a fixed rate or at full speed.

At a fixed rate each request is sent when it is due, and its latency counts from that moment. A server that
stalls is thus charged for the requests that had to wait. The requests are the same as in load.lua.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import urlencode

import uvloop

REPEAT_EVERY, REPEAT_DISTANCE = 10, 200
TIMEOUT_SECONDS = 10


class Requests:
    """Builds complete HTTP requests; every tenth repeats an earlier one."""

    def __init__(self, kind: Literal["json", "form"], path: str, run: str) -> None:
        self.sent = 0
        self.distinct = 0
        self._kind = kind
        self._run = run
        type_of = {"json": "application/json", "form": "application/x-www-form-urlencoded"}[kind]
        self._head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {type_of}\r\nContent-Length: "

    def next(self) -> bytes:
        """Return the next request."""
        self.sent += 1
        if self.sent % REPEAT_EVERY == 0 and self.distinct > REPEAT_DISTANCE:
            body = self._body(self.distinct + 1 - REPEAT_DISTANCE)
        else:
            self.distinct += 1
            body = self._body(self.distinct)
        return f"{self._head}{len(body)}\r\n\r\n".encode() + body

    def _body(self, at: int) -> bytes:
        number, phone = f"{self._run}x{at}", f"+7916{at % 10_000_000:07d}"
        if self._kind == "json":
            lead = {"name": f"Анна {number}", "phone": phone, "comment": f"Нужен сайт {number}"}
            return json.dumps(lead, ensure_ascii=False).encode()
        form = {"Name": f"Анна {number}", "Phone": phone, "Comments": f"Сайт {number}", "tranid": number}
        return urlencode(form | {"formid": "form1", "utm_source": "yandex", "COOKIES": "_ga=1"}).encode()


@dataclass
class Results:
    """Counts of failed requests, and the latency of the answered ones in seconds."""

    refused: int = 0
    broken: int = 0
    seconds: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        """Return this quantile of the latencies, in milliseconds."""
        ordered = sorted(self.seconds) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Connection(asyncio.Protocol):
    """One HTTP connection with at most one request in progress; spends little CPU on each response."""

    def __init__(self, results: Results, idle: Callable[["Connection"], None]) -> None:
        self._results = results
        self._idle = idle
        self._received = b""
        self._began: float | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Report the new connection as idle."""
        # uvloop's transport is not declared as a WriteTransport.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._idle(self)

    def send(self, request: bytes, due: float) -> None:
        """Send one request; its latency counts from `due`."""
        if self._transport is not None:
            self._began = due
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect the response; once it is complete, record it."""
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        self._received = b""
        if self._began is not None:
            self._results.seconds.append(time.perf_counter() - self._began)
        self._results.refused += head[9:10] != b"2"
        self._began = None
        self._idle(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Count the request in progress as unanswered."""
        self._results.broken += self._began is not None
        self._began = None
        self._transport = None

    @property
    def busy(self) -> bool:
        """True while a response is awaited."""
        return self._began is not None

    def close(self) -> None:
        """Close the connection; a request in progress does not count as broken."""
        self._began = None
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


class LoadClient:
    """Sends requests over several connections for a given time."""

    def __init__(self, requests: Requests, seconds: float) -> None:
        self.results = Results()
        self._requests = requests
        self._due: deque[float] = deque()
        self._connections: list[Connection] = []
        self._free: deque[Connection] = deque()
        self._is_paced = False
        self._all_idle = asyncio.Event()
        self._began = time.perf_counter()
        self._ends = self._began + seconds

    async def run(self, host: str, port: int, connections: int, rate: float) -> float:
        """Send until the time is over and every request is answered; returns the seconds it took."""
        self._is_paced = bool(rate)
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, connection = await loop.create_connection(
                lambda: Connection(self.results, self._next), host, port
            )
            self._connections.append(connection)
        if rate:
            await self._pace(rate)
        await asyncio.sleep(max(0.0, self._ends - time.perf_counter()))
        # If sending was late, all may have been idle once after the end and before the last request.
        self._all_idle.clear()
        self._check_idle()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_idle.wait(), TIMEOUT_SECONDS)
        self.results.broken += len(self._due) + sum(connection.busy for connection in self._connections)
        took = time.perf_counter() - self._began
        for connection in self._connections:
            connection.close()
        return took

    async def _pace(self, rate: float) -> None:
        for number in range(int(rate * (self._ends - self._began))):
            due = self._began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._free:
                self._free.popleft().send(self._requests.next(), due)
            else:
                self._due.append(due)

    def _next(self, connection: Connection) -> None:
        """Send the next request on an idle connection, if one is due."""
        now = time.perf_counter()
        if self._due:
            connection.send(self._requests.next(), self._due.popleft())
        elif self._is_paced or now >= self._ends:
            self._free.append(connection)
            if now >= self._ends:
                self._check_idle()
        else:
            connection.send(self._requests.next(), now)

    def _check_idle(self) -> None:
        if not self._due and not any(connection.busy for connection in self._connections):
            self._all_idle.set()


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Run the load; returns the figures of load.lua and the client's own CPU time in seconds."""
    requests = Requests(options.kind, options.path, options.run)
    client = LoadClient(requests, options.seconds)
    took = await client.run(options.host, options.port, options.connections, options.rate)
    results, used = client.results, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "sent": requests.sent,
        "distinct": requests.distinct,
        "answered": len(results.seconds),
        "seconds": took,
        "refused": results.refused,
        "broken": results.broken,
        "p50": results.quantile(0.5),
        "p99": results.quantile(0.99),
        "cpu": used.ru_utime + used.ru_stime,
    }


def main() -> int:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workloads.client", description=__doc__)
    for name in ("host", "path", "run"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("json", "form"), required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--rate", type=float, default=0, help="requests per second; 0 = as fast as they are answered"
    )
    parser.add_argument("--seconds", type=float, default=5)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
