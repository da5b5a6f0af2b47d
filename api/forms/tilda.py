"""Pure: a Tilda delivery's fields as the lead that they describe."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import unquote, unquote_plus

from api.forms.body_parser import Field, Fields
from api.forms.field_mapping import FormMapping, plain
from api.forms.field_roles import Role, role_of
from api.forms.text_cleaning import clean, clean_json, merge_numbering_duplicates, one_line
from shared.contacts import Contact, ContactError, Phone, parse_phone, parse_username

LONGEST_NAME = 200
_LONGEST_KEY = 120
# Nobody names a field at greater length, nor gives more contacts: the rest would only cost time.
_LONGEST_FIELD_NAME = 500
_MOST_CONTACTS = 40
_MOST_SECRETS = 5
_EMPTY = frozenset({"", "null", "none", "undefined", "-"})
# Answers to "do you have Telegram?", not the names of people.
_NOT_USERNAMES = frozenset({"true", "false", "none", "null", "undefined", "telegram", "whatsapp", "viber"})
_MESSENGER = re.compile(r"messenger[-_ ](type|id)(.*)", re.IGNORECASE | re.DOTALL)
_BARE_CONTACT = re.compile(
    r"(?:tel:)?[\s0-9()+\-–—.]+|@?[a-z]\w*|[\w:/.]+/[@+]?\w+/?", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True)
class TildaLead:
    """What a submission says; `key` is the same when Tilda sends the same submission again."""

    name: str
    contact: Contact
    key: str | None
    extra: dict[str, Any]


@dataclass
class _Candidates:
    """The values that could be a contact, each with the number of its field, the likeliest first."""

    phones: list[tuple[int, Phone]] = field(default_factory=list)
    usernames: list[tuple[int, str]] = field(default_factory=list)
    # Words in phone fields: a nickname, or the answer to another question.
    nicknames: list[tuple[int, str]] = field(default_factory=list)
    # The first value that was meant as a contact and is none.
    unread: Field | None = None


def form_tokens(fields: Fields) -> list[str]:
    """The secrets that the form itself carries."""
    tokens = (str(item.value) for item in fields if _is(item, "token") and item.value is not None)
    return list(islice(tokens, _MOST_SECRETS))


def is_probe(fields: Fields) -> bool:
    """Whether this is what Tilda posts when the webhook is being connected: `test=test`."""
    rest = [(item.key.strip().casefold(), item.value) for item in fields if not _is(item, "token")]
    return rest == [("test", "test")]


def read_lead(fields: Fields, *, region: str = "RU", mapping: FormMapping | None = None) -> TildaLead:
    """The lead in a submission. Every field but secrets and cookies ends in the lead or in its `extra`.

    `region`: where a phone without a country code is dialled (ISO 3166, two letters).
    Raises ContactError, its `field` the form's own, if there is nobody to write to.
    """
    said = mapping.roles(_form_id(fields)) if mapping else {}
    roles = _roles(fields, said)
    asked, found = roles, _candidates(fields, roles, region)
    if said and not (found.phones or found.usernames or found.nicknames):
        # What the owner named is of no use: better a contact guessed than a person lost.
        asked = [role or _role(item) for role, item in zip(roles, fields, strict=True)]
        found = _candidates(fields, asked, region)
    phone_at, phone = found.phones[0] if found.phones else (None, None)
    usernames = found.usernames or (found.nicknames if not _has_phone_field(found, asked) else [])
    username_at, username = usernames[0] if usernames else (None, None)
    if phone is None and username is None:
        raise _complaint(found.unread)
    name, named_at = _name(fields, roles)
    ignored = {at for at, role in enumerate(roles) if role is Role.IGNORED}
    wholly = {at for at in (phone_at, username_at) if at is not None and _says_no_more(fields[at])}
    extra = _extra(fields, named_at | wholly | ignored)
    return TildaLead(name, Contact(phone, username), submission_key(fields), extra)


def submission_key(fields: Fields) -> str | None:
    """What names a submission: Tilda's `tranid`, with the form's id if it is given."""
    parts = [next((_text(item) for item in fields if _is(item, key)), "") for key in ("tranid", "formid")]
    if parts[0].casefold() in _EMPTY:
        return None
    return "/".join(clean(part)[:_LONGEST_KEY] for part in parts if part)


def _roles(fields: Fields, said: Mapping[str, Role]) -> list[Role | None]:
    """What each field is for: as the owner `said`; a role that they gave away is not guessed besides."""
    mapped = [said.get(plain(item.key)) or said.get(plain(item.label)) for item in fields]
    given = {*mapped} | ({Role.LAST_NAME} if Role.NAME in mapped else set())
    guessed = [_role(item) for item in fields]
    return [role or (None if guess in given else guess) for role, guess in zip(mapped, guessed, strict=True)]


def _form_id(fields: Fields) -> str:
    return next((_text(item) for item in fields if _is(item, "formid")), "")


def _role(item: Field) -> Role | None:
    if isinstance(item.value, dict | list | bool):
        return None
    role = role_of(item.key[:_LONGEST_FIELD_NAME]) or role_of(item.label[:_LONGEST_FIELD_NAME])
    # «Имя пользователя» is a username in Telegram's menus and a person's name elsewhere.
    is_name = role is Role.USERNAME and "имя" in item.key.casefold() and _username(_text(item)) is None
    return Role.NAME if is_name else role


def _candidates(fields: Fields, roles: list[Role | None], region: str) -> _Candidates:
    found = _Candidates()
    others: list[tuple[int, str]] = []
    for at, text in islice(_filled(fields, roles, Role.PHONE), _MOST_CONTACTS):
        if phone := parse_phone(text, region=region):
            found.phones.append((at, phone))
        elif username := _username(text):
            # With its @ or as a link it is a nickname for sure.
            (found.nicknames if username == text.strip() else found.usernames).append((at, username))
        else:
            found.unread = found.unread or fields[at]
    for at, text, kind in islice(_messengers(fields), _MOST_CONTACTS):
        if roles[at] is not None:
            continue
        others.append((at, text)) if kind in {"", "telegram"} else _phone_only(found, at, text, region)
    named = [*_filled(fields, roles, Role.USERNAME), *others, *_filled(fields, roles, Role.CONTACT)]
    written = []
    for at, text in named[:_MOST_CONTACTS]:
        if username := _username(text):
            written.append((at, username))
        elif phone := parse_phone(text, region=region):
            found.phones.append((at, phone))
        else:
            found.unread = found.unread or fields[at]
    found.usernames[:0] = written
    return found


def _phone_only(found: _Candidates, at: int, text: str, region: str) -> None:
    # A name in WhatsApp, VK or MAX is somebody else's in Telegram.
    if phone := parse_phone(text, region=region):
        found.phones.append((at, phone))


def _has_phone_field(found: _Candidates, roles: list[Role | None]) -> bool:
    return any(roles[at] is Role.PHONE for at, _ in found.phones)


def _filled(fields: Fields, roles: list[Role | None], role: Role) -> Iterator[tuple[int, str]]:
    for at, item in enumerate(fields):
        if roles[at] is role and _text(item).casefold() not in _EMPTY:
            yield at, _text(item)


def _messengers(fields: Fields) -> Iterator[tuple[int, str, str]]:
    """Tilda's messenger fields: the number of the field, what was entered, and which messenger it is."""
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
    """The person's name, and the numbers of the fields that it wholly uses up."""
    given, last = (
        next(((at, one_line(text)) for at, text in _filled(fields, roles, role) if one_line(text)), None)
        for role in (Role.NAME, Role.LAST_NAME)
    )
    chosen = [part for part in (given, last) if part]
    if given and last and last[1].casefold() in given[1].casefold():
        chosen = [given]
    name = " ".join(text for _, text in chosen)
    return name[:LONGEST_NAME].strip(), {at for at, _ in chosen} if len(name) <= LONGEST_NAME else set()


def _says_no_more(item: Field) -> bool:
    """Whether the contact is all that the field says: an extension or a comment beside it is kept."""
    return _BARE_CONTACT.fullmatch(_text(item)) is not None


def _extra(fields: Fields, used: set[int]) -> dict[str, Any]:
    shown = [item for at, item in enumerate(fields) if at not in used and not _hidden(item)]
    rest = [(item.label or item.key, item.value) for item in shown]
    utm = [("utm", found) for item in fields if _is(item, "cookies") and (found := _utm(_text(item)))]
    return merge_numbering_duplicates((clean(key), _storable(value)) for key, value in [*rest, *utm])


def _storable(value: Any) -> Any:  # noqa: ANN401 - JSON
    try:
        return clean_json(value)
    except ValueError:
        # The delivery itself is stored too: nothing is lost.
        return "(nested too deeply)"


def _hidden(item: Field) -> bool:
    return _is(item, "token") or _is(item, "cookies")


def _utm(cookies: str) -> dict[str, str]:
    """Where the visitor came from, as Tilda remembers it among the cookies."""
    match = re.search(r"TILDAUTM=([^;]*)", cookies)
    pairs = [part.partition("=") for part in unquote(match.group(1)).split("|||")] if match else []
    return {unquote_plus(key): unquote_plus(value) for key, _, value in pairs if key and value}


def _complaint(unread: Field | None) -> ContactError:
    if unread is None:
        return ContactError("phone", "a phone number or a Telegram username is needed")
    return ContactError(
        clean(unread.key), "this is neither a phone number that can be dialled nor a Telegram username"
    )


def _is(item: Field, key: str) -> bool:
    return item.key.strip().casefold() == key


def _text(item: Field) -> str:
    """The value as the person would have typed it; empty for what is no single value."""
    value = item.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
