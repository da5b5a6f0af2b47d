"""Finds the Telegram user of a lead: by username, or else by phone."""

from datetime import timedelta

from shared.statuses import LeadStatus
from worker.domain.conversation import Conversation
from worker.domain.outcomes import FallBackToPhone, GiveUp, Outcome, PeerFound
from worker.domain.telegram_port import (
    CannotWriteError,
    Finder,
    PeerNotFoundError,
    RateLimitedError,
    SlotUnavailableError,
)

# If the username lookup must wait longer than this, the phone is tried first.
MAX_USERNAME_WAIT = timedelta(minutes=10)


async def find_contact(conversation: Conversation, finder: Finder) -> Outcome:
    """Return PeerFound, FallBackToPhone if only the username fails, or GiveUp with the reason.

    Raises RateLimitedError or SlotUnavailableError if the lookup must wait.
    """
    lead = conversation.lead
    if lead.username and not lead.username_error:
        try:
            return PeerFound(await finder.find_by_username(lead.username), "username")
        except (PeerNotFoundError, CannotWriteError) as error:
            reason = str(error) if isinstance(error, PeerNotFoundError) else f"@{lead.username}: {error}"
            if lead.phone_e164:
                return FallBackToPhone(reason)
            return GiveUp(LeadStatus.UNREACHABLE, f"{reason}; no phone was given")
        except (RateLimitedError, SlotUnavailableError) as delay:
            if not lead.phone_e164 or delay.wait <= MAX_USERNAME_WAIT:
                raise
            return await _find_by_phone_meanwhile(conversation, finder, lead.phone_e164, delay)
    if not lead.phone_e164:
        return GiveUp(LeadStatus.UNREACHABLE, lead.username_error or "neither a username nor a phone to dial")
    return await _find_by_phone(conversation, finder, lead.phone_e164)


async def _find_by_phone_meanwhile(
    conversation: Conversation, finder: Finder, phone: str, delay: RateLimitedError | SlotUnavailableError
) -> Outcome:
    """Try the phone while usernames cannot be looked up; if that fails, raise `delay` again."""
    try:
        return PeerFound(await finder.find_by_phone(phone, conversation.lead.name, may_import=False), "phone")
    except (PeerNotFoundError, CannotWriteError):
        raise delay from None


async def _find_by_phone(conversation: Conversation, finder: Finder, phone: str) -> Outcome:
    username_failure = f"{conversation.lead.username_error}; " if conversation.lead.username_error else ""
    try:
        peer = await finder.find_by_phone(phone, conversation.lead.name)
    except (PeerNotFoundError, CannotWriteError) as error:
        return GiveUp(LeadStatus.UNREACHABLE, f"{username_failure}{error}")
    if conversation.lead.username_error and peer.user_id == conversation.lead.telegram_user_id:
        return GiveUp(LeadStatus.UNREACHABLE, f"{username_failure}the phone is the same person's")
    return PeerFound(peer, "phone")
