"""Notices about the second provider of the model: one when it begins to answer, one when it ends."""

from datetime import datetime, timedelta

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.model_server_models import ModelServer
from shared.database.models import OwnerNotice
from shared.translations import Language
from worker.notifications import texts

_IN_USE, _BACK = "second-provider:", "first-provider:"
# A shorter outage is over before the owner could read of it.
_REPORTED_AFTER = timedelta(seconds=20)
# A provider that fails again and again is reported once an hour, unless it is out for long.
_QUIET_FOR = timedelta(hours=1)
_LONG = timedelta(minutes=10)


async def find(session: AsyncSession, language: Language, *, now: datetime) -> dict[str, str]:
    """Return the notice that is due, by its key; nothing without a second provider."""
    rows = await session.exec(select(ModelServer).where(col(ModelServer.role).is_not(None)))
    servers = {row.role: row for row in rows}
    first, second = servers.get("first"), servers.get("second")
    if first is None or second is None:
        return {}
    latest = await _latest(session)
    names = {"first": _name(first), "second": _name(second)}
    if first.out_since is None:
        if latest is None or latest.key.startswith(_BACK):
            return {}
        key = latest.key.replace(_IN_USE, _BACK, 1)
        return {key: texts.render_line(language, "first_provider", **names)}
    key = f"{_IN_USE}{first.out_since.isoformat()}"
    is_told = latest is not None and latest.key == key
    if is_told or not second.in_use or not _is_worth_telling(first.out_since, latest, now):
        return {}
    reason = first.out_reason or "?"
    return {key: texts.render_line(language, "second_provider", reason=reason, **names)}


async def _latest(session: AsyncSession) -> OwnerNotice | None:
    key = col(OwnerNotice.key)
    rows = await session.exec(
        select(OwnerNotice)
        .where(or_(key.startswith(_IN_USE, autoescape=True), key.startswith(_BACK, autoescape=True)))
        .order_by(col(OwnerNotice.id).desc())
        .limit(1)
    )
    return rows.first()


def _is_worth_telling(out_since: datetime, latest: OwnerNotice | None, now: datetime) -> bool:
    lasts = now - out_since
    is_quiet = latest is not None and now - latest.created_at < _QUIET_FOR
    return lasts >= (_LONG if is_quiet else _REPORTED_AFTER)


def _name(server: ModelServer) -> str:
    return f"{server.model} ({server.host})"
