"""Tests that a stop ends in time even if a thread that cannot be cancelled hangs."""

import subprocess
import sys
import time

from tests.support.waiting import patience_seconds

HANGING = """
import threading, time
from worker.runtime.shutdown import end_in_time
end_in_time(0.2)
# At its end Python waits for such a thread, like for a database driver's thread that waits for a lock.
threading.Thread(target=time.sleep, args=(600,)).start()
"""


def test_hanging_stop_is_cut_short() -> None:
    began = time.monotonic()
    command = [sys.executable, "-c", HANGING]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=patience_seconds(50))
    assert ended.returncode == 0
    assert "the stop takes too long" in ended.stderr
    assert time.monotonic() - began < patience_seconds(50)
