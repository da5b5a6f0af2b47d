"""Pure: finds what a call says about itself: the sender's id of the submission, its tokens, its test call."""

from itertools import islice

from api.forms.body.text_cleaning import clean
from api.forms.fields import EMPTY, Fields
from api.forms.form import Form

_MAX_KEY_LENGTH = 120
_MAX_SECRETS = 5
_TILDA_IDS = ("tranid", "formid")
# In the order of preference. Typeform's id of a submission is `form_response.token`.
_IDS = (
    *("submissionid", "leadgenid", "leadid", "responseid", "entryid", "eventid", "requestid", "messageid"),
    *("webhookid", "idempotencykey"),
)


def form_tokens(form: Form) -> list[str]:
    """Return the values of the form's `token` fields, at most five."""
    tokens = (str(item.value) for item in form.named("token") if item.value is not None)
    return list(islice(tokens, _MAX_SECRETS))


def is_probe(form: Form) -> bool:
    """Return True for the test call that Tilda sends when the webhook is connected: `test=test`."""
    tests = form.named("test")
    return len(tests) == 1 and len(form) == 1 + len(form.named("token")) and tests[0].value == "test"


def tilda_key(form: Form) -> str | None:
    """Return Tilda's key of a submission: `tranid`, with the form's id if there is one."""
    parts = [next((item.text for item in form.named(name)), "") for name in _TILDA_IDS]
    if parts[0].casefold() in EMPTY:
        return None
    return "/".join(clean(part)[:_MAX_KEY_LENGTH] for part in parts if part)


def sender_id(fields: Fields) -> str | None:
    """Return another sender's id of the submission, such as `eventId` or `leadgen_id`; None without one."""
    found: dict[str, str] = {}
    for item in fields:
        name = "".join(character for character in item.key.casefold() if character.isalnum())
        if name == "token" and item.path[-1:] == ("form_response",):
            name = _IDS[0]
        if name in _IDS and item.text:
            found.setdefault(name, clean(item.text)[:_MAX_KEY_LENGTH])
    return next((found[name] for name in _IDS if name in found), None)
