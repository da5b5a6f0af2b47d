"""Where the suite keeps its temporary files: in memory, because each commit of SQLite waits for a disk."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 8 * 2**30


def memory_folder() -> str | None:
    """Return a folder that is kept in memory and has much room; None if there is none."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ENOUGH_BYTES:
        return None
    return str(_MEMORY)
