"""Pure: what a form says of the person's wish, apart from what its machinery adds."""

import re
from collections.abc import Mapping
from typing import Any

_MACHINERY = re.compile(
    r"(?:utm|tildaspec|checkbox)(?:[_\W].*)?|(?:tranid|formid|formname|cookies|referer|ip|token)(?:_\d+)?",
    re.IGNORECASE | re.DOTALL,
)
_MOST_FIELDS = 20


def person_fields(extra: Mapping[str, Any]) -> dict[str, str]:
    """The fields that hold the person's own words, the first ones."""
    words = {
        str(key): str(value)
        for key, value in extra.items()
        if value not in (None, "", [], {}) and not _MACHINERY.fullmatch(str(key).strip())
    }
    return dict(list(words.items())[:_MOST_FIELDS])
