"""The worker's heartbeat: a small file with its state, and the check that Docker's HEALTHCHECK runs."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.clock import Clock
from shared.localized_messages import Sentence, joined, sentence

log = logging.getLogger(__name__)

# The worker writes the file every 5 s; a file older than 60 s means that the worker hangs.
INTERVAL_SECONDS = 5
STALE_AFTER = timedelta(seconds=60)
# The state of a worker that has ended; `trouble` is why.
ENDED = "ended"


@dataclass(frozen=True)
class Report:
    """The worker's state: `state` is connected, reconnecting, connecting, standby or ended.

    `oldest_due`: age of the oldest due lead in seconds. `outbox`, `inbox`: messages to send and to answer.
    `trouble`: a problem for the owner, such as a paused model or an unreachable database.
    """

    state: str
    oldest_due: float | None = None
    outbox: int | None = None
    inbox: int | None = None
    trouble: str | None = None

    def summary(self) -> Sentence:
        """Return the report as one line."""
        parts: list[str] = [self.state]
        if self.outbox is not None:
            parts.append(
                sentence(
                    "oldest due lead {seconds:.0f} s, outbox {outbox}, inbox {inbox}",
                    seconds=self.oldest_due or 0,
                    outbox=self.outbox,
                    inbox=self.inbox,
                )
            )
        return joined("; ", [*parts, *([self.trouble] if self.trouble else [])])


async def write_forever(path: Path, load_report: Callable[[], Awaitable[Report]], clock: Clock) -> None:
    """Write the file every `INTERVAL_SECONDS` until cancelled; logs once if it cannot be written."""
    is_logged = False
    while True:
        try:
            write(path, await load_report(), now=clock())
        except OSError as error:
            # A worker whose session is in a setting needs no disk: it works without a heartbeat too.
            if not is_logged:
                log.warning("no heartbeat can be written in TELEGRAM_SESSION_DIR (%s)", error.strerror)
            is_logged = True
        await asyncio.sleep(INTERVAL_SECONDS)


def write(path: Path, report: Report, *, now: datetime) -> None:
    """Replace the heartbeat file atomically."""
    new_file = path.with_suffix(".health.new")
    new_file.write_text(json.dumps({"at": now.isoformat(), **asdict(report)}), encoding="utf-8")
    new_file.replace(path)


def write_end(path: Path, reason: str, *, now: datetime) -> None:
    """Write that the worker has ended, so that a check fails at once; without a disk it does nothing."""
    with contextlib.suppress(OSError):
        write(path, Report(ENDED, trouble=reason), now=now)


def last_alive(path: Path) -> datetime | None:
    """Return when the file was last written (UTC); None without a readable file."""
    try:
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])
    except (ValueError, KeyError, TypeError, OSError):
        return None


def check(path: Path, *, now: datetime) -> tuple[bool, str]:
    """Return True if the worker is alive (also in standby or connecting), and a line about its state."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        age = now - datetime.fromisoformat(found.pop("at"))
        report = Report(**found)
    except FileNotFoundError:
        return False, sentence("no worker has been here: {path} is missing", path=str(path))
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return False, sentence("{path} cannot be read", path=str(path))
    if report.state == ENDED:
        why = report.trouble or "no reason is known"
        return False, sentence("the worker has ended: {why}", why=why)
    if age > STALE_AFTER:
        text = "the worker was last heard of {seconds} s ago ({state})"
        return False, sentence(text, seconds=int(age.total_seconds()), state=report.summary())
    return True, sentence("alive, {state}", state=report.summary())
