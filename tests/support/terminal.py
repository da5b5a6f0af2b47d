"""Runs a command at a pseudo-terminal, as a person at a keyboard does, or with its input from a pipe.

At a terminal it runs in a forked process (tests/support/processes.py), with a pipe in a new Python.
"""

import asyncio
import contextlib
import os
import pty
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.processes import forked_at_terminal
from tests.support.waiting import patience, until_async


class Terminal:
    """A running command; `shown` is its output since the last text that was expected."""

    def __init__(self, process: BaseProcess, keyboard: int) -> None:
        self._process = process
        self._keyboard = keyboard
        self.shown = ""

    async def expect(self, text: str) -> None:
        """Wait until `text` is shown, then drop the output up to its end."""

        def is_shown() -> bool:
            is_running = self._process.exitcode is None
            while text not in self.shown and self._read():
                pass
            assert text in self.shown or is_running, f"the command ended before {text!r}:\n{self.shown}"
            return text in self.shown

        await until_async(is_shown, f"{text!r} is shown")
        self.shown = self.shown.partition(text)[2]

    def type(self, text: str) -> None:
        """Type a line and press Enter."""
        os.write(self._keyboard, f"{text}\n".encode())

    def press(self, key: bytes) -> None:
        """Press a single key, such as Ctrl-D."""
        os.write(self._keyboard, key)

    async def end(self) -> tuple[int, str]:
        """Wait for the end; returns the exit code and the output since the last expected text."""
        await until_async(lambda: self._process.exitcode is not None, "the command ends")
        code = self._process.exitcode
        assert code is not None
        while self._read():
            pass
        return code, self.shown

    def close(self) -> None:
        """Hang up, and kill the command if it still runs."""
        os.close(self._keyboard)
        self._process.kill()
        self._process.join()

    def _read(self) -> bool:
        with contextlib.suppress(OSError):
            if read := os.read(self._keyboard, 4096):
                self.shown += read.decode(errors="replace")
                return True
        return False


def open_terminal(module: str, folder: Path, environment: Mapping[str, str], *arguments: str) -> Terminal:
    """Start a module in `folder` at a new terminal; `close` it when the test ends, also after a failure."""
    keyboard, screen = pty.openpty()
    os.set_blocking(keyboard, False)
    try:
        process = forked_at_terminal(module, folder, environment, os.ttyname(screen), arguments)
    except BaseException:
        os.close(keyboard)
        raise
    finally:
        os.close(screen)
    return Terminal(process, keyboard)


async def run_piped(
    command: list[str], folder: Path, environment: Mapping[str, str], typed: str
) -> tuple[int | None, str, str]:
    """Run `command` with `typed` as its input; returns the exit code, the output and the errors.

    The process is killed if it does not end, so that its transport cannot fail a later test.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with patience():
            out, err = await process.communicate(typed.encode())
    finally:
        if process.returncode is None:
            process.kill()
            # Reads to the end, which closes the pipes as well.
            await process.communicate()
    return process.returncode, out.decode(), err.decode()
