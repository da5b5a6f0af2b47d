"""The owner's mapping from form fields to roles, for fields whose names are not recognised."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.forms.field_roles import Role

ANY_FORM = "*"
ROLES = {
    "name": Role.NAME,
    "last_name": Role.LAST_NAME,
    "phone": Role.PHONE,
    "username": Role.USERNAME,
    "contact": Role.CONTACT,
    "comment": Role.COMMENT,
    "ignored": Role.IGNORED,
}


@dataclass(frozen=True)
class FormMapping:
    """The roles of fields: `formid` or `*` -> field name in the spelling of `plain` -> role."""

    forms: Mapping[str, Mapping[str, Role]]

    def roles(self, formid: str) -> Mapping[str, Role]:
        """Return the roles in one form; its own entries override those of `*`."""
        return {**self.forms.get(ANY_FORM, {}), **self.forms.get(formid.strip(), {})}


def plain(field: str) -> str:
    """Return a field's name in the spelling in which names are compared: lower case, single spaces."""
    return " ".join(field.casefold().split())
