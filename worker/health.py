"""The worker's heartbeat: a small file that says how it is, and the check that Docker's HEALTHCHECK runs."""

import json
from datetime import datetime, timedelta
from pathlib import Path

# The worker beats every few seconds; so much silence means that it hangs.
BEAT_SECONDS = 5
STALE_AFTER = timedelta(seconds=60)


def beat(path: Path, *, state: str, now: datetime) -> None:
    """Leave a sign of life: `state` is `connected`, `connecting` or `standby`."""
    fresh = path.with_suffix(".health.new")
    fresh.write_text(json.dumps({"at": now.isoformat(), "state": state}), encoding="ascii")
    fresh.replace(path)


def check(path: Path, *, now: datetime) -> tuple[bool, str]:
    """Whether the worker is alive (a standby and one that is connecting are), and a line that says so."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        age = now - datetime.fromisoformat(found["at"])
        state = str(found["state"])
    except FileNotFoundError:
        return False, f"no worker has been here: {path} is missing"
    except (ValueError, KeyError, TypeError, OSError):
        return False, f"{path} cannot be read"
    if age > STALE_AFTER:
        return False, f"the worker was last heard of {int(age.total_seconds())} s ago ({state})"
    return True, f"alive, {state}"
