"""The route that moves the demo's clock."""

import os
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sandbox.moved_clock import VARIABLE, move_on

router = APIRouter(prefix="/clock", tags=["clock"])


class MoveIn(BaseModel):
    """By how many seconds the clock is moved on; 0 tells where it is."""

    seconds: Annotated[float, Field(ge=0, le=366 * 24 * 3600)]


@router.post("")
def move(wanted: MoveIn) -> dict[str, float]:
    """Move the clock of Telegram, of the schedulers and of the product on; it is never set back."""
    path = os.environ.get(VARIABLE)
    if not path:
        raise HTTPException(409, f"the clock cannot be moved: the sandbox was started without {VARIABLE}")
    return {"seconds_ahead": move_on(Path(path), wanted.seconds)}
