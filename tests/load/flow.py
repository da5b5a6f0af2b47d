"""Sends submissions at a steady rate, independent of the answers, and records the answers."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

PATH = "/leads/webhooks/tilda"
# Tilda closes the connection after this time.
TILDA_TIMEOUT_SECONDS = 5
MAX_CONNECTIONS = 100

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Tally:
    """The answers: their number, their times in seconds from the due moment, and their leads."""

    sent: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    leads: dict[str, int] = field(default_factory=dict)

    def quantile(self, part: float) -> float:
        """The answer time in milliseconds that this part of the answers did not exceed."""
        ordered = sorted(self.seconds) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Flow:
    """Sends forms with a minimal HTTP client, which leaves more processor time to the server."""

    def __init__(self, address: str, rate: float) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._rate = rate
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self.tally = Tally()

    async def run(self, seconds: float) -> None:
        """Send for `seconds`, and return when everything is answered."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(int(self._rate * seconds)):
                due = began + number / self._rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(self._submit(number, due))
        for _, writer in self._idle:
            writer.close()

    async def _submit(self, number: int, due: float) -> None:
        # Each submission is sent twice at once, as an impatient sender does; every third has no key.
        key = f"load:{number - number % 2}"
        form = {"Name": "Анна", "Phone": "+79991234567", "comment": key}
        if number // 2 % 3:
            form |= {"tranid": key, "formid": "form1"}
        self.tally.sent += 1
        try:
            async with asyncio.timeout(TILDA_TIMEOUT_SECONDS):
                status, body = await self._post(urlencode(form).encode())
        except (OSError, EOFError, TimeoutError) as error:
            self.tally.errors[type(error).__name__] += 1
            return
        self.tally.seconds.append(time.monotonic() - due)
        self.tally.answers[status] += 1
        if status in {200, 201}:
            lead = int(json.loads(body)["id"])
            # Both requests of a pair must get the same lead.
            if self.tally.leads.setdefault(key, lead) != lead:
                self.tally.errors["two leads of one submission"] += 1

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        async with self._slots, self._connection() as (reader, writer):
            head = (
                f"POST {PATH} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            )
            writer.write(head.encode() + body)
            head_lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            lengths = [line.split(b":")[1] for line in head_lines if line.startswith(b"content-length:")]
            return int(head_lines[0].split()[1]), await reader.readexactly(int(lengths[0]))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        # The server closes connections that are idle for some seconds.
        self._idle = [(reader, writer) for reader, writer in self._idle if not reader.at_eof()]
        connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        try:
            yield connection
        except BaseException:
            connection[1].close()
            raise
        self._idle.append(connection)
