"""The response to a submission, as several routers send it."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from api.schemas.models import lead_json

logger = logging.getLogger(__name__)


def lead_response(lead: Mapping[str, Any], *, created: bool) -> Response:
    """Return 201 with a new lead, or 200 with the lead that a submission repeats."""
    logger.info("lead %s from %s %s", lead["id"], lead["source"], "stored" if created else "repeated")
    headers = {"Location": f"/leads/{lead['id']}"}
    return Response(lead_json(lead), 201 if created else 200, headers=headers, media_type="application/json")
