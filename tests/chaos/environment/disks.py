"""Small disks that can be really full: a tmpfs of some megabytes, which only root can mount."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 64 * 1024


@contextmanager
def small_disk(folder: Path, *, megabytes: int, like: Path | None = None) -> Iterator[Path]:
    """Mount a disk of this size at a new folder, with the owner of `like`.

    If this user may not mount, the block gets the folder alone: `require_disk` skips the test then.
    """
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            yield folder
            return
        try:
            if like is not None:
                owner = like.stat()
                os.chown(folder, owner.st_uid, owner.st_gid)
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        shutil.rmtree(folder)


def require_disk(folder: Path) -> None:
    """Skip the test if `folder` is no disk of its own."""
    if not folder.is_mount():
        pytest.skip("this user may not mount a small disk")


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill the disk to its last byte until the block ends."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * _BLOCK)
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0")
    try:
        yield
    finally:
        ballast.unlink()
