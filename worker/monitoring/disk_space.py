"""Warns before the disk of the worker is full: its session and an SQLite database are stored there."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.database.urls import async_url

# With less the next hours may fill the disk; on a small volume a tenth of it is enough.
NEARLY_FULL_BYTES, NEARLY_FULL_SHARE = 200 * 2**20, 10
_MEGABYTE = 2**20


def folders_of(session_folder: Path, database_url: str) -> list[Path]:
    """Return the folders in which the worker stores something."""
    url = async_url(database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return [session_folder, *([Path(url.database or "").absolute().parent] if is_file else [])]


def is_nearly_full(free: int, total: int) -> bool:
    """Return True if a disk with so many bytes has too little left."""
    return free < min(NEARLY_FULL_BYTES, total // NEARLY_FULL_SHARE)


def find_nearly_full(
    folders: Sequence[Path], is_full: Callable[[int, int], bool] = is_nearly_full
) -> str | None:
    """Return how little is free in the first of the folders whose disk is nearly full; None if none is."""
    for folder in folders:
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            # The session may be in memory, with no folder at all.
            continue
        if is_full(usage.free, usage.total):
            return f"{usage.free // _MEGABYTE} MB free in {folder}"
    return None
