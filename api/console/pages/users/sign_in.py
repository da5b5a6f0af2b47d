"""Signing in and out, the one-time link to set a password, and the choice of the language."""

import logging
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import update

from api.console import access, rendering
from api.console.access import Viewer
from api.console.texts.page_texts import LANGUAGES
from api.console.users import accounts, login_throttle, passwords, sessions
from api.dependencies import DatabaseDep
from shared.clock import utc_now
from shared.database.console_models import USERS

logger = logging.getLogger(__name__)

router = APIRouter()

Text = Annotated[str, Form(max_length=500)]


@router.get("/login")
async def show_login(request: Request, database: DatabaseDep, next: str = "/") -> Response:  # noqa: A002
    """The sign-in form; without users, how to make one."""
    async with database.reading() as session:
        if not await accounts.exist(session):
            return rendering.page(request, "no_users.html")
    return rendering.page(request, "login.html", next=access.safe_path(next), wrong=False, name="")


@router.post("/login")
async def log_in(
    request: Request,
    database: DatabaseDep,
    name: Text = "",
    password: Text = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Start a session if name and password are right."""
    now, network = utc_now(), access.network_of(request)
    if not await login_throttle.try_is_allowed(database, network, name, now):
        logger.warning("too many tries to sign in to the console from %s", network)
        raise HTTPException(429, "", headers={"Retry-After": "900"})
    async with database.reading() as session:
        user = await accounts.find(session, name)
    if not await passwords.verify(password, user.password_hash if user else None) or user is None:
        values = {"next": access.safe_path(next), "wrong": True, "name": name}
        return rendering.page(request, "login.html", 401, **values)
    await login_throttle.forget(database, network, name)
    return await _signed_in(request, database, user.id, access.safe_path(next))


@router.post("/logout")
async def log_out(request: Request, database: DatabaseDep, user: Viewer) -> Response:
    """End this session."""
    async with database.writing() as session:
        await sessions.end(session, user.session_hash)
    answer = RedirectResponse(f"{_base(request)}/login", 303)
    access.clear_cookies(answer)
    return answer


@router.get("/welcome/{token}")
async def show_welcome(request: Request, token: str, database: DatabaseDep) -> Response:
    """The form to set a password, if the one-time link is still valid."""
    async with database.reading() as session:
        user = await accounts.user_of_link(session, token, utc_now())
    if user is None:
        return rendering.problem(request, 404, "link_used")
    return rendering.page(request, "welcome.html", name=user.name, fault=None, least=passwords.MIN_LENGTH)


@router.post("/welcome/{token}")
async def set_password(
    request: Request, token: str, database: DatabaseDep, password: Text = "", repeated: Text = ""
) -> Response:
    """Store the password, use up the link and sign the user in."""
    now = utc_now()
    async with database.reading() as session:
        user = await accounts.user_of_link(session, token, now)
    if user is None:
        return rendering.problem(request, 404, "link_used")
    if fault := _fault(password, repeated, user.name):
        values = {"name": user.name, "fault": fault, "least": passwords.MIN_LENGTH}
        return rendering.page(request, "welcome.html", 422, **values)
    hashed = await passwords.hash_password(password)
    async with database.writing() as session:
        owner = await accounts.set_password(session, token, hashed, now)
    if owner is None:
        return rendering.problem(request, 404, "link_used")
    return await _signed_in(request, database, owner.id, "/")


@router.post("/language")
async def set_language(
    request: Request,
    database: DatabaseDep,
    user: Viewer,
    language: Text,
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Store the language of the user's pages."""
    if language not in LANGUAGES:
        raise HTTPException(422, "there is no such language")
    async with database.writing() as session:
        await session.exec(update(USERS).where(USERS.c.id == user.id).values(language=language))
    base = _base(request)
    return RedirectResponse(base + access.safe_path(back.removeprefix(base)), 303)


async def _signed_in(request: Request, database: DatabaseDep, user_id: int, path: str) -> Response:
    async with database.writing() as session:
        session_id = await sessions.start(session, user_id, utc_now())
    answer = RedirectResponse(_base(request) + path, 303)
    access.set_cookie(request, answer, session_id)
    return answer


def _fault(password: str, repeated: str, name: str) -> str | None:
    if len(password) < passwords.MIN_LENGTH or len(password) > passwords.MAX_LENGTH:
        return "length"
    if accounts.login_of(password) == accounts.login_of(name):
        return "name"
    return None if password == repeated else "differs"


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
