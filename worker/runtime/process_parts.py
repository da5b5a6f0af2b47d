"""What the process has once, for any account: clock, database, model, settings' files, disks."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.clock import unix_time
from shared.database.checks.write_check import WriteCheck
from shared.database.engine import Database
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.providers import build_model
from worker.assistant.trust import Trust
from worker.dialogue import persona
from worker.domain.clock_jumps import ClockJumps
from worker.monitoring import disk_space, health_report
from worker.runtime.qualifying import Qualifier
from worker.runtime.watches.file_watch import FileWatch
from worker.settings import WorkerSettings


@dataclass
class ProcessParts:
    """Built from the settings; `close` ends its connections."""

    settings: WorkerSettings
    last_alive: datetime | None = field(init=False)
    """When an earlier process was last alive; read before this one's first heartbeat."""

    def __post_init__(self) -> None:
        settings = self.settings
        self.clock = ClockJumps(unix_time)
        self.database = Database(settings.database_url)
        self.write_check = WriteCheck(self.database)
        self.persona = persona.load(settings.assistant_config)
        self.model = build_model(
            settings,
            base=settings.retry_base_seconds,
            maximum=settings.retry_max_seconds,
            clock=self.clock.now,
        )
        trust = Trust(settings.assistant_trust)
        self.assistant = ModelAssistant(settings, self.model, trust=trust)
        self.qualifier = Qualifier(settings, trust, self.database, self.clock.now)
        self.files = FileWatch(settings.files)
        self.last_alive = health_report.last_alive(settings.health_file)
        self._folders = disk_space.folders_of(settings.telegram_session_dir, settings.database_url)

    async def close(self) -> None:
        """Close the connections to the model and to the database."""
        await self.model.close()
        await self.database.close()

    def disk_trouble(self) -> str | None:
        """Return how little is free on a nearly full disk of the worker; None if there is enough."""
        return disk_space.find_nearly_full(self._folders)

    def take_last_alive(self) -> datetime | None:
        """Return `last_alive` once: only the first connection after a start comes after an absence."""
        last_alive, self.last_alive = self.last_alive, None
        return last_alive
