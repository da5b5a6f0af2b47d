"""A stop ends in time, also when something that cannot be cancelled hangs."""

import subprocess
import sys
import time

HANGING = """
import threading, time
from worker.runtime.shutdown import end_in_time
end_in_time(0.2)
# Python waits for a thread like this one at its end, as for a driver's that waits for a lock.
threading.Thread(target=time.sleep, args=(60,)).start()
"""


def test_a_stop_that_hangs_is_cut_short() -> None:
    began = time.monotonic()
    command = [sys.executable, "-c", HANGING]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)
    assert ended.returncode == 0
    assert "the stop takes too long" in ended.stderr
    assert time.monotonic() - began < 50
