"""Pure: finds the lead in the fields of a form, and the evidence for each of its contacts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus

from api.forms.body.body_parser import parse_body, parse_urlencoded
from api.forms.body.json_text import looks_like_json
from api.forms.body.text_cleaning import clean, clean_json, merge_numbering_duplicates, one_line
from api.forms.contacts.contact_evidence import Candidate, Candidates, as_mapping, find_candidates
from api.forms.contacts.person_name import find_name
from api.forms.custom_mapping import MEANINGS, FormMapping, Role, plain
from api.forms.envelopes.envelope import people_in
from api.forms.fields import Field, Fields
from api.forms.form import Form, own_name
from api.forms.recognition.field_meaning import Meaning
from shared.contacts import Contact, ContactError, Phone

_MAX_SHOWN_FIELDS = 20
_SECRETS = frozenset({"token", "cookies"})
_BARE_CONTACT = re.compile(
    r"(?:tel:)?[\s0-9()+\-–—.]+|@?[a-z]\w*|[\w:/.]+/[@+]?\w+/?", re.IGNORECASE | re.ASCII
)
_WANTED = "a phone number or a Telegram username"


@dataclass(frozen=True)
class FormLead:
    """The lead in a form. `evidence`: by contact (`phone`, `username`) the field, `strong` or `weak`, why."""

    name: str
    contact: Contact
    extra: dict[str, Any]
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)


def read_call(
    body: bytes,
    content_type: str | None = None,
    query: str = "",
    *,
    region: str = "RU",
    mapping: FormMapping | None = None,
) -> list[FormLead]:
    """Return the leads in a webhook call, without those that have no contact. For tools and tests."""
    leads = []
    for fields in people_in(parse_body(body, content_type).value, parse_urlencoded(query.encode())):
        try:
            leads.append(read_lead(fields, region=region, mapping=mapping))
        except ContactError:
            continue
    return leads


def read_lead(
    form: Form, *, region: str = "RU", mapping: FormMapping | None = None, source: str = ""
) -> FormLead:
    """Return the lead in a form. Every field except secrets and cookies is kept, most in `extra`.

    `region`: the country of phones without a country code (ISO 3166, two letters).
    Raises ContactError if there is no valid contact; its `field` is the name of the form's field.
    """
    roles = _mapped_roles(form, mapping, source) if mapping else ()
    meanings = _with_roles(form.meanings, roles) if any(roles) else form.meanings
    found = find_candidates(form, meanings, region=region)
    if any(roles) and not (found.phones or found.usernames):
        # The mapped fields contain no contact: try the recognised ones too, so that the lead is not lost.
        both = zip(roles, form.meanings, strict=True)
        either = [MEANINGS[role] if role else meaning for role, meaning in both]
        found = find_candidates(form, either, region=region)
    phone, username = (next(iter(each), None) for each in (found.phones, found.usernames))
    if phone is None and username is None:
        raise _contact_error(form, found)
    kept = {kind: (form[best.at], best) for kind, best in (("phone", phone), ("username", username)) if best}
    name, named_at = find_name(form, meanings, beside=[best.at for _, best in kept.values()])
    ignored = {at for at, role in enumerate(roles) if role is Role.IGNORED}
    used_up = {best.at for item, best in kept.values() if _is_only_contact(item)}
    extra = _extra(form, named_at | used_up | ignored)
    return FormLead(name, _contact(phone, username), extra, as_mapping(kept))


def _contact(phone: Candidate | None, username: Candidate | None) -> Contact:
    return Contact(
        phone.contact if phone and isinstance(phone.contact, Phone) else None,
        username.contact if username and isinstance(username.contact, str) else None,
    )


def _mapped_roles(form: Form, mapping: FormMapping, source: str) -> Sequence[Role | None]:
    form_id = next((item.text for item in form.named("formid")), "")
    roles = mapping.roles(form_id, source)
    return [roles.get(plain(item.key)) or roles.get(plain(item.label)) for item in form]


def _with_roles(meanings: Sequence[Meaning], roles: Sequence[Role | None]) -> list[Meaning]:
    """Return the mapped meaning of each field, or the recognised one without the roles that are mapped."""
    taken = {*roles} | ({Role.LAST_NAME} if Role.NAME in roles else set())
    return [
        MEANINGS[role] if role else _without(meaning, taken)
        for meaning, role in zip(meanings, roles, strict=True)
    ]


def _without(meaning: Meaning, taken: set[Role | None]) -> Meaning:
    for role in taken:
        if role is not None:
            meaning = role.removed_from(meaning)
    return meaning


def _is_only_contact(item: Field) -> bool:
    """Return False if the field has more than the contact, like an extension: then it is kept in `extra`."""
    return not isinstance(item.value, list) and _BARE_CONTACT.fullmatch(item.text) is not None


def _extra(form: Form, used: set[int]) -> dict[str, Any]:
    names = zip(form.shape.own_names, form.shape.titles, form, strict=True)
    kept = [
        (title, storable(item.value))
        for at, (own, title, item) in enumerate(names)
        if at not in used and own not in _SECRETS
    ]
    utm = [("utm", storable(found)) for item in form.named("cookies") if (found := _utm(item.text))]
    return merge_numbering_duplicates([*kept, *utm])


def storable(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value without characters that a database refuses."""
    try:
        return clean_json(value)
    except ValueError:
        # Nothing is lost: the delivery's body is stored, too.
        return "(nested too deeply)"


def is_secret(item: Field) -> bool:
    """Return True for a field that is never stored with a lead: a token, or the visitor's cookies."""
    return own_name(item) in _SECRETS


def _utm(cookies: str) -> dict[str, str]:
    """Return the UTM parameters in Tilda's cookie."""
    if "TILDAUTM=" not in cookies:
        return {}
    match = re.search(r"TILDAUTM=([^;]*)", cookies)
    pairs = [part.partition("=") for part in unquote(match.group(1)).split("|||")] if match else []
    return {unquote_plus(key): unquote_plus(value) for key, _, value in pairs if key and value}


def _contact_error(fields: Fields, found: Candidates) -> ContactError:
    # The whole body of a call with broken JSON is no name of a field.
    titles = (one_line(item.title)[:60] for item in fields if not is_secret(item))
    seen = list(dict.fromkeys(title for title in titles if not looks_like_json(title)))
    shown = ", ".join(seen[:_MAX_SHOWN_FIELDS]) + (", …" if len(seen) > _MAX_SHOWN_FIELDS else "")
    if found.invalid is not None:
        return ContactError(
            clean(found.invalid.key),
            "this is neither a phone number that can be dialled nor a Telegram username;"
            f" fields seen: {shown}",
        )
    names = f"fields seen: {shown}" if seen else "the call has no fields"
    return ContactError(
        "phone",
        f"{_WANTED} is needed, and no field holds one; {names}. Name a field Phone or Telegram, or"
        " map it in TILDA_FIELDS",
    )
