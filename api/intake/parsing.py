"""Pure parsing: the body of a delivery becomes a submission."""

from api.errors import log_failure
from api.forms.body_parser import MOST_FIELDS, Fields, read_fields
from api.forms.redaction import mask_json
from api.forms.tilda import form_tokens, is_probe, read_lead
from api.intake.submission import Result, Submission
from api.settings import ApiSettings
from shared.contacts import ContactError

TILDA = "tilda"


def parse_fields(body: bytes, content_type: str | None) -> Fields:
    """Return the fields of a form, or an empty list if the body cannot be parsed."""
    try:
        return read_fields(body, content_type)
    except Exception as error:  # noqa: BLE001 - a body that cannot be parsed must still be stored
        log_failure("reading a form", error)
        return []


def parse_submission(fields: Fields, settings: ApiSettings) -> Submission | Result:
    """Return the submission in the fields, or a Result for a probe or for a form without a usable contact."""
    if is_probe(fields):
        return Result()
    try:
        return _read_submission(fields, settings)
    except ContactError as error:
        return Result(error=error)


def _read_submission(fields: Fields, settings: ApiSettings) -> Submission:
    """Return the submission without secrets; raises ContactError if the fields contain no usable contact."""
    if len(fields) > MOST_FIELDS:
        raise ContactError("body", f"the form has more than {MOST_FIELDS} fields")
    try:
        lead = read_lead(fields, region=settings.phone_region, mapping=settings.tilda_fields)
    except ContactError:
        raise
    except Exception as error:
        log_failure("understanding a form", error)
        raise ContactError("body", "the form could not be understood") from error
    secrets = [*form_tokens(fields), *known_secrets(settings)]
    return Submission(lead.name, lead.contact, TILDA, lead.key, mask_json(lead.extra, secrets))


def known_secrets(settings: ApiSettings) -> list[str]:
    """Return the secret values that must be masked in every stored field."""
    return [token.get_secret_value() for token in settings.tilda_token]
