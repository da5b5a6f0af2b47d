"""The webhook for form builders: stores every call, and creates a lead for each person in it."""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import get_database, get_intake, get_settings
from api.errors import invalid
from api.forms.body.raw_body import to_text
from api.forms.body.redaction import mask_body
from api.forms.body.text_cleaning import clean
from api.forms.envelopes.several_people import asks_for_person
from api.forms.submission_ids import form_tokens
from api.intake.deliveries import store_without_lead
from api.intake.parsing import TILDA, ParsedCall, known_secrets, parse_call, parse_submissions
from api.intake.submission import Delivery, Result, Submission, with_key
from api.middleware.fast_path import DirectRoute
from api.routers.webhook_body import read_body
from api.routers.webhook_descriptions import (
    GET_REFUSED,
    LOOK,
    RECEIVE,
    SOURCE,
    describe_ok,
    describe_source,
)
from api.schemas.responses import lead_response, leads_response
from api.security.throttling import Throttle
from api.security.tokens import (
    TILDA_SCOPE,
    find_valid_token,
    tilda_tokens,
    tilda_tokens_of,
    unauthorized,
)
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.contacts import ContactError
from shared.database.engine import Database

logger = logging.getLogger(__name__)

PREFIX = "/leads/webhooks"
TILDA_PATH = f"{PREFIX}/{TILDA}"
# The sources of `POST /leads` and of the CSV import.
_RESERVED = frozenset({"api", "import"})
_ID_HEADERS = ("idempotency-key", "webhook-id")
_MAX_QUERY = 16 * 1024
_TOO_LONG_A_QUERY = f"the query string is over {_MAX_QUERY // 1024} KiB"
# The busiest endpoint; Tilda waits five seconds for the response.
router = APIRouter(prefix=PREFIX, tags=["webhooks"], route_class=DirectRoute)


@router.head("/{source}/", include_in_schema=False)
@router.get("/{source}/", include_in_schema=False)
@router.head("/{source}", include_in_schema=False)
@router.get(f"/{TILDA}", **LOOK)
@router.get("/{source}", dependencies=[Depends(describe_source)], **LOOK)
async def look(request: Request) -> Response:
    """For browsers and monitors that check the address: stores nothing. If the query string contains a
    name or a contact, the request is a submission: it needs TILDA_TOKEN."""
    source = _source(request)
    query = _query(request)
    too_long = _is_query_cut(request)
    call = parse_call(b"", None, query)
    if request.method == "HEAD" or not (query or too_long):
        return JSONResponse({"status": "ok"})
    database, settings = await get_database(request), await get_settings(request)
    delivery = _delivery(request, b"", settings, source)
    parsed = [item for _, item in parse_submissions(call, delivery, settings)]
    has_person = any(isinstance(item, Submission) for item in parsed) or asks_for_person(call.fields)
    if not (has_person or too_long):
        return JSONResponse({"status": "ok"})
    throttle = Throttle(request)
    token = find_valid_token(settings.tilda_token, await tilda_tokens_of(request, settings))
    await throttle.check_not_locked_out(TILDA_SCOPE, token or b"")
    await throttle.consume(TILDA_SCOPE, token or b"")
    if too_long:
        raise await _refuse(database, delivery, HTTPException(414, _TOO_LONG_A_QUERY))
    if not token:
        logger.warning("GET %s contains a form and is refused: %s", _path(request), GET_REFUSED)
        await store_without_lead(database, delivery, Result(error=ContactError("query", GET_REFUSED)))
        raise HTTPException(405, GET_REFUSED, headers={"Allow": "POST"})
    return await _store(request, call, delivery)


@router.post("/{source}/", include_in_schema=False)
@router.post(f"/{TILDA}", dependencies=[Depends(tilda_tokens), Depends(describe_ok)], **RECEIVE)
@router.post(
    "/{source}",
    dependencies=[Depends(tilda_tokens), Depends(describe_source), Depends(describe_ok)],
    **RECEIVE,
)
async def receive(request: Request) -> Response:
    """Accepts what form builders, CRMs and integration services send: a form or JSON, flat or in any
    envelope, with one person or a list. Contacts are recognised by the names, labels and types of the fields
    and by their values; `contact_evidence` says how surely. All other fields are kept in `extra`."""
    database, settings = await get_database(request), await get_settings(request)
    source = _source(request)
    tokens = await tilda_tokens_of(request, settings)
    body, refusal, has_whole_fields = await read_body(request)
    call = parse_call(body, request.headers.get("content-type"), _query(request))
    token = _valid_token(settings, tokens, call)
    throttle = Throttle(request)
    await throttle.check_not_locked_out(TILDA_SCOPE, token)
    await throttle.consume(TILDA_SCOPE, token)
    delivery = _delivery(request, body, settings, source)
    if _is_query_cut(request):
        refusal, has_whole_fields = refusal or HTTPException(414, _TOO_LONG_A_QUERY), False
    if refusal:
        raise await _refuse(database, delivery, refusal, is_replayable=has_whole_fields)
    return await _store(request, call, delivery)


async def _refuse(
    database: Database, delivery: Delivery, refusal: HTTPException, *, is_replayable: bool = False
) -> HTTPException:
    """Store what is kept of a call that breaks a limit; returns the error to raise."""
    result = Result(error=ContactError("body", refusal.detail))
    _log_refused(delivery, result)
    # No charset: reprocessing does not mistake it for a complete body.
    kept = delivery if is_replayable else replace(delivery, charset=None)
    await store_without_lead(database, kept, result)
    return refusal


async def _store(request: Request, call: ParsedCall, delivery: Delivery) -> Response:
    """Store each person of a call; a person without a usable contact is stored as a refused delivery."""
    settings = await get_settings(request)
    try:
        parsed = list(parse_submissions(call, delivery, settings))
    except Exception:
        # A bug: the delivery is stored and processed again later.
        await store_without_lead(await get_database(request), delivery)
        raise
    if len(parsed) == 1:
        results = [await _store_one(request, *parsed[0])]
    else:
        results = await _store_several(request, parsed, delivery)
    status = 200 if _query(request) and request.query_params.get("ok") == "200" else 201
    if len(results) > 1:
        return leads_response(results, created_status=status)
    (result,) = results
    if result.lead:
        return lead_response(result.lead, created=result.created, created_status=status)
    if result.error is None:
        return JSONResponse({"status": "ok"})
    field = result.error.field
    value = next((item.value for item in call.fields if clean(item.key) == field), None)
    raise invalid(field, str(result.error), value, "contact")


async def _store_several(
    request: Request, parsed: Sequence[tuple[Delivery, Submission | Result]], call: Delivery
) -> list[Result]:
    """Store the people of one call. If one of them cannot be stored, the call is kept and processed again."""
    try:
        return await asyncio.gather(*(_store_one(request, own, item) for own, item in parsed))
    except Exception:
        with suppress(SQLAlchemyError):
            await store_without_lead(await get_database(request), call)
        raise


async def _store_one(request: Request, delivery: Delivery, parsed: Submission | Result) -> Result:
    intake = await get_intake(request)
    if isinstance(parsed, Submission):
        settings = await get_settings(request)
        return await intake.store(with_key(parsed, delivery.received_at, settings.repeat_window, delivery))
    if parsed.error:
        _log_refused(delivery, parsed)
    await intake.keep(delivery, parsed)
    return parsed


def _log_refused(delivery: Delivery, result: Result) -> None:
    # The text names fields, not their values.
    logger.warning("a webhook call from %s is refused: %s", delivery.source, result.error)


def _path(request: Request) -> str:
    return str(request.scope["path"])


def _query(request: Request) -> str:
    """Return the query string; of a very long one, the parameters that are whole."""
    query: bytes = request.scope["query_string"]
    if _is_query_cut(request):
        query = query[:_MAX_QUERY].rpartition(b"&")[0]
    return query.decode("latin-1")


def _is_query_cut(request: Request) -> bool:
    return len(request.scope["query_string"]) > _MAX_QUERY


def _source(request: Request) -> str:
    """Return the lead's source, the last part of the path. Raises 404 if it cannot be one."""
    return _source_in(_path(request))


@lru_cache(maxsize=256)
def _source_in(path: str) -> str:
    name = path.removeprefix(PREFIX).strip("/")
    if not re.fullmatch(SOURCE, name) or name.lower() in _RESERVED:
        raise HTTPException(
            404,
            f"{name[:60]!r} cannot be the name of a source: use 1 to 40 letters, digits and dashes,"
            f" and neither {' nor '.join(sorted(_RESERVED))}",
        )
    return name.lower()


def _valid_token(settings: ApiSettings, tokens: list[bytes], call: ParsedCall) -> bytes:
    """Return the valid token; raises 401 if TILDA_TOKEN is set and none of the presented tokens is valid."""
    presented = [*tokens, *(secret.encode("utf-8", "replace") for secret in form_tokens(call.fields))]
    token = find_valid_token(settings.tilda_token, presented)
    if token is None:
        raise unauthorized("TILDA_TOKEN is needed: in a header, in the form or in the URL")
    return token


def _delivery(request: Request, body: bytes, settings: ApiSettings, source: str) -> Delivery:
    text, charset = to_text(body)
    secrets = known_secrets(settings)
    content_type = request.headers.get("content-type")
    query = clean(_query(request))
    key = next((request.headers[name] for name in _ID_HEADERS if request.headers.get(name)), None)
    return Delivery(
        source,
        utc_now(),
        content_type and clean(content_type)[:200],
        mask_body(text, secrets),
        charset,
        mask_body(query, secrets) or None,
        clean(key)[:255] if key else None,
    )
