"""FastAPI dependencies for the application's database, intake writer and settings."""

from typing import Annotated

from fastapi import Depends, Request

from api.intake.writer import IntakeWriter
from api.settings import ApiSettings
from shared.database.engine import Database

# They are coroutines although they await nothing: FastAPI runs plain functions in a thread.


async def get_database(request: Request) -> Database:
    """Return the application's connection pool."""
    database: Database = request.app.state.database
    return database


async def get_intake(request: Request) -> IntakeWriter:
    """Return the application's intake writer, which stores all submissions."""
    intake: IntakeWriter = request.app.state.intake
    return intake


async def get_settings(request: Request) -> ApiSettings:
    """Return the application's settings."""
    settings: ApiSettings = request.app.state.settings
    return settings


DatabaseDep = Annotated[Database, Depends(get_database)]
IntakeDep = Annotated[IntakeWriter, Depends(get_intake)]
SettingsDep = Annotated[ApiSettings, Depends(get_settings)]
