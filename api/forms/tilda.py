"""Pure: finds the lead in the fields of a Tilda delivery."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import unquote, unquote_plus

from api.forms.body_parser import Field, Fields
from api.forms.custom_mapping import FormMapping, plain
from api.forms.field_roles import Role, role_of
from api.forms.text_cleaning import clean, clean_json, merge_numbering_duplicates, one_line
from shared.contacts import Contact, ContactError, Phone, parse_phone, parse_username

MAX_NAME_LENGTH = 200
_MAX_KEY_LENGTH = 120
# Real forms stay below these limits; they bound the time for one submission.
_MAX_FIELD_NAME = 500
_MAX_CONTACTS = 40
_MAX_SECRETS = 5
_EMPTY = frozenset({"", "null", "none", "undefined", "-"})
# Answers to "do you have Telegram?", not usernames.
_NOT_USERNAMES = frozenset({"true", "false", "none", "null", "undefined", "telegram", "whatsapp", "viber"})
_MESSENGER = re.compile(r"messenger[-_ ](type|id)(.*)", re.IGNORECASE | re.DOTALL)
_BARE_CONTACT = re.compile(
    r"(?:tel:)?[\s0-9()+\-–—.]+|@?[a-z]\w*|[\w:/.]+/[@+]?\w+/?", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True)
class TildaLead:
    """The lead in a submission; `key` is the same if Tilda sends the submission again."""

    name: str
    contact: Contact
    key: str | None
    extra: dict[str, Any]


@dataclass
class _Candidates:
    """The values that could be a contact, each with the index of its field, the most likely first."""

    phones: list[tuple[int, Phone]] = field(default_factory=list)
    usernames: list[tuple[int, str]] = field(default_factory=list)
    # Words in phone fields: a username, or the answer to another question.
    nicknames: list[tuple[int, str]] = field(default_factory=list)
    # The first value in a contact field that is not a valid contact.
    invalid: Field | None = None


def form_tokens(fields: Fields) -> list[str]:
    """Return the values of the form's `token` fields, at most five."""
    tokens = (str(item.value) for item in fields if _is(item, "token") and item.value is not None)
    return list(islice(tokens, _MAX_SECRETS))


def is_probe(fields: Fields) -> bool:
    """Return True for the test call that Tilda sends when the webhook is connected: `test=test`."""
    rest = [(item.key.strip().casefold(), item.value) for item in fields if not _is(item, "token")]
    return rest == [("test", "test")]


def read_lead(fields: Fields, *, region: str = "RU", mapping: FormMapping | None = None) -> TildaLead:
    """Return the lead in a submission. Every field except secrets and cookies is kept, most in `extra`.

    `region`: the country of phones without a country code (ISO 3166, two letters).
    Raises ContactError if there is no valid contact; its `field` is the name of the form's field.
    """
    mapped = mapping.roles(_form_id(fields)) if mapping else {}
    roles = _roles(fields, mapped)
    contact_roles, found = roles, _candidates(fields, roles, region)
    if mapped and not (found.phones or found.usernames or found.nicknames):
        # The mapped fields contain no contact: try the recognised ones too, so that the lead is not lost.
        contact_roles = [role or _role(item) for role, item in zip(roles, fields, strict=True)]
        found = _candidates(fields, contact_roles, region)
    phone_at, phone = found.phones[0] if found.phones else (None, None)
    usernames = found.usernames or (found.nicknames if not _has_phone_field(found, contact_roles) else [])
    username_at, username = usernames[0] if usernames else (None, None)
    if phone is None and username is None:
        raise _contact_error(found.invalid)
    name, named_at = _name(fields, roles)
    ignored = {at for at, role in enumerate(roles) if role is Role.IGNORED}
    used_up = {at for at in (phone_at, username_at) if at is not None and _is_only_contact(fields[at])}
    extra = _extra(fields, named_at | used_up | ignored)
    return TildaLead(name, Contact(phone, username), submission_key(fields), extra)


def submission_key(fields: Fields) -> str | None:
    """Return the key of a submission: Tilda's `tranid`, with the form's id if there is one."""
    parts = [next((_text(item) for item in fields if _is(item, key)), "") for key in ("tranid", "formid")]
    if parts[0].casefold() in _EMPTY:
        return None
    return "/".join(clean(part)[:_MAX_KEY_LENGTH] for part in parts if part)


def _roles(fields: Fields, mapping: Mapping[str, Role]) -> list[Role | None]:
    """Return the role of each field: the mapped one, or the recognised one if that role is not mapped."""
    mapped = [mapping.get(plain(item.key)) or mapping.get(plain(item.label)) for item in fields]
    taken = {*mapped} | ({Role.LAST_NAME} if Role.NAME in mapped else set())
    recognised = [_role(item) for item in fields]
    pairs = zip(mapped, recognised, strict=True)
    return [role or (None if guess in taken else guess) for role, guess in pairs]


def _form_id(fields: Fields) -> str:
    return next((_text(item) for item in fields if _is(item, "formid")), "")


def _role(item: Field) -> Role | None:
    if isinstance(item.value, dict | list | bool):
        return None
    role = role_of(item.key[:_MAX_FIELD_NAME]) or role_of(item.label[:_MAX_FIELD_NAME])
    # «Имя пользователя» means the username in Telegram's menus, and the person's name elsewhere.
    is_name = role is Role.USERNAME and "имя" in item.key.casefold() and _username(_text(item)) is None
    return Role.NAME if is_name else role


def _candidates(fields: Fields, roles: list[Role | None], region: str) -> _Candidates:
    found = _Candidates()
    others: list[tuple[int, str]] = []
    for at, text in islice(_filled(fields, roles, Role.PHONE), _MAX_CONTACTS):
        if phone := parse_phone(text, region=region):
            found.phones.append((at, phone))
        elif username := _username(text):
            # With @ or as a link it is certainly a username.
            (found.nicknames if username == text.strip() else found.usernames).append((at, username))
        else:
            found.invalid = found.invalid or fields[at]
    for at, text, kind in islice(_messengers(fields), _MAX_CONTACTS):
        if roles[at] is not None:
            continue
        others.append((at, text)) if kind in {"", "telegram"} else _phone_only(found, at, text, region)
    in_order = [*_filled(fields, roles, Role.USERNAME), *others, *_filled(fields, roles, Role.CONTACT)]
    usernames = []
    for at, text in in_order[:_MAX_CONTACTS]:
        if username := _username(text):
            usernames.append((at, username))
        elif phone := parse_phone(text, region=region):
            found.phones.append((at, phone))
        else:
            found.invalid = found.invalid or fields[at]
    found.usernames[:0] = usernames
    return found


def _phone_only(found: _Candidates, at: int, text: str, region: str) -> None:
    # A username of WhatsApp, VK or MAX may belong to another person in Telegram.
    if phone := parse_phone(text, region=region):
        found.phones.append((at, phone))


def _has_phone_field(found: _Candidates, roles: list[Role | None]) -> bool:
    return any(roles[at] is Role.PHONE for at, _ in found.phones)


def _filled(fields: Fields, roles: list[Role | None], role: Role) -> Iterator[tuple[int, str]]:
    for at, item in enumerate(fields):
        if roles[at] is role and _text(item).casefold() not in _EMPTY:
            yield at, _text(item)


def _messengers(fields: Fields) -> Iterator[tuple[int, str, str]]:
    """Yield Tilda's messenger fields: the index of the field, the value and the messenger."""
    matches = [_MESSENGER.fullmatch(item.key.strip()) for item in fields]
    kinds = {
        match.group(2): _text(item).casefold()
        for item, match in zip(fields, matches, strict=True)
        if match and match.group(1).lower() == "type"
    }
    for at, match in enumerate(matches):
        if match and match.group(1).lower() == "id" and _text(fields[at]).casefold() not in _EMPTY:
            yield at, _text(fields[at]), kinds.get(match.group(2), "")


def _username(text: str) -> str | None:
    username = parse_username(text)
    return None if username is None or username.casefold() in _NOT_USERNAMES else username


def _name(fields: Fields, roles: list[Role | None]) -> tuple[str, set[int]]:
    """Return the person's name, and the indexes of the fields that contain nothing else."""
    given, last = (
        next(((at, one_line(text)) for at, text in _filled(fields, roles, role) if one_line(text)), None)
        for role in (Role.NAME, Role.LAST_NAME)
    )
    chosen = [part for part in (given, last) if part]
    if given and last and last[1].casefold() in given[1].casefold():
        chosen = [given]
    name = " ".join(text for _, text in chosen)
    return name[:MAX_NAME_LENGTH].strip(), {at for at, _ in chosen} if len(name) <= MAX_NAME_LENGTH else set()


def _is_only_contact(item: Field) -> bool:
    """Return False if the field has more than the contact, like an extension: then it is kept in `extra`."""
    return _BARE_CONTACT.fullmatch(_text(item)) is not None


def _extra(fields: Fields, used: set[int]) -> dict[str, Any]:
    kept = [item for at, item in enumerate(fields) if at not in used and not _is_secret(item)]
    rest = [(item.label or item.key, item.value) for item in kept]
    utm = [("utm", found) for item in fields if _is(item, "cookies") and (found := _utm(_text(item)))]
    return merge_numbering_duplicates((clean(key), _storable(value)) for key, value in [*rest, *utm])


def _storable(value: Any) -> Any:  # noqa: ANN401 - JSON
    try:
        return clean_json(value)
    except ValueError:
        # Nothing is lost: the delivery's body is stored, too.
        return "(nested too deeply)"


def _is_secret(item: Field) -> bool:
    return _is(item, "token") or _is(item, "cookies")


def _utm(cookies: str) -> dict[str, str]:
    """Return the UTM parameters in Tilda's cookie."""
    match = re.search(r"TILDAUTM=([^;]*)", cookies)
    pairs = [part.partition("=") for part in unquote(match.group(1)).split("|||")] if match else []
    return {unquote_plus(key): unquote_plus(value) for key, _, value in pairs if key and value}


def _contact_error(invalid: Field | None) -> ContactError:
    if invalid is None:
        return ContactError("phone", "a phone number or a Telegram username is needed")
    return ContactError(
        clean(invalid.key), "this is neither a phone number that can be dialled nor a Telegram username"
    )


def _is(item: Field, key: str) -> bool:
    return item.key.strip().casefold() == key


def _text(item: Field) -> str:
    """Return the value as the person would type it; empty if it is not a single value."""
    value = item.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
