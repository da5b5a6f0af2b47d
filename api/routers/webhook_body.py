"""Reads the body of a webhook call: without the contents of files, and within the limits."""

from typing import NamedTuple

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from api.forms.body.multipart_filter import FileSkipper
from api.middleware.body_limits import LARGEST_BODY, BodyRefused


class ReadBody(NamedTuple):
    """The body without the contents of files; or the part that is kept, and why the call is refused.

    `has_whole_fields`: no field is cut in the middle, so the part can be parsed as a form.
    """

    content: bytes
    refusal: HTTPException | None = None
    has_whole_fields: bool = True


async def read_body(request: Request) -> ReadBody:
    """Read the body of a request; never raises for a body that breaks a limit."""
    body = bytearray()
    is_multipart = request.headers.get("content-type", "").strip().lower().startswith("multipart/")
    files = FileSkipper() if is_multipart else None

    def keep(chunk: bytes) -> None:
        # One byte more than the limit shows that it was exceeded. The rest is read and dropped, so that the
        # client gets the answer.
        kept = files.feed(chunk) if files else chunk
        body.extend(kept[: LARGEST_BODY + 1 - len(body)])

    refusal: HTTPException | None = None
    try:
        async for chunk in request.stream():
            keep(chunk)
    except BodyRefused as error:
        keep(error.part)
        refusal = error
    except ClientDisconnect:
        refusal = HTTPException(400, "the connection was closed before the body was complete")
    is_cut_in_file = files is not None and files.is_in_file
    if files:
        body.extend(files.finish()[: LARGEST_BODY + 1 - len(body)])
    if len(body) > LARGEST_BODY:
        is_cut_in_file = False
        limit = f"the body is over {LARGEST_BODY // 1024} KiB"
        refusal = refusal or BodyRefused(413, f"{limit} without its files")
    whole = bytes(body[:LARGEST_BODY])
    if refusal is None:
        return ReadBody(whole)
    return ReadBody(_without_partial_character(whole), refusal, is_cut_in_file)


def _without_partial_character(body: bytes) -> bytes:
    """Remove an incomplete UTF-8 character at the end: the body would no longer decode as UTF-8."""
    rest = body.rstrip(bytes(range(0x80, 0xC0)))
    return rest[:-1] if rest[-1:] >= b"\xc0" else body
