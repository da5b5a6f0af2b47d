"""What every part of a running product says while a fault of its database lasts."""

import asyncio
import time
from dataclasses import dataclass

import httpx2

from shared.clock import utc_now
from shared.database.engine import Database
from tests.chaos.environment.installation import Fault, Installation
from tests.support.waiting import patience_seconds, until
from worker.doctor import database_checks
from worker.monitoring import status_report
from worker.monitoring.status_report import StatusError
from worker.notifications import texts

FORM_SECONDS, READY_SECONDS = 10, 5


@dataclass(frozen=True)
class Said:
    """What is said, and after how many seconds the api answered. `owner`: the notice after two minutes."""

    form: str
    form_seconds: float
    ready: str
    ready_seconds: float
    worker: str
    status: str
    doctor: str
    owner: str

    @property
    def all(self) -> dict[str, str]:
        """The texts by the name of their part."""
        names = ("form", "ready", "worker", "status", "doctor", "owner")
        return {name: str(getattr(self, name)) for name in names}


def observe(installation: Installation, fault: Fault, form: dict[str, str]) -> Said:
    """Ask every part, after a form; the api has to answer in time, with 503 and a Retry-After."""
    api = installation.product.api
    began = time.monotonic()
    answer = api.post("/leads/webhooks/tilda", data=form | fault.fields)
    form_seconds = time.monotonic() - began
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    began = time.monotonic()
    ready = api.get("/readyz")
    ready_seconds = time.monotonic() - began
    assert ready.status_code == 503, ready.text
    worker = until(lambda: _told(fault, trouble(installation)), f"the worker's health tells of: {fault.name}")
    status, doctor = asyncio.run(command_lines(installation.product.database_url))
    return Said(
        str(answer.json()["detail"]),
        form_seconds,
        str(ready.json()["detail"]),
        ready_seconds,
        worker,
        status,
        doctor,
        texts.render_long("en", "storage_now", reason=worker, since="12:00"),
    )


def tells(fault: Fault, text: str | None) -> bool:
    """Return True if the text has one of the reasons that may be told."""
    return text is not None and any(meaning.reason in text for meaning in fault.says)


def _told(fault: Fault, text: str | None) -> str:
    return text if text is not None and tells(fault, text) else ""


def trouble(installation: Installation) -> str | None:
    """Return what the worker's health tells of; None: all is well."""
    found = httpx2.get(f"http://127.0.0.1:{installation.health_port}/readyz", timeout=patience_seconds())
    told: str | None = found.json()["trouble"]
    return told


def is_in_time(said: Said) -> bool:
    """Return True if the api has answered as soon as it promises."""
    return said.form_seconds < patience_seconds(FORM_SECONDS) and said.ready_seconds < patience_seconds(
        READY_SECONDS
    )


async def command_lines(url: str) -> tuple[str, str]:
    """Return what `status` and the doctor say."""
    database = Database(url, pool_size=1)
    try:
        findings = await database_checks.check(database)
        doctor = "; ".join(finding.said for finding in findings if not finding.is_well)
        try:
            status = (await status_report.load_status(database, now=utc_now())).trouble or "nothing"
        except StatusError as error:
            status = str(error)
    finally:
        await database.close()
    return status, doctor
