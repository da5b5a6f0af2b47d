"""Faults without an answer: an HTTP error or a broken connection."""

import asyncio
import json

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.fake_openai.errors import ApiError, invalid_key, unknown_model, unsupported_country
from sandbox.fake_openai.faults import Fault, RateLimit, RawAnswer, ServerError, SimpleFault

# Each code of a 429 has its type and message. Only the first error goes away by waiting.
# https://platform.openai.com/docs/guides/error-codes
LIMITS = {
    "rate_limit_exceeded": ("requests", "Rate limit reached. Please try again later."),
    "insufficient_quota": (
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "credit_balance_exhausted": (
        "insufficient_quota",
        "Your credit balance is exhausted. Please add credits to continue.",
    ),
}
ANNOUNCED_BYTES = 4096


def error_of(fault: Fault | None, key: str) -> ApiError | None:
    """Return the HTTP error of a fault, or None if the fault is of another kind."""
    match fault:
        case RateLimit(code=code, retry_after=seconds):
            kind, message = LIMITS[code]
            headers = {} if seconds is None else {"retry-after": f"{seconds:g}"}
            return ApiError(429, message, kind=kind, code=code, headers=headers)
        case ServerError(status=status):
            message = "The server had an error while processing your request. Sorry about that!"
            return ApiError(status, message, kind="server_error")
        case SimpleFault(kind="invalid_key"):
            return invalid_key(key)
        case SimpleFault(kind="unknown_model"):
            return unknown_model()
        case SimpleFault(kind="unsupported_country"):
            return unsupported_country()
    return None


async def scripted_response(fault: RawAnswer) -> Response:
    """Return the scripted answer of a fault, after its delay."""
    await asyncio.sleep(fault.delay)
    if isinstance(fault.body, str):
        content, kind = fault.body.encode("utf-8", "replace"), "text/plain"
    else:
        # Escapes carry every character, also a lone surrogate.
        content, kind = json.dumps(fault.body).encode(), "application/json"
    headers = {name.lower(): value for name, value in fault.headers.items()}
    return Response(content, fault.status, {"content-type": kind} | headers)


class DroppedResponse(Response):
    """Announces more bytes than it sends, so that the server breaks the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        headers = [(b"content-type", b"application/json"), (b"content-length", str(ANNOUNCED_BYTES).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id":', "more_body": True})
