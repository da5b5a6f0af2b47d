"""Routes for the server itself: address, settings, faults, outages and the call log."""

from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Query, status
from pydantic import BaseModel, ValidationError

from sandbox.control_api.dependencies import TelegramDep
from sandbox.control_api.schemas import TelegramInfo
from sandbox.fake_telegram.faults import Fault, FaultFields
from sandbox.fake_telegram.rpc.call_log import Call, Connections
from sandbox.fake_telegram.server import LAYER
from sandbox.fake_telegram.settings import Settings

router = APIRouter(prefix="/telegram", tags=["telegram"])


class CallReport(BaseModel):
    """Counters of all calls, the filtered list of calls, and the connections by auth key id."""

    counts: dict[str, int]
    calls: list[Call]
    connections: dict[str, Connections]


@router.get("/info")
async def info(telegram: TelegramDep) -> TelegramInfo:
    """Return the address and the public key; use either form of PEM."""
    return TelegramInfo(
        host=telegram.host,
        port=telegram.port,
        address=telegram.address,
        is_up=telegram.is_up,
        layer=LAYER,
        fingerprint=telegram.key.fingerprint,
        key_pem=telegram.key.pkcs1_pem,
        key_spki_pem=telegram.key.spki_pem,
        settings=telegram.settings,
    )


@router.patch("/settings")
async def change_settings(
    telegram: TelegramDep, changes: Annotated[dict[str, str | int | None], Body()]
) -> Settings:
    """Change settings for the next calls; GET /telegram/info lists names and values."""
    try:
        checked = Settings.model_validate(telegram.settings.model_dump() | changes)
    except ValidationError as error:
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, error.errors()) from error
    for name in changes:
        setattr(telegram.settings, name, getattr(checked, name))
    return telegram.settings


@router.get("/faults")
async def list_faults(telegram: TelegramDep) -> list[Fault]:
    """List the pending faults."""
    return telegram.faults.pending()


@router.post("/faults", status_code=status.HTTP_201_CREATED)
async def add_fault(telegram: TelegramDep, fault: FaultFields) -> Fault:
    """Add a fault."""
    return telegram.faults.add(fault)


@router.delete("/faults", status_code=status.HTTP_204_NO_CONTENT)
async def clear_faults(telegram: TelegramDep) -> None:
    """Remove all faults."""
    telegram.faults.clear()


@router.delete("/faults/{fault_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_fault(telegram: TelegramDep, fault_id: int) -> None:
    """Remove one fault."""
    if not telegram.faults.remove(fault_id):
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no fault {fault_id} is waiting")


@router.post("/down")
async def down(telegram: TelegramDep) -> TelegramInfo:
    """Close the port and drop every connection."""
    await telegram.down()
    return await info(telegram)


@router.post("/up")
async def up(telegram: TelegramDep) -> TelegramInfo:
    """Listen again on the same port."""
    await telegram.up()
    return await info(telegram)


@router.post("/drop", status_code=status.HTTP_204_NO_CONTENT)
async def drop(telegram: TelegramDep) -> None:
    """Drop every connection but keep listening."""
    telegram.drop()


@router.get("/calls")
async def list_calls(
    telegram: TelegramDep,
    method: Annotated[str | None, Query(description="For example messages.SendMessage.")] = None,
    account: int | None = None,
) -> CallReport:
    """List the calls of clients, and how many sessions each auth key had at once."""
    return CallReport(
        counts=dict(telegram.calls.counts),
        calls=telegram.calls.of(method, account),
        connections=telegram.calls.connections,
    )


@router.delete("/calls", status_code=status.HTTP_204_NO_CONTENT)
async def clear_calls(telegram: TelegramDep) -> None:
    """Clear the call log."""
    telegram.calls.clear()
