"""How long the session waits for Telegram."""

from dataclasses import dataclass

from worker.telegram.transport.worker_client import RECONNECT_BASE_SECONDS

# Kurigram's start can hang for ever (the server is down, or does not know the key).
START_SECONDS = 40
CALL_SECONDS = 15
# After the link has been down for this long, the worker makes a new connection.
MAX_DOWN_SECONDS = 60
# The pause between test calls.
PING_SECONDS = 45


@dataclass(frozen=True)
class Timeouts:
    """In seconds: for the start, a call's answer, and a link that is down; and two pauses.

    `ping`: between test calls. `reconnect`: the first between two connections that did not last.
    """

    start: float = START_SECONDS
    call: float = CALL_SECONDS
    down: float = MAX_DOWN_SECONDS
    ping: float = PING_SECONDS
    reconnect: float = RECONNECT_BASE_SECONDS


DEFAULT_TIMEOUTS = Timeouts()
