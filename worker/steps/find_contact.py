"""Find the person in Telegram: by username, or else by phone."""

from shared.status import LeadStatus
from worker.outcomes import DropUsername, Found, GiveUp, Outcome
from worker.ports import NobodyThereError, Telegram
from worker.work import Work


async def find_contact(work: Work, telegram: Telegram) -> Outcome:
    """Found, or DropUsername while there is a phone left, or GiveUp with a reason for the operator."""
    lead = work.lead
    if lead.username and not lead.username_error:
        try:
            return Found(await telegram.find_by_username(lead.username), "username")
        except NobodyThereError as nobody:
            if lead.phone_e164:
                return DropUsername(str(nobody))
            return GiveUp(LeadStatus.UNREACHABLE, f"{nobody}; no phone was given")
    if not lead.phone_e164:
        return GiveUp(LeadStatus.UNREACHABLE, lead.username_error or "neither a username nor a phone to dial")
    return await _by_phone(work, telegram, lead.phone_e164)


async def _by_phone(work: Work, telegram: Telegram, phone: str) -> Outcome:
    before = f"{work.lead.username_error}; " if work.lead.username_error else ""
    try:
        peer = await telegram.find_by_phone(phone, work.lead.name)
    except NobodyThereError as nobody:
        return GiveUp(LeadStatus.UNREACHABLE, f"{before}{nobody}")
    if work.lead.username_error and peer.user_id == work.lead.telegram_user_id:
        return GiveUp(LeadStatus.UNREACHABLE, f"{before}the phone is the same person's")
    return Found(peer, "phone")
