"""The worker's heartbeat: a small file that says how it is, and the check that Docker's HEALTHCHECK runs."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

# The worker beats every few seconds; so much silence means that it hangs.
BEAT_SECONDS = 5
STALE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Report:
    """How the worker is: `state` is connected, reconnecting, connecting or standby; ages in seconds.

    `trouble` is what its owner should know of: the model paused, the database away.
    """

    state: str
    oldest_due: float | None = None
    outbox: int | None = None
    inbox: int | None = None
    trouble: str | None = None

    def line(self) -> str:
        """The report in one line."""
        parts = [self.state]
        if self.outbox is not None:
            parts.append(
                f"oldest due lead {self.oldest_due or 0:.0f} s, outbox {self.outbox}, inbox {self.inbox}"
            )
        return "; ".join([*parts, *([self.trouble] if self.trouble else [])])


def beat(path: Path, report: Report, *, now: datetime) -> None:
    """Leave a sign of life."""
    fresh = path.with_suffix(".health.new")
    fresh.write_text(json.dumps({"at": now.isoformat(), **asdict(report)}), encoding="utf-8")
    fresh.replace(path)


def check(path: Path, *, now: datetime) -> tuple[bool, str]:
    """Whether the worker is alive (a standby and one that is connecting are), and a line that says so."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        age = now - datetime.fromisoformat(found.pop("at"))
        report = Report(**found)
    except FileNotFoundError:
        return False, f"no worker has been here: {path} is missing"
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return False, f"{path} cannot be read"
    if age > STALE_AFTER:
        return False, f"the worker was last heard of {int(age.total_seconds())} s ago ({report.line()})"
    return True, f"alive, {report.line()}"
