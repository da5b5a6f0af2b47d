"""Stores what is known about the providers of the model, for the next start, the doctor and the owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, not_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.model_server_models import MODEL_SERVERS, ModelServer
from worker.domain.config.model_servers import FIRST, SECOND, ServerState


async def load(session: AsyncSession) -> Sequence[ServerState]:
    """Return what is stored about all models that were ever used."""
    return [_state(row) for row in await session.exec(select(ModelServer))]


async def load_configured(session: AsyncSession) -> Sequence[ModelServer]:
    """Return the rows of the models that a worker is configured with, the first provider first."""
    rows = await session.exec(
        select(ModelServer).where(col(ModelServer.role).is_not(None)).order_by(col(ModelServer.role))
    )
    return rows.all()


async def find_form(session: AsyncSession, host: str, model: str) -> str | None:
    """Return the form of request that has worked with a model; None if none is known."""
    row = await session.get(ModelServer, (host, model))
    return row.wire_form if row is not None else None


async def save_context(session: AsyncSession, host: str, model: str, *, tokens: int, now: datetime) -> None:
    """Store how many tokens the context of a model holds."""
    values: dict[str, Any] = {"limit_tokens": tokens, "updated_at": now}
    await session.exec(
        insert_for(session, ModelServer)
        .values(host=host, model=model, in_use=False, **values)
        .on_conflict_do_update(index_elements=["host", "model"], set_=values)
    )


async def save(session: AsyncSession, states: Sequence[ServerState], *, now: datetime) -> None:
    """Store the current states; models that are no longer configured lose their role."""
    current = [and_(col(ModelServer.host) == one.host, col(ModelServer.model) == one.model) for one in states]
    await session.exec(
        update(MODEL_SERVERS)
        .where(not_(or_(*current)), MODEL_SERVERS.c.role.is_not(None))
        .values(role=None, in_use=False, out_since=None, out_reason=None)
    )
    for state in states:
        row = await session.get(ModelServer, (state.host, state.model))
        values = _values(state, row, now)
        await session.exec(
            insert_for(session, ModelServer)
            .values(host=state.host, model=state.model, **values)
            .on_conflict_do_update(index_elements=["host", "model"], set_=values)
        )


def _values(state: ServerState, row: ModelServer | None, now: datetime) -> dict[str, Any]:
    """Return the columns to write. What is not known now keeps its stored value."""
    was_out = row is None or row.works_since is None or row.out_since is not None
    values: dict[str, Any] = {
        "role": state.role,
        "in_use": state.in_use,
        # Several workers may see the same outage: it began when the first of them saw it.
        "out_since": (row.out_since if row else None) or state.out_since if state.out_since else None,
        "out_reason": state.out_reason,
        "updated_at": now,
    }
    if state.wire_form is not None:
        values["wire_form"] = state.wire_form
        if state.out_since is None and was_out:
            values["works_since"] = now
    if state.prompt_tokens is not None:
        values["prompt_tokens"] = state.prompt_tokens
    return values


def _state(row: ModelServer) -> ServerState:
    return ServerState(
        row.host,
        row.model,
        SECOND if row.role == SECOND else FIRST,
        row.wire_form,
        row.prompt_tokens,
        row.out_since,
        row.out_reason,
        row.in_use,
    )
