"""`python -m worker doctor`: looks at everything the worker needs, and says what is to be mended and how."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from shared.clock import utc_now
from shared.database.engine import Database
from shared.errors import ConfigError
from shared.settings import explain
from worker.doctor import database_checks as rows
from worker.doctor import telegram_checks, web_checks
from worker.doctor.findings import Finding, ill, skipped, well
from worker.settings import WorkerSettings
from worker.telegram import proxy

SETTINGS = "settings"
MEND = "correct it in .env or in the environment; .env.example explains each"
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# For the checks that do without the setting: the others are not made.
_IN_PLACE: dict[str, Any] = {
    "telegram_api_id": 1,
    "telegram_api_hash": "-",
    "openai_api_key": "-",
    "calendly_link": "https://calendly.com/",
}


async def examine() -> list[Finding]:
    """Every finding, in order; no fault keeps the others from being looked for."""
    try:
        settings, faults = _settings()
    except UnicodeDecodeError:
        return [ill(SETTINGS, ".env is not UTF-8 text", "save it in that encoding")]
    if settings is None:
        return [ill(SETTINGS, fault, MEND) for fault in faults.values()]
    found = [ill(SETTINGS, fault, MEND) for fault in faults.values()] or [well(SETTINGS, "complete")]
    database = Database(settings.database_url, pool_size=1) if "database_url" not in faults else None
    try:
        results = await asyncio.gather(
            _in_any_case(rows.DATABASE, _database(database)),
            _in_any_case(telegram_checks.TELEGRAM, _telegram(settings, database, faults)),
            _in_any_case(web_checks.MODEL, _model(settings, faults)),
            _in_any_case(web_checks.BOOKING, _booking(settings, faults)),
        )
    finally:
        if database is not None:
            await database.close()
    return found + [finding for findings in results for finding in findings]


async def _in_any_case(name: str, looking: Coroutine[Any, Any, list[Finding]]) -> list[Finding]:
    """What was found; a fault that nobody foresaw is a finding, too."""
    try:
        return await looking
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
        return [ill(name, f"could not be looked at: {type(error).__name__}", "try again, then report it")]


def _settings() -> tuple[WorkerSettings | None, dict[str, str]]:
    """The settings, with stand-ins for those at fault, and what is wrong with these, by field."""
    try:
        return WorkerSettings(), {}
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
    faults = {
        str(error["loc"][0]) if error["loc"] else "": explain(WorkerSettings, error) for error in errors
    }
    fields = WorkerSettings.model_fields
    stand_ins = {
        name: _IN_PLACE.get(name, fields[name].get_default(call_default_factory=True))
        for name in faults
        if name in fields
    }
    try:
        return WorkerSettings(**stand_ins), faults
    except ValidationError:
        return None, faults


async def _database(database: Database | None) -> list[Finding]:
    return (
        await rows.check(database) if database is not None else [skipped(rows.DATABASE, "DATABASE_URL first")]
    )


async def _telegram(
    settings: WorkerSettings, database: Database | None, faults: dict[str, str]
) -> list[Finding]:
    found: list[Finding] = []
    if settings.telegram_proxy:
        try:
            way = proxy.parse(settings.telegram_proxy)
        except ConfigError as error:
            found.append(ill("TELEGRAM_PROXY", str(error).removeprefix("TELEGRAM_PROXY: "), MEND))
            found += [
                skipped(name, "TELEGRAM_PROXY first")
                for name in (telegram_checks.TELEGRAM, telegram_checks.ACCOUNT)
            ]
            return found
        found.append(await web_checks.check_proxy("TELEGRAM_PROXY", way.hostname, way.port))
    if wrong := [name.upper() for name in faults if name.startswith("telegram_")]:
        first = f"{wrong[0]} first"
        return [*found, skipped(telegram_checks.TELEGRAM, first), skipped(telegram_checks.ACCOUNT, first)]
    if any(not finding.is_well for finding in found):
        server = skipped(telegram_checks.TELEGRAM, "TELEGRAM_PROXY first")
    else:
        server = await telegram_checks.check_server(settings)
    account = await telegram_checks.check_account(
        settings, database, is_reachable=bool(server.is_well), now=utc_now()
    )
    return [*found, server, account]


async def _model(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    if wrong := [name.upper() for name in faults if name.startswith("openai_")]:
        return [skipped(web_checks.MODEL, f"{wrong[0]} first")]
    checks: list[Coroutine[Any, Any, Finding]] = [web_checks.check_model(settings)]
    if settings.openai_proxy:
        parts = urlsplit(settings.openai_proxy)
        checks.insert(
            0,
            web_checks.check_proxy("OPENAI_PROXY", parts.hostname or "", parts.port or _PORTS[parts.scheme]),
        )
    return list(await asyncio.gather(*checks))


async def _booking(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    if "calendly_link" in faults:
        return [skipped(web_checks.BOOKING, "CALENDLY_LINK first")]
    return [await web_checks.check_booking(settings.calendly_link)]
