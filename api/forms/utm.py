"""Pure: reads the UTM parameters of a visit from a lead's `extra`."""

from collections.abc import Mapping
from typing import Any, Final

PARTS: Final = ("source", "medium", "campaign", "term", "content")


def read_utm(extra: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the `utm_*` fields in `extra`; if they are missing, the values from Tilda's cookie."""
    fields = {key.strip().casefold(): value for key, value in reversed(list(extra.items()))}
    from_cookie = fields.get("utm")
    if isinstance(from_cookie, dict):
        # The form's fields belong to this visit, the cookie may belong to an earlier one.
        fields = {str(key).strip().casefold(): value for key, value in from_cookie.items()} | fields
    return {part: _text(fields.get(f"utm_{part}")) or _bare(from_cookie, part) for part in PARTS}


def _bare(values: object, part: str) -> str | None:
    return _text(values.get(part)) if isinstance(values, dict) else None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None
