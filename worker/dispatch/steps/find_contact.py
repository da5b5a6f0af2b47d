"""Find the person in Telegram: by username, or else by phone."""

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

# A username that can be looked up within this is waited for; one that cannot is worth a try by phone.
WORTH_WAITING = timedelta(minutes=10)


async def find_contact(work: Conversation, finder: Finder) -> Outcome:
    """Found, or DropUsername while there is a phone left, or GiveUp with a reason for the operator."""
    lead = work.lead
    if lead.username and not lead.username_error:
        try:
            return PeerFound(await finder.find_by_username(lead.username), "username")
        except (PeerNotFoundError, CannotWriteError) as error:
            reason = str(error) if isinstance(error, PeerNotFoundError) else f"@{lead.username}: {error}"
            if lead.phone_e164:
                return FallBackToPhone(reason)
            return GiveUp(LeadStatus.UNREACHABLE, f"{reason}; no phone was given")
        except (RateLimitedError, SlotUnavailableError) as later:
            if not lead.phone_e164 or later.wait <= WORTH_WAITING:
                raise
            return await _meanwhile(work, finder, lead.phone_e164, later)
    if not lead.phone_e164:
        return GiveUp(LeadStatus.UNREACHABLE, lead.username_error or "neither a username nor a phone to dial")
    return await _by_phone(work, finder, lead.phone_e164)


async def _meanwhile(
    work: Conversation, finder: Finder, phone: str, later: RateLimitedError | SlotUnavailableError
) -> Outcome:
    """The phone, while usernames cannot be looked up; if it leads nowhere, the username is waited for."""
    try:
        return PeerFound(await finder.find_by_phone(phone, work.lead.name, may_import=False), "phone")
    except (PeerNotFoundError, CannotWriteError):
        raise later from None


async def _by_phone(work: Conversation, finder: Finder, phone: str) -> Outcome:
    before = f"{work.lead.username_error}; " if work.lead.username_error else ""
    try:
        peer = await finder.find_by_phone(phone, work.lead.name)
    except (PeerNotFoundError, CannotWriteError) as error:
        return GiveUp(LeadStatus.UNREACHABLE, f"{before}{error}")
    if work.lead.username_error and peer.user_id == work.lead.telegram_user_id:
        return GiveUp(LeadStatus.UNREACHABLE, f"{before}the phone is the same person's")
    return PeerFound(peer, "phone")
