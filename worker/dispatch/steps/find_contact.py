"""Finds the Telegram user of a lead: by username, or else by phone. A weak username comes after the phone."""

from datetime import timedelta

from shared.database.models import Lead
from shared.leads import contact_evidence
from shared.leads.contact_evidence import ContactKind
from shared.statuses import LeadStatus
from worker.domain.conversation import Conversation
from worker.domain.outcomes import FallBackToPhone, FallBackToUsername, GiveUp, Outcome, PeerFound
from worker.domain.telegram_port import (
    CannotWriteError,
    Finder,
    Peer,
    PeerNotFoundError,
    RateLimitedError,
    SlotUnavailableError,
)

# If the username lookup must wait longer than this, the phone is tried first.
MAX_USERNAME_WAIT = timedelta(minutes=10)


async def find_contact(conversation: Conversation, finder: Finder) -> Outcome:
    """Return PeerFound, GiveUp with the reason, or the fallback if only the first contact fails.

    Raises RateLimitedError or SlotUnavailableError if the lookup must wait.
    """
    lead = conversation.lead
    in_use = _contact_in_use(conversation)
    outcome = await _find(lead, finder, in_use or contact_evidence.next_contact(lead))
    if in_use and lead.access_hash is not None and isinstance(outcome, PeerFound):
        # If the contact has changed its owner, the conversation still belongs to the person in the chat.
        return PeerFound(conversation.peer, outcome.via)
    return outcome


async def _find(lead: Lead, finder: Finder, contact: ContactKind | None) -> Outcome:
    if contact == "username" and lead.username:
        return await _find_by_username(lead, finder, lead.username)
    if contact == "phone" and lead.phone_e164:
        return await _find_by_phone(lead, finder, lead.phone_e164)
    reason = _earlier_failures(lead) or "neither a username nor a phone to dial"
    return GiveUp(LeadStatus.UNREACHABLE, reason)


def _contact_in_use(conversation: Conversation) -> ContactKind | None:
    """Return the contact of the person who was greeted before a retry: the conversation stays with them."""
    lead = conversation.lead
    if not conversation.has_written:
        return None
    failed = lead.username_error if lead.resolved_via == "username" else lead.phone_error
    return None if failed else contact_evidence.found_by(lead)


async def _find_by_username(lead: Lead, finder: Finder, username: str) -> Outcome:
    phone = None if lead.phone_error else lead.phone_e164
    try:
        peer = await finder.find_by_username(username)
    except (PeerNotFoundError, CannotWriteError) as error:
        reason = str(error) if isinstance(error, PeerNotFoundError) else f"@{username}: {error}"
        if phone:
            return FallBackToPhone(reason)
        end = "" if lead.phone_error else "; no phone was given"
        return GiveUp(LeadStatus.UNREACHABLE, f"{_after_earlier(lead, reason)}{end}", _person_of(error))
    except (RateLimitedError, SlotUnavailableError) as delay:
        # A weak phone is no substitute for a username that only has to wait.
        if not phone or delay.wait <= MAX_USERNAME_WAIT or contact_evidence.is_weak(lead, "phone"):
            raise
        return await _find_by_phone_meanwhile(lead, finder, phone, delay)
    if lead.phone_error and lead.resolved_via == "phone" and peer.user_id == lead.telegram_user_id:
        return GiveUp(LeadStatus.UNREACHABLE, _after_earlier(lead, "the username is the same person's"))
    return PeerFound(peer, "username")


async def _find_by_phone_meanwhile(
    lead: Lead, finder: Finder, phone: str, delay: RateLimitedError | SlotUnavailableError
) -> Outcome:
    """Try the phone while usernames cannot be looked up; if that fails, raise `delay` again."""
    try:
        return PeerFound(await finder.find_by_phone(phone, lead.name, may_import=False), "phone")
    except (PeerNotFoundError, CannotWriteError):
        raise delay from None


async def _find_by_phone(lead: Lead, finder: Finder, phone: str) -> Outcome:
    try:
        peer = await finder.find_by_phone(phone, lead.name)
    except (PeerNotFoundError, CannotWriteError) as error:
        if contact_evidence.may_fall_back_to_username(lead):
            return FallBackToUsername(str(error))
        return GiveUp(LeadStatus.UNREACHABLE, _after_earlier(lead, str(error)), _person_of(error))
    if lead.username_error and peer.user_id == lead.telegram_user_id:
        return GiveUp(LeadStatus.UNREACHABLE, _after_earlier(lead, "the phone is the same person's"))
    return PeerFound(peer, "phone")


def _person_of(error: PeerNotFoundError | CannotWriteError) -> Peer | None:
    return error.peer if isinstance(error, CannotWriteError) else None


def _earlier_failures(lead: Lead) -> str:
    return "; ".join(filter(None, (lead.username_error, lead.phone_error)))


def _after_earlier(lead: Lead, reason: str) -> str:
    return "; ".join(filter(None, (_earlier_failures(lead), reason)))
