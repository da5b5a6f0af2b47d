"""The OpenAPI descriptions of the webhook's routes; the endpoints read the request themselves."""

from typing import Annotated, Any

from fastapi import Path, Query

from api.schemas import examples
from api.schemas.models import LeadOut, StatusOut
from api.schemas.webhooks import ReceivedLeads

SOURCE = r"[A-Za-z0-9][A-Za-z0-9-]{0,39}"
GET_REFUSED = (
    "a form must be sent with POST. This GET request contains a form: it is kept as a delivery, but no"
    " lead was created. Choose POST in the form builder, or set TILDA_TOKEN and send it: then GET is accepted"
)

_NO_SOURCE = examples.problem("The last part of the path cannot be a source.", "'a_b' cannot be …")
_TOO_LONG_A_QUERY = examples.problem("The query string is too long.", "the query string is over 16 KiB")
LOOK: dict[str, Any] = {
    "summary": "Is the webhook reachable?",
    "response_model": StatusOut,
    "response_description": "It is.",
    "responses": {
        404: _NO_SOURCE,
        405: examples.problem("The request contains a form, but no valid token.", GET_REFUSED),
        414: _TOO_LONG_A_QUERY,
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
}
RECEIVE: dict[str, Any] = {
    "status_code": 201,
    "summary": "Store a submission of a form",
    "response_model": LeadOut | ReceivedLeads,
    "response_description": "The stored lead, or the result for each person if the call has several.",
    "responses": {
        200: {
            "model": LeadOut | ReceivedLeads | StatusOut,
            "description": "A repeated submission, or Tilda's `test=test`.",
        },
        404: _NO_SOURCE,
        **examples.TILDA_UNAUTHORIZED,
        **examples.BODY_REFUSED,
        414: _TOO_LONG_A_QUERY,
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
    "openapi_extra": {"requestBody": examples.TILDA_BODY},
}


async def describe_source(
    source: Annotated[
        str,
        Path(
            pattern=f"^{SOURCE}$",
            description="The name of the sender, stored as the lead's `source`: letters, digits and dashes.",
            examples=["albato"],
        ),
    ],
) -> str:
    """Describe the name of the sender."""
    return source


async def describe_ok(
    ok: Annotated[
        str | None,
        Query(description="200: a new lead is answered with 200 instead of 201, for senders that need it."),
    ] = None,
) -> str | None:
    """Describe the status of the answer."""
    return ok
