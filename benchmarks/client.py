"""`python -m benchmarks.client`: distinct leads over HTTP, at a steady rate or at full tilt.

At a rate each is sent when it is due, whatever became of those before, and its time counts from that moment:
a server that stalls is not spared what was waiting for it. Its bodies are those of load.lua.
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

EVERY, BACK = 10, 200
PATIENCE_SECONDS = 10


class Bodies:
    """Whole requests; every tenth is a repeat of an earlier one."""

    def __init__(self, kind: Literal["json", "form"], path: str, run: str) -> None:
        self.sent = 0
        self.fresh = 0
        self._kind = kind
        self._run = run
        type_of = {"json": "application/json", "form": "application/x-www-form-urlencoded"}[kind]
        self._head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {type_of}\r\nContent-Length: "

    def next(self) -> bytes:
        """One more."""
        self.sent += 1
        if self.sent % EVERY == 0 and self.fresh > BACK:
            body = self._body(self.fresh + 1 - BACK)
        else:
            self.fresh += 1
            body = self._body(self.fresh)
        return f"{self._head}{len(body)}\r\n\r\n".encode() + body

    def _body(self, at: int) -> bytes:
        number, phone = f"{self._run}x{at}", f"+7916{at % 10_000_000:07d}"
        if self._kind == "json":
            lead = {"name": f"Анна {number}", "phone": phone, "comment": f"Нужен сайт {number}"}
            return json.dumps(lead, ensure_ascii=False).encode()
        form = {"Name": f"Анна {number}", "Phone": phone, "Comments": f"Сайт {number}", "tranid": number}
        return urlencode(form | {"formid": "form1", "utm_source": "yandex", "COOKIES": "_ga=1"}).encode()


@dataclass
class Tally:
    """What was answered, and how fast, in seconds."""

    refused: int = 0
    broken: int = 0
    seconds: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        """How fast this part of the answers was, in milliseconds."""
        ordered = sorted(self.seconds) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Lane(asyncio.Protocol):
    """One connection with one request under way; as little work as an answer can take."""

    def __init__(self, tally: Tally, idle: Callable[["Lane"], None]) -> None:
        self._tally = tally
        self._idle = idle
        self._received = b""
        self._began: float | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may send now."""
        # uvloop's own kind, which it does not declare to be one.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._idle(self)

    def send(self, request: bytes, due: float) -> None:
        """Send one, whose time counts from `due`."""
        if self._transport is not None:
            self._began = due
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Part of an answer."""
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        self._received = b""
        if self._began is not None:
            self._tally.seconds.append(time.perf_counter() - self._began)
        self._tally.refused += head[9:10] != b"2"
        self._began = None
        self._idle(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """What was under way has no answer."""
        self._tally.broken += self._began is not None
        self._began = None
        self._transport = None

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._began is not None

    def close(self) -> None:
        """Hang up; whatever is still under way does not count as broken."""
        self._began = None
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


class Sender:
    """Some connections, and what goes over them."""

    def __init__(self, bodies: Bodies, seconds: float) -> None:
        self.tally = Tally()
        self._bodies = bodies
        self._due: deque[float] = deque()
        self._lanes: list[Lane] = []
        self._free: deque[Lane] = deque()
        self._is_paced = False
        self._all_idle = asyncio.Event()
        self._began = time.perf_counter()
        self._ends = self._began + seconds

    async def run(self, host: str, port: int, connections: int, rate: float) -> float:
        """Send until it is over and all is answered; gives the seconds it took."""
        self._is_paced = bool(rate)
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, lane = await loop.create_connection(lambda: Lane(self.tally, self._next), host, port)
            self._lanes.append(lane)
        if rate:
            await self._pace(rate)
        await asyncio.sleep(max(0.0, self._ends - time.perf_counter()))
        self._look_whether_idle()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_idle.wait(), PATIENCE_SECONDS)
        self.tally.broken += len(self._due) + sum(lane.busy for lane in self._lanes)
        took = time.perf_counter() - self._began
        for lane in self._lanes:
            lane.close()
        return took

    async def _pace(self, rate: float) -> None:
        for number in range(int(rate * (self._ends - self._began))):
            due = self._began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._free:
                self._free.popleft().send(self._bodies.next(), due)
            else:
                self._due.append(due)

    def _next(self, lane: Lane) -> None:
        """What a connection does that has its answer."""
        now = time.perf_counter()
        if self._due:
            lane.send(self._bodies.next(), self._due.popleft())
        elif self._is_paced or now >= self._ends:
            self._free.append(lane)
            if now >= self._ends:
                self._look_whether_idle()
        else:
            lane.send(self._bodies.next(), now)

    def _look_whether_idle(self) -> None:
        if not self._due and not any(lane.busy for lane in self._lanes):
            self._all_idle.set()


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Send for so long; gives what load.lua gives, and the client's own processor time."""
    bodies = Bodies(options.kind, options.path, options.run)
    sender = Sender(bodies, options.seconds)
    took = await sender.run(options.host, options.port, options.connections, options.rate)
    tally, used = sender.tally, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "sent": bodies.sent,
        "fresh": bodies.fresh,
        "answered": len(tally.seconds),
        "seconds": took,
        "refused": tally.refused,
        "broken": tally.broken,
        "p50": tally.quantile(0.5),
        "p99": tally.quantile(0.99),
        "cpu": used.ru_utime + used.ru_stime,
    }


def main() -> int:
    """Print the figures as a line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client", description=__doc__)
    for name in ("host", "path", "run"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("json", "form"), required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--rate", type=float, default=0, help="requests a second; 0 = as fast as they are answered"
    )
    parser.add_argument("--seconds", type=float, default=5)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
