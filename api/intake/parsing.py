"""Pure parsing: a webhook call becomes the submissions of the people in it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

from pydantic_core import to_json

from api.errors import log_failure
from api.forms.body.body_parser import MOST_FIELDS, ParsedBody, parse_body, parse_urlencoded
from api.forms.body.redaction import mask_body, mask_json
from api.forms.body.text_cleaning import one_line
from api.forms.envelopes.envelope import people_in
from api.forms.form import Form
from api.forms.form_reader import read_lead, storable
from api.forms.submission_ids import form_tokens, is_probe, sender_id, tilda_key
from api.intake.submission import Delivery, Result, Submission
from api.settings import ApiSettings
from shared.contacts import ContactError

TILDA = "tilda"
# More people belong into a CSV file, whose import reports its progress.
MOST_PEOPLE = 500
_MAX_KEY_LENGTH = 255
# Parameters of this API, not fields of the form.
_OWN_PARAMETERS = frozenset({"ok", "token"})


class ParsedCall(NamedTuple):
    """The fields of each person in a call; `problem`: what is wrong with the JSON and where."""

    people: list[Form]
    problem: str | None = None

    @property
    def fields(self) -> Form:
        """The fields of all people."""
        return self.people[0] if len(self.people) == 1 else Form(chain(*self.people))


def parse_call(body: bytes, content_type: str | None, query: str = "") -> ParsedCall:
    """Return the people in a call; one person without fields if the body cannot be parsed."""
    try:
        parsed = parse_body(body, content_type) if body.strip() else ParsedBody([])
        parameters = parse_urlencoded(query.encode("utf-8", "replace"))
        known = [pair for pair in parameters if pair.key.strip().casefold() not in _OWN_PARAMETERS]
        return ParsedCall(people_in(parsed.value, known), parsed.problem)
    except Exception as error:  # noqa: BLE001 - a body that cannot be parsed must still be stored
        log_failure("reading a form", error)
        return ParsedCall([Form()])


def parse_submissions(
    call: ParsedCall, delivery: Delivery, settings: ApiSettings
) -> Iterator[tuple[Delivery, Submission | Result]]:
    """Yield each person's delivery and submission, or a Result for a probe or without a usable contact.

    The only person's delivery is the call as received. Each of several people gets a delivery of their own.
    """
    if len(call.people) > MOST_PEOPLE:
        error = ContactError(
            "body", f"the call has more than {MOST_PEOPLE} people: import them as a CSV file"
        )
        yield delivery, Result(error=error)
        return
    for number, form in enumerate(call.people):
        own = _delivery_of(form, number, delivery, settings) if len(call.people) > 1 else delivery
        yield own, _parse(form, own, settings, call.problem)


def _parse(form: Form, delivery: Delivery, settings: ApiSettings, problem: str | None) -> Submission | Result:
    if is_probe(form):
        return Result()
    try:
        return _read_submission(form, delivery, settings)
    except ContactError as error:
        if problem:
            error = ContactError(error.field, f"{error}. The body is no valid JSON: {problem}")
        return Result(error=error)


def _read_submission(form: Form, delivery: Delivery, settings: ApiSettings) -> Submission:
    """Return the submission without secrets; raises ContactError if the fields contain no usable contact."""
    if len(form) > MOST_FIELDS:
        raise ContactError("body", f"the form has more than {MOST_FIELDS} fields")
    source = delivery.source
    try:
        lead = read_lead(form, region=settings.phone_region, mapping=settings.tilda_fields, source=source)
    except ContactError:
        raise
    except Exception as error:
        log_failure("understanding a form", error)
        raise ContactError("body", "the form could not be understood") from error
    secrets = [*form_tokens(form), *known_secrets(settings)]
    submission = Submission(
        lead.name, lead.contact, source, tilda_key(form), mask_json(lead.extra, secrets), lead.evidence
    )
    # The people of one call have the same id of the submission: see `_delivery_of`.
    if submission.key and submission.key != delivery.idempotency_key:
        return submission
    return replace(submission, key=_key(form, submission, delivery.idempotency_key))


def _key(form: Form, submission: Submission, header: str | None) -> str | None:
    """Return the key of the submission: the sender's id with the person's contact."""
    own = one_line(header or "")[:_MAX_KEY_LENGTH] or sender_id(form)
    return f"{own}/{submission.contact_fingerprint}" if own else None


def _delivery_of(form: Form, number: int, delivery: Delivery, settings: ApiSettings) -> Delivery:
    """Return the delivery of one of several people: its body is a list of the person's fields.

    The id that the people share is its idempotency key, so that a replay finds the same key for the person.
    """
    described = [
        {
            "name": ".".join([*item.path, item.key]),
            **({"label": item.label} if item.label else {}),
            **({"type": item.kind} if item.kind else {}),
            "value": item.value,
        }
        for item in form
        if item.path[:1] != ("query",)
    ]
    body = to_json(storable(described)).decode()
    return replace(
        delivery,
        # Unique, because two people of a list may be equal.
        received_at=delivery.received_at + timedelta(microseconds=number),
        content_type="application/json",
        body=mask_body(body, known_secrets(settings)),
        charset="utf-8",
        idempotency_key=tilda_key(form) or delivery.idempotency_key,
    )


def known_secrets(settings: ApiSettings) -> list[str]:
    """Return the secret values that must be masked in every stored field."""
    return [token.get_secret_value() for token in settings.tilda_token]
