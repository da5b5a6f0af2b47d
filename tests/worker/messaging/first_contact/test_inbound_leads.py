"""Leads of strangers: a link for humans stands in for a missing username and phone; it is no phone."""

from shared.contacts import parse_phone
from shared.database.engine import Database
from shared.leads import contact_evidence, handoff_summary
from shared.leads.telegram_link import without_link
from tests.support.rows import DEBOUNCE, NOW
from worker.domain.telegram_port import Incoming, Sender
from worker.messaging.first_contact import inbound_leads
from worker.queue.leases import WorkerId

# The id looks like a Russian mobile number.
USER_ID = 79161234567


async def test_a_stranger_without_contacts_is_shown_as_a_link(kept_database: Database, me: WorkerId) -> None:
    sender = Sender(USER_ID, 5, name="Ким")
    message = Incoming(USER_ID, 1, "Здравствуйте", NOW, sender=sender)
    async with kept_database.writing() as session:
        lead = await inbound_leads.create(session, me.account_id, message, now=NOW, debounce=DEBOUNCE)
    assert lead is not None
    link = f"tg://user?id={USER_ID}"
    assert (lead.phone, lead.phone_e164, lead.username) == (link, None, None)
    assert parse_phone(link, region="RU") is None
    assert contact_evidence.next_contact(lead) is None
    assert without_link(lead.phone) is None
    assert without_link("+79161234567") == "+79161234567"
    assert handoff_summary.summarize(lead, [], "asks").splitlines()[0] == f"Ким, {link}"
