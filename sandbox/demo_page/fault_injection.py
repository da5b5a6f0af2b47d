"""The troubles that the page's buttons make: Telegram or the model fails, a flood wait, a killed worker."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from sandbox.demo_page.visitors import now
from sandbox.fake_openai.faults import ServerError
from sandbox.fake_openai.state import OpenAIState
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account

Trouble = Literal["telegram", "model", "flood", "worker"]
TROUBLES: Final[tuple[Trouble, ...]] = get_args(Trouble)
FLOOD_SECONDS: Final = 5
_LOG_KEPT = 60


@dataclass(frozen=True)
class Incident:
    """The beginning or the end of a trouble, for the course of events."""

    at: float
    what: str


class Troubles:
    """Begins and ends troubles. `worker_pid` holds the worker's process id; without it nothing is killed."""

    def __init__(
        self, telegram: Telegram, model: OpenAIState, account: Account, worker_pid: Path | None
    ) -> None:
        self._telegram = telegram
        self._model = model
        self._account = account
        self._pid_file = worker_pid
        self._model_faults: list[str] = []
        self._flood_fault: int | None = None
        self._flood_until = 0.0
        self._killed: int | None = None
        self.incidents: list[Incident] = []

    @property
    def worker_can_be_killed(self) -> bool:
        """True if the worker's process id is known."""
        return self._pid_file is not None

    @property
    def worker_is_connected(self) -> bool:
        """True if a worker has a session with the fake Telegram."""
        connections = self._telegram.calls.connections
        keys = (auth.id.hex() for auth in self._telegram.keys.of(self._account.id))
        return any(key in connections and connections[key].now for key in keys)

    @property
    def worker_runs(self) -> bool:
        """True if the worker's process exists; without its id, if it is connected."""
        if self._pid_file is None:
            return self.worker_is_connected or not self._telegram.is_up
        return self._pid() is not None

    def current(self) -> list[Trouble]:
        """Return the troubles that are under way, and note those that have ended by themselves."""
        if self._flood_fault is not None and self._flood_fault not in self._pending_floods():
            self._flood_fault = None
            self._flood_until = now() + FLOOD_SECONDS
        is_replaced = self._killed is not None and self._pid() not in (None, self._killed)
        # The new process still has to connect.
        if is_replaced and (self.worker_is_connected or not self._telegram.is_up):
            self._killed = None
            self._note("worker_back")
        states = {
            "telegram": not self._telegram.is_up,
            "model": bool(self._model_faults),
            "flood": self._flood_fault is not None or now() < self._flood_until,
            "worker": self._killed is not None or not self.worker_runs,
        }
        return [trouble for trouble in TROUBLES if states[trouble]]

    async def toggle(self, trouble: Trouble) -> None:
        """Begin a trouble; Telegram's and the model's end with the second call."""
        match trouble:
            case "telegram":
                await self._toggle_telegram()
            case "model":
                self._toggle_model()
            case "flood":
                self._begin_flood()
            case "worker":
                self._kill_worker()

    async def _toggle_telegram(self) -> None:
        if self._telegram.is_up:
            await self._telegram.down()
            self._note("telegram_down")
        else:
            await self._telegram.up()
            self._note("telegram_back")

    def _toggle_model(self) -> None:
        if self._model_faults:
            for fault in self._model_faults:
                self._model.faults.clear(fault)
            self._model_faults.clear()
            self._note("model_back")
            return
        for api in (None, "transcriptions"):
            outage = ServerError.model_validate({"status": 503, "times": None, "api": api})
            self._model_faults.append(self._model.faults.add(outage).id)
        self._note("model_down")

    def _begin_flood(self) -> None:
        if self._flood_fault is None:
            fault = self._telegram.faults.plan(
                "error", "messages.SendMessage", code=420, message=f"FLOOD_WAIT_{FLOOD_SECONDS}"
            )
            self._flood_fault = fault.id
            self._note("flood")

    def _pending_floods(self) -> set[int]:
        return {fault.id for fault in self._telegram.faults.pending()}

    def _kill_worker(self) -> None:
        if (pid := self._pid()) is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self._killed = pid
            self._note("worker_killed")

    def _pid(self) -> int | None:
        """Return the process id of the worker; None while none runs."""
        if self._pid_file is None:
            return None
        with suppress(OSError, ValueError, OverflowError):
            pid = int(self._pid_file.read_text())
            # 0 and negative numbers address groups of processes.
            if pid > 1:
                os.kill(pid, 0)
                return pid
        return None

    def _note(self, what: str) -> None:
        self.incidents.append(Incident(now(), what))
        del self.incidents[:-_LOG_KEPT]
