"""The booking link of one lead: with a token by which its booking is found, and the name filled in. Pure."""

import re
import secrets
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit, urlunsplit

from shared.bookings.calendly import TOKEN_FIELDS

_CAL_COM = re.compile(r"(?:^|\.)cal\.(?:com|eu)$", re.IGNORECASE)
_SOURCE = "telegram"
_TOKEN_BYTES = 16


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def personal_link(link: str, token: str, name: str = "", *, template: str | None = None) -> str:
    """Return the link of a lead. What the owner's link holds already stays as it is.

    `template`: for schedulers other than Calendly and Cal.com (BOOKING_LINK_TEMPLATE).
    """
    if template:
        values = {"{link}": link, "{token}": quote(token, safe=""), "{name}": quote(name, safe="")}
        return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], template)
    parts = urlsplit(link)
    given = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if _CAL_COM.search(parts.hostname or ""):
        token_field, added = "metadata[lead]", {"name": name}
    else:
        token_field, added = _token_field(given), {"name": name, "utm_source": _SOURCE}
    new = {key: value for key, value in added.items() if value and key not in given} | {token_field: token}
    # Unchanged, letter by letter; only a token field that was taken already gives way.
    kept = [
        piece
        for piece in parts.query.split("&")
        if piece and unquote_plus(piece.partition("=")[0]) != token_field
    ]
    written = [f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in new.items()]
    return urlunsplit(parts._replace(query="&".join([*kept, *written])))


def _token_field(given: Collection[str]) -> str:
    return next((name for name in TOKEN_FIELDS if name not in given), TOKEN_FIELDS[0])
