"""Pure: separates what a person wrote in a form from what the form builder added."""

import re
from collections.abc import Mapping
from typing import Any

_TECHNICAL_FIELD = re.compile(
    r"(?:utm|tildaspec|checkbox)(?:[_\W].*)?|(?:tranid|formid|formname|cookies|referer|ip|token)(?:_\d+)?",
    re.IGNORECASE | re.DOTALL,
)
_MAX_FIELDS = 20


def person_fields(extra: Mapping[str, Any]) -> dict[str, str]:
    """Return the non-empty fields that the person filled in, as text; at most the first 20."""
    fields = {
        str(key): str(value)
        for key, value in extra.items()
        if value not in (None, "", [], {}) and not _TECHNICAL_FIELD.fullmatch(str(key).strip())
    }
    return dict(list(fields.items())[:_MAX_FIELDS])
