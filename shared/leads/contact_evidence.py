"""How surely a lead's contacts belong to the person who left the request: strong or weak evidence.

A form may name a contact in a field that could hold something else. Such a contact is weak. A person who was
found by a weak contact is unconfirmed: they learn nothing about the request until they confirm that they
left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_

from shared.database.models import LEADS, Lead, Message
from shared.leads.suppression_list import SuppressedIdentity

ContactKind = Literal["username", "phone"]

WEAK = "weak"
_ON_ITS_WAY = frozenset({"queued", "sent"})


def is_weak(lead: Lead, contact: ContactKind) -> bool:
    """Return True if the evidence for this contact is weak. A contact without an entry is strong."""
    return _evidence(lead, contact).get("strength") == WEAK


def weakened(lead: Lead, contact: ContactKind, reason: str) -> dict[str, Any]:
    """Return the lead's evidence with this contact as a weak one."""
    entry = {**_evidence(lead, contact), "strength": WEAK, "reason": reason}
    return {**(lead.contact_evidence or {}), contact: entry}


def describe_finding(lead: Lead, via: ContactKind) -> str:
    """Return how the person was found, such as `found by username; weak evidence: field «Контакт»`."""
    if not is_weak(lead, via):
        return f"found by {via}"
    field = _evidence(lead, via).get("field")
    return f"found by {via}; weak evidence" + (f": field «{field}»" if field else "")


def next_contact(lead: Lead) -> ContactKind | None:
    """Return the contact to look up next, or None if none is left.

    The username comes first, but a weak username comes after the phone. A contact that has failed
    (`username_error`, `phone_error`) is not tried again.
    """
    has_username = bool(lead.username) and not lead.username_error
    has_phone = bool(lead.phone_e164) and not lead.phone_error
    if has_username and not (has_phone and is_weak(lead, "username")):
        return "username"
    return "phone" if has_phone else None


def found_by(lead: Lead) -> ContactKind | None:
    """Return the contact by which the lead's Telegram user was found; None if no user has been found yet."""
    match lead.resolved_via:
        case "username" | "phone" as via:
            return via
    return None


def may_fall_back_to_username(lead: Lead) -> bool:
    """Return True if a weak username is left to try after the phone has failed."""
    return bool(lead.username) and not lead.username_error and is_weak(lead, "username")


def fallback_of(lead: Lead) -> ContactKind | None:
    """Return the contact to try if the person who was found cannot be written to; None if none is left."""
    match found_by(lead):
        case "username" if lead.phone_e164 and not lead.phone_error:
            return "phone"
        case "phone" if may_fall_back_to_username(lead):
            return "username"
    return None


def looked_up_by_username_only() -> ColumnElement[bool]:
    """Return the condition of leads for which only the username may be looked up now. It is never NULL."""
    phone_must_wait = and_(_is_weak("phone"), ~_is_weak("username"))
    return and_(_has_username(), or_(~_has_phone(), phone_must_wait))


def looked_up_by_phone_only() -> ColumnElement[bool]:
    """Return the condition of leads for which only the phone may be looked up now. It is never NULL."""
    return and_(_has_phone(), or_(~_has_username(), _is_weak("username")))


def is_unconfirmed(lead: Lead, messages: Sequence[Message]) -> bool:
    """Return True if a weak contact led to the person, and they have not confirmed the request.

    It is confirmed once our answer to their confirmation is on its way.
    """
    via = found_by(lead)
    if via is None or not is_weak(lead, via):
        return False
    prefix = _confirmation_prefix(lead)
    return not any(
        message.state in _ON_ITS_WAY and (message.key or "").startswith(prefix) for message in messages
    )


def confirmation_key(lead: Lead, messages: Sequence[Message]) -> str:
    """Return the key of the message that answers the person's confirmation.

    It holds the Telegram user id: a confirmation by one person does not count for another one.
    """
    prefix = _confirmation_prefix(lead)
    earlier = [message for message in messages if (message.key or "").startswith(prefix)]
    return f"{prefix}{len(earlier) + 1}"


def identity_in_chat(lead: Lead) -> SuppressedIdentity:
    """Return the contacts that surely belong to the person in the chat.

    If a weak contact led to them, the lead's other contact may be another person's.
    """
    via, everything = found_by(lead), SuppressedIdentity.of(lead)
    if via is None or not is_weak(lead, via):
        return everything
    return replace(everything, phone_e164=None) if via == "username" else replace(everything, username=None)


def _evidence(lead: Lead, contact: ContactKind) -> Mapping[str, Any]:
    entry = (lead.contact_evidence or {}).get(contact)
    return entry if isinstance(entry, Mapping) else {}


def _confirmation_prefix(lead: Lead) -> str:
    return f"{lead.id}:confirmed:{lead.telegram_user_id}:"


def _has_username() -> ColumnElement[bool]:
    return and_(LEADS.c.username.is_not(None), LEADS.c.username_error.is_(None))


def _has_phone() -> ColumnElement[bool]:
    return and_(LEADS.c.phone_e164.is_not(None), LEADS.c.phone_error.is_(None))


def _is_weak(contact: ContactKind) -> ColumnElement[bool]:
    # Without an entry the strength is NULL.
    strength = LEADS.c.contact_evidence[(contact, "strength")].as_string()
    return func.coalesce(strength, "") == WEAK
