"""Pure: finds the fields in a text of labelled lines, as in notices by mail: "Name: Anna", "Phone: +7…"."""

import re

from api.forms.contacts.contact_evidence import has_contact
from api.forms.fields import Field
from api.forms.form import Form
from api.forms.recognition.field_meaning import NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field

_MAX_LINES = 100
_LINE = re.compile(r"[*_\s•-]{0,5}([^:\n]{1,80}):(?!//)[*_\s]{0,5}(\S[^\n]{0,300})")
_BREAK = re.compile(r"\r?\n|<br ?/?>", re.IGNORECASE)


def with_labelled_lines(form: Form) -> Form:
    """Return the form with the fields in its longer texts, if the form holds no contact without them."""
    texts = [
        (item, lines)
        for item in form
        if isinstance(item.value, str) and ":" in item.value and len(lines := _BREAK.split(item.value)) > 1
    ]
    if not texts or has_contact(form):
        return form
    inner = [
        Field(match.group(1).strip(), match.group(2).strip(), path=(*item.path, item.key))
        for item, lines in texts
        for line in lines[:_MAX_LINES]
        if (match := _LINE.fullmatch(line.strip())) and _asks_for_person(match.group(1))
    ]
    return Form([*form, *inner]) if inner else form


def _asks_for_person(label: str) -> bool:
    meaning = meaning_of_field(label.strip())
    is_contact = meaning.phone > PhoneRule.NUMBER or meaning.username > UsernameRule.PLAIN
    return is_contact or meaning.name > NameRule.BESIDE_CONTACT
