"""A command at a pseudo-terminal, as a person at a keyboard has it."""

import asyncio
import contextlib
import os
import pty
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.waiting import PATIENCE_SECONDS

# Makes the terminal the command's own, so that Ctrl-C reaches it, and becomes the command. Who is started in
# the background of a shell ignores Ctrl-C, and so would all whom they start.
OWN_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.login_tty(os.dup(0))
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """What the command writes is read as it comes; what is typed is followed by Enter."""

    def __init__(self, process: asyncio.subprocess.Process, keyboard: int) -> None:
        self._process = process
        self._keyboard = keyboard
        self.shown = ""

    async def expect(self, text: str) -> None:
        """Wait until `text` is shown, and forget what came before its end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.shown:
            assert self._read() or self._process.returncode is None, f"{text!r} never came:\n{self.shown}"
            assert time.monotonic() < deadline, f"{text!r} did not come in time:\n{self.shown}"
            await asyncio.sleep(0.01)
        self.shown = self.shown.partition(text)[2]

    def type(self, text: str) -> None:
        """A line from the keyboard."""
        os.write(self._keyboard, f"{text}\n".encode())

    def press(self, key: bytes) -> None:
        """A single key, such as Ctrl-D."""
        os.write(self._keyboard, key)

    async def end(self) -> tuple[int, str]:
        """The exit code, and what was shown since the last text that was expected."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._process.wait()
        while self._read():
            pass
        return code, self.shown

    async def close(self) -> None:
        """Hang up, and end a command that is still running."""
        os.close(self._keyboard)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _read(self) -> bool:
        with contextlib.suppress(OSError):
            if read := os.read(self._keyboard, 4096):
                self.shown += read.decode(errors="replace")
                return True
        return False


async def open_terminal(command: list[str], folder: Path, environment: Mapping[str, str]) -> Terminal:
    """Start `command` in `folder` with a terminal of its own."""
    keyboard, screen = pty.openpty()
    os.set_blocking(keyboard, False)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            OWN_TERMINAL,
            *command,
            cwd=folder,
            env=environment,
            stdin=screen,
            stdout=screen,
            stderr=screen,
        )
    finally:
        os.close(screen)
    return Terminal(process, keyboard)
