"""Stores the scores of models, so that a model is qualified once for each version of the prompts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.model_server_models import MODEL_SERVERS, ModelServer

# A worker that stops in the middle of a qualification leaves it to the next one after this time.
CLAIM = timedelta(minutes=15)


async def load(session: AsyncSession, host: str, model: str, version: str) -> ModelServer | None:
    """Return the row of a model that is qualified for this version of the prompts; None if it is not."""
    row = await session.get(ModelServer, (host, model), populate_existing=True)
    return row if row is not None and row.score is not None and row.prompt_version == version else None


async def claim(session: AsyncSession, host: str, model: str, *, version: str, now: datetime) -> bool:
    """Return True if the caller is to qualify the model: of several workers, one does, once a version."""
    until = col(ModelServer.qualifying_until)
    # A claim that ends further ahead than a claim lasts was made by a wrong clock.
    free = or_(until.is_(None), until < now, until > now + 2 * CLAIM)
    unknown = or_(col(ModelServer.score).is_(None), col(ModelServer.prompt_version).is_distinct_from(version))
    claimed = {"qualifying_until": now + CLAIM}
    done = await session.exec(
        insert_for(session, ModelServer)
        .values(host=host, model=model, in_use=False, updated_at=now, **claimed)
        .on_conflict_do_update(index_elements=["host", "model"], set_=claimed, where=and_(free, unknown))
        .returning(MODEL_SERVERS.c.host)
    )
    return done.first() is not None


async def release(session: AsyncSession, host: str, model: str) -> None:
    """End a claim without a score: the model could not be reached."""
    row = await session.get(ModelServer, (host, model), populate_existing=True)
    if row is not None:
        row.qualifying_until = None


async def save(
    session: AsyncSession,
    host: str,
    model: str,
    *,
    version: str,
    score: float,
    figures: Mapping[str, object],
    now: datetime,
) -> None:
    """Store the score of a model, and what was wrong."""
    values = {
        "score": score,
        "figures": dict(figures),
        "prompt_version": version,
        "qualified_at": now,
        "qualifying_until": None,
        "updated_at": now,
    }
    await session.exec(
        insert_for(session, ModelServer)
        .values(host=host, model=model, in_use=False, **values)
        .on_conflict_do_update(index_elements=["host", "model"], set_=values)
    )
