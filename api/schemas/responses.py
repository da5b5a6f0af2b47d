"""The response to a submission, as several routers send it."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fastapi.responses import Response
from pydantic_core import to_json

from api.schemas.models import lead_json
from shared.contacts import ContactError

logger = logging.getLogger(__name__)


class StoredResult(Protocol):
    """The result of a submission, as `api.intake.submission.Result`."""

    @property
    def lead(self) -> Mapping[str, Any] | None:
        """The new or known lead."""

    @property
    def error(self) -> ContactError | None:
        """Why there is no lead."""

    @property
    def outcome(self) -> str:
        """The value of `webhook_deliveries.outcome`."""


def lead_response(lead: Mapping[str, Any], *, created: bool, created_status: int = 201) -> Response:
    """Return `created_status` with a new lead, or 200 with the lead that a submission repeats."""
    logger.info("lead %s from %s %s", lead["id"], lead["source"], "stored" if created else "repeated")
    headers = {"Location": f"/leads/{lead['id']}"}
    return Response(
        lead_json(lead), created_status if created else 200, headers=headers, media_type="application/json"
    )


def leads_response(results: Sequence[StoredResult], *, created_status: int = 201) -> Response:
    """Return the result for each person of a call; 422 if none of them became a lead."""
    items = [
        b'{"outcome":%s,"lead":%s,"error":%s}'
        % (to_json(result.outcome), lead_json(result.lead) if result.lead else b"null", _error(result))
        for result in results
    ]
    outcomes = Counter(result.outcome for result in results)
    logger.info("%s people in one call: %s", len(results), dict(outcomes))
    status = created_status if outcomes["stored"] else 200 if outcomes["duplicate"] else 422
    return Response(b'{"leads":[' + b",".join(items) + b"]}", status, media_type="application/json")


def _error(result: StoredResult) -> bytes:
    return to_json(f"{result.error.field}: {result.error}" if result.error else None)
