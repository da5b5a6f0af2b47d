"""The first message id and pts of a run, so that a restarted server never reuses old ones."""

from pathlib import Path

from sandbox.fake_telegram.mtproto.private_files import write_private

# Eight ids a second since this time fit into 31 bits until 2033.
EPOCH = 1_750_000_000
PER_SECOND = 8
# Reserved for each run with a state folder: far more than a run uses.
RESERVED_PER_RUN = 100_000


def first(path: Path | None, now: float) -> int:
    """Return a number above those of earlier runs; `now` is in Unix seconds."""
    by_time = int((now - EPOCH) * PER_SECOND)
    if path is None:
        return by_time
    base = max(by_time, int(path.read_text()) if path.exists() else 0)
    write_private(path, str(base + RESERVED_PER_RUN).encode())
    return base
