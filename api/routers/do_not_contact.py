"""The do-not-contact list over HTTP: who must not be written to, as marks that name nobody."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.openapi.models import Example
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, SettingsDep, require_api_token
from api.errors import invalid
from api.queries.pagination import Page, make_cursor
from api.queries.personal_data import get_lead_or_404
from api.schemas import examples
from api.schemas.models import CheckOut, ForbidIn, SuppressionEntryOut, SuppressionEntryPage
from shared.clock import utc_now
from shared.contacts import ContactError, read_contact
from shared.database.models import DoNotContact
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity

_PHONE = {"phone": Example(summary="As people type it", value="+7 999 000-00-00")}

router = APIRouter(
    prefix="/do-not-contact",
    tags=["do-not-contact"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)


async def _asked_for(
    settings: SettingsDep,
    phone: Annotated[str | None, Query(max_length=500, openapi_examples=_PHONE)] = None,
    username: Annotated[str | None, Query(max_length=500)] = None,
) -> SuppressedIdentity:
    return _contacts(phone, username, settings.phone_region, where="query")


AskedFor = Annotated[SuppressedIdentity, Depends(_asked_for)]


@router.get("", summary="List the marks", response_description="The newest marks first.")
async def list_marks(database: DatabaseDep, page: Annotated[Page, Query()]) -> SuppressionEntryPage:
    """Newest first. A mark is a hash: it tells which kind of contact it forbids and why, not whose it is."""
    async with database.reading() as session:
        found = (await session.exec(page.of(DoNotContact))).all()
    items = [SuppressionEntryOut.model_validate(mark) for mark in found[: page.limit]]
    return SuppressionEntryPage(
        items=items, next_cursor=make_cursor(items[-1].id) if len(found) > page.limit else None
    )


@router.post(
    "",
    status_code=201,
    summary="Forbid writing to a person",
    response_description="The person's marks; from now on nobody writes to them.",
    responses={
        200: {"model": list[SuppressionEntryOut], "description": "They were listed before."},
        **examples.NOT_FOUND,
        **examples.BODY_REFUSED,
    },
)
async def forbid(
    wish: ForbidIn, database: DatabaseDep, settings: SettingsDep, answer: Response
) -> list[SuppressionEntryOut]:
    """List a phone, a username or both, or all that a lead tells of its person. A worker looks here before
    each message."""
    asked = []
    if wish.phone or wish.username or wish.lead_id is None:
        asked.append(_contacts(wish.phone, wish.username, settings.phone_region, where="body"))
    async with database.writing() as session:
        if wish.lead_id is not None:
            asked.append(SuppressedIdentity.of(await get_lead_or_404(session, wish.lead_id)))
        added = 0
        for contacts in asked:
            added += await suppression_list.add(
                session, contacts, reason=wish.reason, actor="api", now=utc_now(), lead_id=wish.lead_id
            )
        if not added:
            answer.status_code = 200
        return await _marks(session, asked)


@router.delete(
    "",
    status_code=204,
    summary="Allow it again",
    response_description="They are no longer listed.",
    responses={404: examples.problem("Neither is listed.", "that contact is not listed")},
)
async def allow(database: DatabaseDep, contacts: AskedFor) -> None:
    """Take a phone, a username or both off the list. Marks of the person's other contacts stay."""
    async with database.writing() as session:
        if not await suppression_list.remove(session, contacts):
            raise HTTPException(404, "that contact is not listed")


@router.get("/check", summary="Is a person listed?", response_description="Whether, and since when and why.")
async def check(database: DatabaseDep, contacts: AskedFor) -> CheckOut:
    """Whether a phone, a username or either of both is listed."""
    async with database.reading() as session:
        marks = await _marks(session, [contacts])
    return CheckOut(listed=bool(marks), marks=marks)


async def _marks(session: AsyncSession, asked: list[SuppressedIdentity]) -> list[SuppressionEntryOut]:
    hashes = {
        mark for contacts in asked for mark in (await suppression_list.marks_of(session, contacts)).values()
    }
    found = await session.exec(
        select(DoNotContact).where(col(DoNotContact.hash).in_(hashes)).order_by(col(DoNotContact.id))
    )
    return [SuppressionEntryOut.model_validate(mark) for mark in found]


def _contacts(phone: str | None, username: str | None, region: str, *, where: str) -> SuppressedIdentity:
    try:
        contact = read_contact(phone, username, region=region)
    except ContactError as error:
        value = username if error.field == "username" else phone
        raise invalid(error.field, str(error), value, "contact", where=where) from None
    return SuppressedIdentity(contact.phone.e164 if contact.phone else None, contact.username)
