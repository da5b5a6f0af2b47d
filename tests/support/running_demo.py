"""Runs `python -m sandbox.demo`, as `make demo` does, on free ports."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.demo.product_processes import ROOT, environment, free_port
from tests.support.waiting import patience_seconds, until

IS_READY = "Play with it in a browser"


@contextmanager
def running_demo(folder: Path) -> Iterator[str]:
    """Run the demo in `folder`, without the story that it tells at its start; yields the page's address."""
    api_port, page_port = str(free_port()), str(free_port())
    settings = {"API_PORT": api_port, "SANDBOX_HTTP_PORT": page_port, "DEMO_DIR": str(folder)}
    log = folder / "demo.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.demo", "--no-story"],
            cwd=ROOT,
            env=environment(settings),
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: IS_READY in log.read_text() or process.poll() is not None, "the demo is ready")
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{page_port}"
    finally:
        has_ended = process.poll() is not None
        process.terminate()
        process.wait(patience_seconds())
        assert not has_ended, log.read_text()
