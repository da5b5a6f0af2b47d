"""Keeps the state of the updates in the session file, so that a later start goes on from there."""

import contextlib
import sqlite3
from typing import Any

from pyrogram.storage import UpdateState as StoredState

from worker.telegram.updates.feed import UpdateState

# The account's own state; channels have rows of their own, which are not used.
_OWN = 0


async def load(storage: Any) -> UpdateState:
    """Return the stored state; its `pts` is None if there is none."""
    for row in await storage.get_update_states(_OWN):
        return UpdateState(row.pts, row.qts or 0, row.date or 0, row.seq or 0)
    return UpdateState()


async def save(storage: Any, state: UpdateState) -> None:
    """Store the state at once; raises sqlite3.Error, and then leaves no transaction open."""
    try:
        await storage.set_update_state(StoredState(_OWN, state.pts, state.qts, state.date, state.seq))
        await storage.save()
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            storage.conn.rollback()
        raise
