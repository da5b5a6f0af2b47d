"""Response models of the readiness check."""

from typing import Literal

from pydantic import BaseModel


class ReadyOut(BaseModel):
    """The database stores, and its schema is current."""

    status: Literal["ready"] = "ready"
    database: Literal["ok"] = "ok"
    revision: str


class NotReadyOut(BaseModel):
    """The problem with the database, and how to solve it; `unusable`: it answers, but stores nothing."""

    status: Literal["unavailable"] = "unavailable"
    database: Literal["unreachable", "outdated", "unusable"]
    detail: str
