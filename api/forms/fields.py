"""Pure values: the fields of one person's form."""

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One field: its technical name, the entered value, and what the form builder says about it.

    `label`: the visible title. `kind`: the declared type, such as `phone`. `path`: the keys of the objects
    around it. `is_described`: it came from a list of names and values, which holds a person's answers only.
    """

    key: str
    value: Any
    label: str = ""
    kind: str = ""
    path: tuple[str, ...] = ()
    is_described: bool = False

    @property
    def title(self) -> str:
        """The name to show: the label, or the key with the objects around it that say something."""
        around = [] if self.is_described else [part for part in self.path if part.casefold() not in _HIDDEN]
        return self.label or ".".join([*around, self.key])

    def texts(self) -> list[str]:
        """Return the value as the person would type it; several for a list; empty if it is no such value."""
        if isinstance(self.value, str):
            return [text] if (text := self.text) else []
        values = self.value if isinstance(self.value, list) else [self.value]
        return [text for value in values[:10] if (text := _text(value)) and text.casefold() not in EMPTY]

    @property
    def text(self) -> str:
        """The first of `texts`, or an empty text."""
        if isinstance(self.value, str):
            stripped = self.value.strip()
            return "" if stripped.casefold() in EMPTY else stripped
        return next(iter(self.texts()), "")


Fields = list[Field]

# Objects that hold the form itself; their name says nothing about a field in them.
WRAPPERS = frozenset(
    {
        *("data", "fields", "post", "form_fields", "payload", "body", "answers", "records", "properties"),
        *("form_response", "values", "rawrequest", "user_column_data", "field_data", "submission"),
        *("submissions", "formdata", "form_data", "responses", "questions", "request"),
    }
)
# Their names tell a reader nothing about a field in them.
_HIDDEN = frozenset({"query", "data", "fields", "post", "form_fields", "body", "payload"})
EMPTY = frozenset({"", "null", "none", "undefined", "-", "—"})


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        return ""
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
