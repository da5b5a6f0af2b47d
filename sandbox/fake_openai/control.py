"""Control routes of the fake OpenAI server: pending faults, the call log and settings."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from sandbox.fake_openai.call_log import KEPT_CALLS, Call, Counters
from sandbox.fake_openai.faults import Fault, PlannedFault
from sandbox.fake_openai.state import OpenAIState


class Faults(BaseModel):
    """The pending faults, oldest first."""

    faults: list[PlannedFault]


class Calls(BaseModel):
    """The last requests, oldest first, and the counters of all requests."""

    counters: Counters
    calls: list[Call]


class Removed(BaseModel):
    """How many entries were removed."""

    removed: int


class Settings(BaseModel):
    """How the server behaves without faults."""

    latency_seconds: float = Field(0, ge=0, le=600, description="Seconds added to each answer.")
    obedient: bool = Field(False, description="The model follows instructions in names, forms and messages.")
    small: bool = Field(False, description="A bad small model answers: it confuses roles and agrees to much.")


def build_control(state: OpenAIState) -> APIRouter:
    """Return the router under `/openai`."""
    router = APIRouter(prefix="/openai", tags=["openai sandbox"])
    _add_faults(router, state)
    _add_calls(router, state)

    @router.get("/settings")
    async def read_settings() -> Settings:
        return Settings(latency_seconds=state.latency_seconds, obedient=state.obedient, small=state.small)

    @router.put("/settings")
    async def change_settings(settings: Settings) -> Settings:
        state.latency_seconds, state.obedient = settings.latency_seconds, settings.obedient
        state.small = settings.small
        return settings

    return router


def _add_faults(router: APIRouter, state: OpenAIState) -> None:
    @router.get("/faults")
    async def list_faults() -> Faults:
        return Faults(faults=state.faults.pending())

    @router.post("/faults", status_code=201)
    async def plan_fault(fault: Fault) -> PlannedFault:
        """Plan a fault; it affects the next requests that match it."""
        return state.faults.add(fault)

    @router.delete("/faults")
    async def clear_faults() -> Removed:
        return Removed(removed=state.faults.clear())

    @router.delete("/faults/{fault_id}")
    async def remove_fault(fault_id: str) -> Removed:
        removed = state.faults.clear(fault_id)
        if not removed:
            raise HTTPException(404, "no such fault")
        return Removed(removed=removed)


def _add_calls(router: APIRouter, state: OpenAIState) -> None:
    @router.get("/calls")
    async def list_calls(limit: Annotated[int, Query(ge=0, le=KEPT_CALLS)] = KEPT_CALLS) -> Calls:
        return Calls(counters=state.calls.counters(), calls=state.calls.recent(limit))

    @router.delete("/calls")
    async def clear_calls() -> Removed:
        removed = len(state.calls.recent())
        state.calls.clear()
        return Removed(removed=removed)
