"""Questions on the terminal that the event loop can wait for: Ctrl-C ends them at once."""

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Iterator

NEWLINE = b"\n"


async def ask(question: str, *, secret: bool = False) -> str:
    """The answer without spaces around it; a secret one is not shown. Raises EOFError when there is none."""
    typed = sys.stdin.fileno()
    with _hidden(typed) if secret else contextlib.nullcontext():
        print(question, end="", flush=True)
        await _ready(typed)
        line = _line(typed)
    if secret:
        print()
    return line.strip()


async def _ready(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:
        # A file can always be read.
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _line(descriptor: int) -> str:
    """One line, and not a byte more: what follows may answer the next question."""
    line = b""
    while not line.endswith(NEWLINE):
        byte = os.read(descriptor, 1)
        if not byte and not line:
            raise EOFError
        line += byte or NEWLINE
    return line.decode(errors="replace")


@contextlib.contextmanager
def _hidden(descriptor: int) -> Iterator[None]:
    """What is typed is not shown, and is shown again afterwards, however this ends."""
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
