"""Where message ids and pts start, so that a restarted server never goes back to used ones."""

from pathlib import Path

from sandbox.fake_telegram.mtproto.files import write_private

# Eight a second since this moment fit 31 bits until 2033.
EPOCH = 1_750_000_000
PER_SECOND = 8
# Set aside for each run that keeps a state: far more than it will count.
RUN = 100_000


def first(path: Path | None, now: float) -> int:
    """A number above those of earlier runs; `now` is in Unix seconds."""
    by_time = int((now - EPOCH) * PER_SECOND)
    if path is None:
        return by_time
    base = max(by_time, int(path.read_text()) if path.exists() else 0)
    write_private(path, str(base + RUN).encode())
    return base
