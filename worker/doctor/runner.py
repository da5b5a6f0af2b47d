"""Runs all checks of the doctor: settings, database, Telegram, model, booking page."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from shared.bookings.schedulers.calcom_api import calcom_of
from shared.bookings.schedulers.calendly_api import calendly_of
from shared.bookings.schedulers.port import SchedulerApi
from shared.clock import utc_now
from shared.database.engine import Database
from shared.errors import ConfigError
from shared.localized_messages import cause_of, sentence
from shared.settings import check_dotenv, explain, find_slips
from worker.doctor import (
    booking_checks,
    database_checks,
    model_checks,
    telegram_checks,
    trust_checks,
    web_checks,
)
from worker.doctor.findings import Finding, failed, passed, skipped
from worker.doctor.sandbox_session import NOT_CALLED, local_server
from worker.domain.sending_limits import outreach_cap
from worker.settings import WorkerSettings
from worker.telegram.transport import proxy

SETTINGS, COMPANY, LIMIT = "settings", "company", "first messages"
EXAMPLE_REMEDY = "one of them is the shipped example: set COMPANY_NAME and COMPANY_PROFILE to your company"
FIX_SETTING = "correct it in .env or in the environment; .env.example explains each"
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# Stand-ins for missing required settings, so that the checks that do not need them still run.
_STAND_INS: dict[str, Any] = {
    "telegram_api_id": 1,
    "telegram_api_hash": "-",
    "openai_api_key": "-",
    "calendly_link": "https://calendly.com/",
}
_SECOND_PROVIDER = ("openai_fallback_base_url", "openai_fallback_api_key", "openai_fallback_model")


async def run_checks() -> list[Finding]:
    """Return all findings in a fixed order. A failed check never prevents the independent ones."""
    try:
        check_dotenv()
    except ConfigError as error:
        return [failed(SETTINGS, cause_of(error), "correct .env")]
    settings, faults = _load_settings()
    if settings is None:
        return [failed(SETTINGS, problem, FIX_SETTING) for problem in [*faults.values(), *find_slips()]]
    problems = [*faults.values(), *find_slips()]
    findings = [failed(SETTINGS, problem, FIX_SETTING) for problem in problems] or [
        passed(SETTINGS, "complete")
    ]
    findings += [*_check_company(settings, faults), *_show_limits(settings, faults)]
    database = Database(settings.database_url, pool_size=1) if "database_url" not in faults else None
    try:
        results = await asyncio.gather(
            _guarded(database_checks.DATABASE, _check_database(database)),
            _guarded(telegram_checks.TELEGRAM, _check_telegram(settings, database, faults)),
            _guarded(model_checks.MODEL, _check_model(settings, database, faults)),
            _guarded(web_checks.BOOKING, _check_booking(settings, database, faults)),
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
        return [
            failed(
                name,
                "the check itself failed: {error}",
                "try again, then report it",
                error=type(error).__name__,
            )
        ]


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
    if "" in faults or faults.keys() & set(_SECOND_PROVIDER):
        # The check over several fields is about the second provider.
        stand_ins |= dict.fromkeys(_SECOND_PROVIDER)
    try:
        return WorkerSettings(**stand_ins), faults
    except ValidationError:
        return None, faults


def _check_company(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    """Return a warning while people would get messages from the example company; the set-up works."""
    if {"company_name", "company_profile"} & faults.keys() or not settings.writes_as_example:
        return []
    said = sentence(
        "the worker writes as {company}, with the profile {file}",
        company=settings.company_name,
        file=settings.company_profile.name,
    )
    return [Finding(COMPANY, is_well=True, said=said, remedy=EXAMPLE_REMEDY)]


def _show_limits(settings: WorkerSettings, faults: dict[str, str]) -> list[Finding]:
    """Return the limits of first messages, so that the first days bring no surprise."""
    if {"outreach_daily_limit", "outreach_warmup_days"} & faults.keys():
        return []
    full, days = settings.outreach_daily_limit, settings.outreach_warmup_days
    first = outreach_cap(full, days, created_at=utc_now(), now=utc_now())
    if first == full:
        return [passed(LIMIT, "at most {full} in 24 hours", full=full)]
    text = "a new account: {first} on its first day, {full} from day {days}; others wait"
    return [passed(LIMIT, text, first=first, full=full, days=days)]


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
        server = [skipped(telegram_checks.TELEGRAM, "TELEGRAM_PROXY")]
    elif (local := local_server(settings)) is not None:
        # The account says itself whether that server answers.
        server = [
            passed(
                telegram_checks.TELEGRAM,
                "the session is of the server {address}: app not checked",
                address=local,
            )
        ]
    else:
        server = await telegram_checks.check_server(settings)
    account = await telegram_checks.check_account(
        settings, database, is_reachable=bool(server[0].is_well), now=utc_now()
    )
    return [*findings, *server, account]


async def _check_model(
    settings: WorkerSettings, database: Database | None, faults: dict[str, str]
) -> list[Finding]:
    if invalid := [name.upper() for name in faults if name.startswith("openai_")]:
        return [skipped(name, invalid[0]) for name in (model_checks.MODEL, trust_checks.TRUST)]
    proxies = [
        ("OPENAI_PROXY", settings.openai_proxy),
        ("OPENAI_FALLBACK_PROXY", settings.openai_fallback_proxy),
    ]
    checks = [_check_proxy(setting, address) for setting, address in proxies if address]
    *found, models = await asyncio.gather(*checks, model_checks.check_models(settings, database))
    trust = [skipped(trust_checks.TRUST, model_checks.MODEL)]
    if all(finding.is_well for finding in models):
        trust = await trust_checks.check_trust(settings, database)
    return [finding for findings in [*found, models, trust] for finding in findings]


async def _check_proxy(setting: str, address: str) -> list[Finding]:
    parts = urlsplit(address)
    port = parts.port or _PORTS[parts.scheme]
    return [await web_checks.check_proxy(setting, parts.hostname or "", port)]


async def _check_booking(
    settings: WorkerSettings, database: Database | None, faults: dict[str, str]
) -> list[Finding]:
    apis: list[SchedulerApi | None] = [calendly_of(settings), calcom_of(settings)]
    known = [await booking_checks.check_scheduler(api, database) for api in apis if api and database]
    if "calendly_link" in faults:
        return [skipped(web_checks.BOOKING, "CALENDLY_LINK"), *known]
    if local_server(settings) is not None:
        return [passed(web_checks.BOOKING, NOT_CALLED), *known]
    return [await web_checks.check_booking(settings.calendly_link), *known]
