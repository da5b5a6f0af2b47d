"""Pure: finds the fields in a text of labelled lines, as in notices by mail: "Name: Anna", "Phone: +7…"."""

import re

from api.forms.contacts.contact_evidence import has_contact
from api.forms.fields import Field
from api.forms.form import Form
from api.forms.recognition.field_meaning import NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field

_MAX_LINES = 100
_MAX_LABEL = 80
_MAX_VALUE = 300
_SEPARATOR = re.compile(r":(?!//)|=|\s[-–—]\s")
_BREAK = re.compile(r"\r?\n|<br ?/?>", re.IGNORECASE)
# Marks of lists and of bold letters.
_MARKS = "*_•- \t"


def with_labelled_lines(form: Form) -> Form:
    """Return the form with the fields in its longer texts, if the form holds no contact without them."""
    texts = [item for item in form if isinstance(item.value, str) and _may_have_lines(item.value)]
    if not texts or has_contact(form):
        return form
    inner = [
        Field(label, value, path=(*item.path, item.key))
        for item in texts
        for label, value in map(_labelled, _BREAK.split(item.value)[:_MAX_LINES])
        if value and _asks_for_person(label)
    ]
    return Form([*form, *inner]) if inner else form


def _may_have_lines(text: str) -> bool:
    return ("\n" in text or "<" in text) and _SEPARATOR.search(text) is not None


def _labelled(line: str) -> tuple[str, str]:
    """Return the label and the value of a line; an empty value if it has no label."""
    match = _SEPARATOR.search(line[: _MAX_LABEL + 3])
    if match is None:
        return line, ""
    return line[: match.start()].strip(_MARKS), line[match.end() :].strip("*_ \t")[:_MAX_VALUE]


def _asks_for_person(label: str) -> bool:
    meaning = meaning_of_field(label[:_MAX_LABEL])
    is_contact = meaning.phone > PhoneRule.NUMBER or meaning.username > UsernameRule.PLAIN
    return is_contact or meaning.name > NameRule.BESIDE_CONTACT
