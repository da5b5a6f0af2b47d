"""Asks questions on the terminal without blocking the event loop, so that Ctrl-C ends them at once."""

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Iterator

NEWLINE = b"\n"


async def ask(question: str, *, secret: bool = False) -> str:
    """Ask a question; returns the answer without surrounding spaces. Raises EOFError at the end of input.

    `secret`: the answer is not shown while it is typed.
    """
    descriptor = sys.stdin.fileno()
    with _hide_input(descriptor) if secret else contextlib.nullcontext():
        print(question, end="", flush=True)
        await _wait_until_readable(descriptor)
        line = _read_line(descriptor)
    if secret:
        print()
    return line.strip()


async def _wait_until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:
        # Standard input is a file, which can always be read.
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _read_line(descriptor: int) -> str:
    """Read one line and not a byte more: the next line may answer the next question."""
    line = b""
    while not line.endswith(NEWLINE):
        byte = os.read(descriptor, 1)
        if not byte and not line:
            raise EOFError
        line += byte or NEWLINE
    return line.decode(errors="replace")


@contextlib.contextmanager
def _hide_input(descriptor: int) -> Iterator[None]:
    """Turn the echo of the terminal off, and restore it in any case."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
