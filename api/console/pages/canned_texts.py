"""Canned texts: what operators often write."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import delete, insert
from sqlmodel import col, select

from api.console import rendering
from api.console.access import Operator, Viewer
from api.console.pages.lead.actions import MAX_TEXT, LongText
from api.dependencies import DatabaseDep
from api.forms.body.text_cleaning import clean, one_line
from api.queries.filters import RowId
from shared.clock import utc_now
from shared.database.console_models import CannedText

router = APIRouter(prefix="/texts")


@router.get("")
async def show_texts(request: Request, database: DatabaseDep, user: Viewer) -> Response:
    """The list of canned texts with the form for a new one."""
    async with database.reading() as session:
        found = await session.exec(select(CannedText).order_by(col(CannedText.title)))
        return rendering.page(request, "texts.html", texts=found.all())


@router.post("")
async def add_text(
    request: Request,
    database: DatabaseDep,
    user: Operator,
    title: Annotated[str, Form(max_length=100)] = "",
    text: LongText = "",
) -> Response:
    """Store a canned text."""
    title, text = one_line(title), clean(text).strip()
    if not title or not 0 < len(text) <= MAX_TEXT:
        raise HTTPException(422, f"a title and a text of at most {MAX_TEXT} characters are needed")
    async with database.writing() as session:
        await session.exec(insert(CannedText).values(title=title, text=text, created_at=utc_now()))
    return RedirectResponse(f"{request.scope.get('root_path', '')}/texts", 303)


@router.post("/{text_id}/remove")
async def remove_text(request: Request, text_id: RowId, database: DatabaseDep, user: Operator) -> Response:
    """Delete a canned text."""
    async with database.writing() as session:
        await session.exec(delete(CannedText).where(col(CannedText.id) == text_id))
    return RedirectResponse(f"{request.scope.get('root_path', '')}/texts", 303)
