"""Pure: the body of a delivery as the submission that it means."""

from api.errors import log_failure
from api.forms.body_parser import MOST_FIELDS, Fields, read_fields
from api.forms.redaction import mask_json
from api.forms.tilda import form_tokens, is_probe, read_lead
from api.intake.submission import Result, Submission
from api.settings import ApiSettings
from shared.contacts import ContactError

TILDA = "tilda"


def fields_of(body: bytes, content_type: str | None) -> Fields:
    """The fields of a form; none if it cannot be taken apart."""
    try:
        return read_fields(body, content_type)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the body, it is to be stored
        log_failure("reading a form", error)
        return []


def understand(fields: Fields, settings: ApiSettings) -> Submission | Result:
    """Whom to write to and about what; or that it is a probe, or why it names nobody."""
    if is_probe(fields):
        return Result()
    try:
        return _read_submission(fields, settings)
    except ContactError as error:
        return Result(error=error)


def _read_submission(fields: Fields, settings: ApiSettings) -> Submission:
    """Without secrets. Raises ContactError if it names nobody."""
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
    """What must not be stored in whatever field it comes."""
    return [token.get_secret_value() for token in settings.tilda_token]
