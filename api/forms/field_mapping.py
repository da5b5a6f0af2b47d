"""Which field of a form is what, as the site's owner says in a file, where names alone do not tell."""

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
    """For each form, by its `formid` or `*`, the roles of fields by their names as `plain` spells them."""

    forms: Mapping[str, Mapping[str, Role]]

    def roles(self, formid: str) -> Mapping[str, Role]:
        """The roles in one form: its own entries win over those of all forms."""
        return {**self.forms.get(ANY_FORM, {}), **self.forms.get(formid.strip(), {})}


def plain(field: str) -> str:
    """A field's name in the spelling in which names are compared."""
    return " ".join(field.casefold().split())
