"""Reads one form in tests, as the webhook does."""

from api.forms.body.body_parser import parse_body
from api.forms.envelopes.envelope import people_in
from api.forms.form import Form
from api.forms.form_reader import FormLead, read_lead


def read_fields(body: bytes, content_type: str | None = None) -> Form:
    """Return the form of a body with one person."""
    (form,) = people_in(parse_body(body, content_type).value)
    return form


def read_form(body: bytes, content_type: str | None = None) -> FormLead:
    """Return the lead in a body with one person; raises ContactError if it has none."""
    return read_lead(read_fields(body, content_type))
