"""The do-not-contact list: hashes of contacts that must not get messages."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.openapi.models import Example
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, SettingsDep
from api.errors import invalid
from api.queries.pagination import Page, make_cursor
from api.queries.personal_data import get_lead_or_404
from api.schemas import examples
from api.schemas.models import CheckOut, ForbidIn, SuppressionEntryOut, SuppressionEntryPage
from api.security.tokens import require_api_token
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


async def _requested_identity(
    settings: SettingsDep,
    phone: Annotated[str | None, Query(max_length=500, openapi_examples=_PHONE)] = None,
    username: Annotated[str | None, Query(max_length=500)] = None,
) -> SuppressedIdentity:
    return _identity(phone, username, settings.phone_region, where="query")


IdentityDep = Annotated[SuppressedIdentity, Depends(_requested_identity)]


@router.get("", summary="List the entries", response_description="The newest entries first.")
async def list_marks(database: DatabaseDep, page: Annotated[Page, Query()]) -> SuppressionEntryPage:
    """Newest first. An entry is a hash: it shows the kind of the contact and the reason, not the contact."""
    async with database.reading() as session:
        found = (await session.exec(page.of(DoNotContact))).all()
    items = [SuppressionEntryOut.model_validate(entry) for entry in found[: page.limit]]
    return SuppressionEntryPage(
        items=items, next_cursor=make_cursor(items[-1].id) if len(found) > page.limit else None
    )


@router.post(
    "",
    status_code=201,
    summary="Forbid messages to a person",
    response_description="The person's entries; from now on they get no messages.",
    responses={
        200: {"model": list[SuppressionEntryOut], "description": "The contacts were listed before."},
        **examples.NOT_FOUND,
        **examples.BODY_REFUSED,
    },
)
async def forbid(
    request: ForbidIn, database: DatabaseDep, settings: SettingsDep, response: Response
) -> list[SuppressionEntryOut]:
    """Add a phone, a username or both to the list, or all contacts of a lead. The worker checks the list
    before each message."""
    identities = []
    if request.phone or request.username or request.lead_id is None:
        identities.append(_identity(request.phone, request.username, settings.phone_region, where="body"))
    async with database.writing() as session:
        if request.lead_id is not None:
            identities.append(SuppressedIdentity.of(await get_lead_or_404(session, request.lead_id)))
        added = 0
        for identity in identities:
            added += await suppression_list.add(
                session, identity, reason=request.reason, actor="api", now=utc_now(), lead_id=request.lead_id
            )
        if not added:
            response.status_code = 200
        return await _entries(session, identities)


@router.delete(
    "",
    status_code=204,
    summary="Allow messages again",
    response_description="The contacts are no longer listed.",
    responses={404: examples.problem("None of the contacts is listed.", "that contact is not listed")},
)
async def allow(database: DatabaseDep, identity: IdentityDep) -> None:
    """Remove a phone, a username or both from the list. Entries of the person's other contacts stay."""
    async with database.writing() as session:
        if not await suppression_list.remove(session, identity):
            raise HTTPException(404, "that contact is not listed")


@router.get("/check", summary="Is a person listed?", response_description="The entries with date and reason.")
async def check(database: DatabaseDep, identity: IdentityDep) -> CheckOut:
    """`listed` is true if the phone or the username is on the list."""
    async with database.reading() as session:
        entries = await _entries(session, [identity])
    return CheckOut(listed=bool(entries), marks=entries)


async def _entries(session: AsyncSession, identities: list[SuppressedIdentity]) -> list[SuppressionEntryOut]:
    hashes = {
        value
        for identity in identities
        for value in (await suppression_list.contact_hashes(session, identity)).values()
    }
    found = await session.exec(
        select(DoNotContact).where(col(DoNotContact.hash).in_(hashes)).order_by(col(DoNotContact.id))
    )
    return [SuppressionEntryOut.model_validate(entry) for entry in found]


def _identity(phone: str | None, username: str | None, region: str, *, where: str) -> SuppressedIdentity:
    try:
        contact = read_contact(phone, username, region=region)
    except ContactError as error:
        value = username if error.field == "username" else phone
        raise invalid(error.field, str(error), value, "contact", where=where) from None
    return SuppressedIdentity(contact.phone.e164 if contact.phone else None, contact.username)
