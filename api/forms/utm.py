"""Pure: where a visitor came from, in whichever of its ways the form said it."""

from collections.abc import Mapping
from typing import Any, Final

PARTS: Final = ("source", "medium", "campaign", "term", "content")


def read_utm(extra: Mapping[str, Any]) -> dict[str, str | None]:
    """The utm marks in a lead's `extra`: its `utm_*` fields, else what Tilda remembers in its cookie."""
    fields = {key.strip().casefold(): value for key, value in reversed(list(extra.items()))}
    remembered = fields.get("utm")
    if isinstance(remembered, dict):
        # A field of the form is about this visit, the cookie perhaps about an earlier one.
        fields = {str(key).strip().casefold(): value for key, value in remembered.items()} | fields
    return {part: _text(fields.get(f"utm_{part}")) or _bare(remembered, part) for part in PARTS}


def _bare(remembered: object, part: str) -> str | None:
    return _text(remembered.get(part)) if isinstance(remembered, dict) else None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None
