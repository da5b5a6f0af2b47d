"""The clock of the demo: its processes and the sandbox read one file, and so are ahead by the same time.

Telegram's protocol stays at the machine's time, which its clients use.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "SANDBOX_CLOCK"


def unix_time() -> float:
    """Return the sandbox's time in Unix seconds."""
    path = os.environ.get(VARIABLE)
    return time.time() + (seconds_ahead(Path(path)) if path else 0)


def seconds_ahead(path: Path) -> float:
    """Return by how much the clock of a file is ahead; 0 without the file."""
    with suppress(OSError, ValueError):
        return float(path.read_text("ascii"))
    return 0.0


def move_on(path: Path, seconds: float) -> float:
    """Move the clock of a file on, never back; returns by how much it is ahead now."""
    ahead = seconds_ahead(path) + max(0.0, seconds)
    # Replaced as a whole: other processes read it again and again.
    new = path.with_name(f"{path.name}.new")
    new.write_text(f"{ahead:.3f}", "ascii")
    new.replace(path)
    return ahead
