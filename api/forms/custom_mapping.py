"""The owner's mapping from form fields to roles, for fields whose names are not recognised."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from api.forms.recognition.field_meaning import Meaning, NamePart, NameRule, PhoneRule, UsernameRule

ANY_FORM = "*"


class Role(Enum):
    """What the owner says a field contains; the values are the words in the file of the mapping."""

    NAME = "name"
    LAST_NAME = "last_name"
    PHONE = "phone"
    USERNAME = "username"
    # A contact of any kind.
    CONTACT = "contact"
    # Neither a name nor a contact, whatever its value: COMMENT is kept in `extra`, IGNORED is dropped.
    COMMENT = "comment"
    IGNORED = "ignored"

    def removed_from(self, meaning: Meaning) -> Meaning:
        """Return a recognised meaning without this role, because the owner gave the role to another field."""
        match self:
            case Role.NAME:
                return replace(meaning, name=NameRule.NEVER)
            case Role.LAST_NAME:
                return (
                    replace(meaning, name=NameRule.NEVER) if meaning.name_part is NamePart.LAST else meaning
                )
            case Role.PHONE:
                return replace(meaning, phone=PhoneRule.NEVER)
            case Role.USERNAME:
                # A name with @ in a field for contacts of any kind still counts.
                return replace(meaning, username=min(meaning.username, UsernameRule.WITH_AT))
            case Role.CONTACT:
                is_general = meaning.phone is PhoneRule.CONTACT and meaning.username is UsernameRule.WITH_AT
                return Meaning() if is_general else meaning
            case Role.COMMENT | Role.IGNORED:
                return meaning


MEANINGS: Mapping[Role, Meaning] = MappingProxyType(
    {
        Role.NAME: Meaning(name=NameRule.EXACT),
        Role.LAST_NAME: Meaning(name=NameRule.EXACT, name_part=NamePart.LAST),
        Role.PHONE: Meaning(phone=PhoneRule.PHONE, username=UsernameRule.WITH_AT),
        Role.USERNAME: Meaning(phone=PhoneRule.CONTACT, username=UsernameRule.TELEGRAM),
        Role.CONTACT: Meaning(phone=PhoneRule.CONTACT, username=UsernameRule.TELEGRAM),
        Role.COMMENT: Meaning(),
        Role.IGNORED: Meaning(),
    }
)


@dataclass(frozen=True)
class FormMapping:
    """The roles of fields: `formid`, source or `*` -> field name in the spelling of `plain` -> role."""

    forms: Mapping[str, Mapping[str, Role]]

    def roles(self, formid: str, source: str = "") -> Mapping[str, Role]:
        """Return the roles in one form: its own entries override those of its source, those override `*`."""
        names = (ANY_FORM, source.strip(), formid.strip())
        return {field: role for name in names for field, role in self.forms.get(name, {}).items()}


def plain(field: str) -> str:
    """Return a field's name in the spelling in which names are compared: lower case, single spaces."""
    return " ".join(field.casefold().split())
