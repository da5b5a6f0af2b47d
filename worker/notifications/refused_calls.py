"""The notice about webhook calls that brought no lead: one notice for all such calls since the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import OwnerNotice, WebhookDelivery
from shared.translations import Language
from worker.notifications import notices, texts

# A notice's key is this and the id of the last call that it counts.
_KEY = "refused:"
# A form with a mistake is refused each time it is sent: the calls of this time share one notice.
REPORT_EVERY = timedelta(minutes=10)
# Ids are assigned before the commit, so a call with a smaller id can appear this much later.
_SETTLED_AFTER = timedelta(seconds=5)
# The API processes a call that it left as `received` again within a minute, and may refuse it then.
_FINISHED_AFTER = timedelta(minutes=2)

_id = col(WebhookDelivery.id)
_received_at = col(WebhookDelivery.received_at)
_is_refused = col(WebhookDelivery.outcome) == "refused"


@dataclass(frozen=True)
class RefusedCalls:
    """Refused calls without a notice: their number for each source, the most first, and the last call."""

    counts: Sequence[tuple[str, int]]
    last_id: int
    last_error: str


async def find_unreported(session: AsyncSession, *, since: datetime, now: datetime) -> RefusedCalls | None:
    """Return the calls to report now; None if there are none, or if the last notice is too young."""
    newest = (await session.exec(select(func.max(_id)).where(_is_refused))).one()
    # Usually nothing is new: that costs two look-ups in indexes.
    if newest is None or await _is_reported(session, newest):
        return None
    last_report = await _last_report(session)
    if last_report and abs(now - last_report.created_at) < REPORT_EVERY:
        return None
    after = int(last_report.key.removeprefix(_KEY)) if last_report else 0
    unreported = (_is_refused, _received_at >= since, _id > after)
    last = await session.exec(
        select(_id, col(WebhookDelivery.error))
        .where(
            *unreported,
            _received_at <= now - _SETTLED_AFTER,
            _id < (await _first_unfinished(session, now=now) or newest + 1),
        )
        .order_by(_id.desc())
        .limit(1)
    )
    if (found := last.first()) is None:
        return None
    last_id, last_error = found
    source, number = col(WebhookDelivery.source), func.count()
    counts = await session.exec(
        select(source, number)
        .where(*unreported, _id <= last_id)
        .group_by(source)
        .order_by(number.desc(), source)
    )
    return RefusedCalls(counts.all(), last_id, last_error or "")


async def report(session: AsyncSession, language: Language, *, since: datetime, now: datetime) -> None:
    """Add the notice about unreported calls, if it is time for one; exactly once with several workers."""
    # Another worker waits here, and then finds this notice. On SQLite it waits for the whole transaction.
    await session.exec(
        select(OwnerNotice.id).where(col(OwnerNotice.key) == notices.START_KEY).with_for_update()
    )
    calls = await find_unreported(session, since=since, now=now)
    if calls is not None:
        text = texts.render_refused(language, calls.counts, calls.last_error, calls.last_id)
        await notices.add(session, f"{_KEY}{calls.last_id}", text, now=now)


async def _first_unfinished(session: AsyncSession, *, now: datetime) -> int | None:
    rows = await session.exec(
        select(func.min(_id)).where(
            col(WebhookDelivery.outcome) == "received", _received_at > now - _FINISHED_AFTER
        )
    )
    return rows.one()


async def _is_reported(session: AsyncSession, delivery_id: int) -> bool:
    rows = await session.exec(select(OwnerNotice.id).where(col(OwnerNotice.key) == f"{_KEY}{delivery_id}"))
    return rows.first() is not None


async def _last_report(session: AsyncSession) -> OwnerNotice | None:
    rows = await session.exec(
        select(OwnerNotice)
        .where(col(OwnerNotice.key).startswith(_KEY))
        .order_by(col(OwnerNotice.id).desc())
        .limit(1)
    )
    return rows.first()
