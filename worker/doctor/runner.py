"""Runs all checks of the doctor: settings, database, Telegram, model, booking page."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from shared.clock import utc_now
from shared.database.engine import Database
from shared.errors import ConfigError
from shared.settings import explain
from worker.doctor import database_checks, telegram_checks, web_checks
from worker.doctor.findings import Finding, failed, passed, skipped
from worker.settings import WorkerSettings
from worker.telegram import proxy

SETTINGS = "settings"
FIX_SETTING = "correct it in .env or in the environment; .env.example explains each"
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# Stand-ins for missing required settings, so that the checks that do not need them still run.
_STAND_INS: dict[str, Any] = {
    "telegram_api_id": 1,
    "telegram_api_hash": "-",
    "openai_api_key": "-",
    "calendly_link": "https://calendly.com/",
}


async def run_checks() -> list[Finding]:
    """Return all findings in a fixed order. A failed check never prevents the independent ones."""
    try:
        settings, faults = _load_settings()
    except UnicodeDecodeError:
        return [failed(SETTINGS, ".env is not UTF-8 text", "save it in that encoding")]
    if settings is None:
        return [failed(SETTINGS, fault, FIX_SETTING) for fault in faults.values()]
    findings = [failed(SETTINGS, fault, FIX_SETTING) for fault in faults.values()] or [
        passed(SETTINGS, "complete")
    ]
    database = Database(settings.database_url, pool_size=1) if "database_url" not in faults else None
    try:
        results = await asyncio.gather(
            _guarded(database_checks.DATABASE, _check_database(database)),
            _guarded(telegram_checks.TELEGRAM, _check_telegram(settings, database, faults)),
            _guarded(web_checks.MODEL, _check_model(settings, faults)),
            _guarded(web_checks.BOOKING, _check_booking(settings, faults)),
        )
    finally:
        if database is not None:
            await database.close()
    return findings + [finding for result in results for finding in result]


async def _guarded(name: str, check: Coroutine[Any, Any, list[Finding]]) -> list[Finding]:
    """Return the findings of a check; an unexpected exception becomes a finding too."""
    try:
        return await check
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
        return [failed(name, f"the check itself failed: {type(error).__name__}", "try again, then report it")]


def _load_settings() -> tuple[WorkerSettings | None, dict[str, str]]:
    """Return the settings, with stand-ins for invalid ones, and the faults by field name.

    The settings are None if they are invalid even with the stand-ins.
    """
    try:
        return WorkerSettings(), {}
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
    faults = {
        str(error["loc"][0]) if error["loc"] else "": explain(WorkerSettings, error) for error in errors
    }
    fields = WorkerSettings.model_fields
    stand_ins = {
        name: _STAND_INS.get(name, fields[name].get_default(call_default_factory=True))
        for name in faults
        if name in fields
    }
    try:
        return WorkerSettings(**stand_ins), faults
    except ValidationError:
        return None, faults


async def _check_database(database: Database | None) -> list[Finding]:
    return (
        await database_checks.check(database)
        if database is not None
        else [skipped(database_checks.DATABASE, "DATABASE_URL")]
    )


async def _check_telegram(
    settings: WorkerSettings, database: Database | None, faults: dict[str, str]
) -> list[Finding]:
    findings: list[Finding] = []
    if settings.telegram_proxy:
        try:
            address = proxy.parse(settings.telegram_proxy)
        except ConfigError as error:
            findings.append(
                failed("TELEGRAM_PROXY", str(error).removeprefix("TELEGRAM_PROXY: "), FIX_SETTING)
            )
            findings += [
                skipped(name, "TELEGRAM_PROXY")
                for name in (telegram_checks.TELEGRAM, telegram_checks.ACCOUNT)
            ]
            return findings
        findings.append(await web_checks.check_proxy("TELEGRAM_PROXY", address.hostname, address.port))
    if invalid := [name.upper() for name in faults if name.startswith("telegram_")]:
        first = invalid[0]
        return [*findings, skipped(telegram_checks.TELEGRAM, first), skipped(telegram_checks.ACCOUNT, first)]
    if any(not finding.is_well for finding in findings):
        server = skipped(telegram_checks.TELEGRAM, "TELEGRAM_PROXY")
    else:
        server = await telegram_checks.check_server(settings)
    account = await telegram_checks.check_account(
        settings, database, is_reachable=bool(server.is_well), now=utc_now()
    )
    return [*findings, server, account]


async def _check_model(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    if invalid := [name.upper() for name in faults if name.startswith("openai_")]:
        return [skipped(web_checks.MODEL, invalid[0])]
    checks: list[Coroutine[Any, Any, Finding]] = [web_checks.check_model(settings)]
    if settings.openai_proxy:
        parts = urlsplit(settings.openai_proxy)
        checks.insert(
            0,
            web_checks.check_proxy("OPENAI_PROXY", parts.hostname or "", parts.port or _PORTS[parts.scheme]),
        )
    return list(await asyncio.gather(*checks))


async def _check_booking(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    if "calendly_link" in faults:
        return [skipped(web_checks.BOOKING, "CALENDLY_LINK")]
    return [await web_checks.check_booking(settings.calendly_link)]
