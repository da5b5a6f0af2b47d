"""Which waiting lead belongs to a person who writes first."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_account, add_leased, add_message, now_of
from worker.domain.telegram_port import Incoming, Sender
from worker.messaging import inbox
from worker.messaging.sender_matching import matching_contact
from worker.queue.leases import WorkerId

WEAK = {"strength": "weak", "field": "Контакт"}
_numbers = count(7_000_000_001)
S = LeadStatus


def sender_of(number: int, **fields: Any) -> Sender:  # noqa: ANN401
    return Sender(number, 5, **{"usernames": (f"writer_{number}",), **fields})


async def waiting(database: Database, sender: Sender, status: LeadStatus = S.PENDING, **fields: Any) -> Lead:  # noqa: ANN401
    usual = {
        "name": "Анна",
        "source": "api",
        "username": sender.usernames[0].upper() if sender.usernames else None,
        "status": status,
        "due_at": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    lead = Lead(**usual | fields)
    async with database.writing() as session:
        session.add(lead)
    return lead


async def write(database: Database, me: WorkerId, sender: Sender, **fields: Any) -> Lead | None:  # noqa: ANN401
    message = Incoming(sender.user_id, next(_numbers) % 2**31, "Здравствуйте", NOW, sender=sender, **fields)
    async with database.writing() as session:
        return await inbox.receive(session, me.account_id, message, now=NOW, debounce=DEBOUNCE)


async def test_the_lead_of_the_senders_username_is_theirs(kept_database: Database, me: WorkerId) -> None:
    sender = sender_of(next(_numbers))
    lead = await waiting(kept_database, sender)
    assert await write(kept_database, me, sender) is not None
    row = await now_of(kept_database, lead)
    assert (row.status, row.telegram_user_id, row.access_hash) == (S.ENGAGED, sender.user_id, 5)
    assert (row.account_id, row.resolved_via, row.due_at) == (me.account_id, "username", NOW + DEBOUNCE)


async def test_the_newest_lead_is_theirs(kept_database: Database, me: WorkerId) -> None:
    sender = sender_of(next(_numbers))
    await waiting(kept_database, sender)
    newest = await waiting(kept_database, sender)
    found = await write(kept_database, me, sender)
    assert found is not None
    assert found.id == newest.id


@pytest.mark.parametrize("held_by", ["another account", "a lease"])
async def test_a_lead_that_another_worker_has_is_taken_from_it(
    kept_database: Database, me: WorkerId, held_by: str
) -> None:
    sender = sender_of(next(_numbers))
    other = await add_account(kept_database)
    lease = {"leased_by": f"account-{other}/x", "leased_until": NOW + timedelta(minutes=1)}
    bound = {"account_id": other} if held_by == "another account" else {}
    lead = await waiting(kept_database, sender, **lease, **bound)
    await write(kept_database, me, sender)
    row = await now_of(kept_database, lead)
    assert (row.status, row.leased_by, row.account_id) == (S.ENGAGED, None, me.account_id)


async def test_an_old_request_is_not_named_to_the_present_owner_of_a_username(
    kept_database: Database, me: WorkerId
) -> None:
    sender = sender_of(next(_numbers))
    lead = await waiting(kept_database, sender, created_at=NOW - timedelta(days=2))
    await write(kept_database, me, sender)
    row = await now_of(kept_database, lead)
    assert row.contact_evidence["username"]["strength"] == "weak"


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (S.UNREACHABLE, {"updated_at": NOW - timedelta(days=31)}),
        (S.PENDING, {"created_at": NOW + timedelta(minutes=6)}),
        (S.REJECTED, {"telegram_user_id": 1, "access_hash": 1}),
        (S.HANDED_OFF, {"telegram_user_id": 1, "access_hash": 1}),
    ],
)
async def test_other_leads_are_not_theirs(
    kept_database: Database, me: WorkerId, status: LeadStatus, fields: dict[str, Any]
) -> None:
    sender = sender_of(next(_numbers))
    lead = await waiting(kept_database, sender, status, **fields)
    assert await write(kept_database, me, sender) is None
    assert (await now_of(kept_database, lead)).status is status


async def test_a_lead_whose_person_has_talked_is_not_theirs(kept_database: Database, me: WorkerId) -> None:
    sender = sender_of(next(_numbers))
    lead = await waiting(
        kept_database, sender, S.FAILED, telegram_user_id=1, access_hash=1, account_id=me.account_id
    )
    await add_message(kept_database, lead, direction="out", kind="greeting", state="sent")
    assert await write(kept_database, me, sender) is None


async def test_the_words_for_a_human_are_kept(kept_database: Database, me: WorkerId) -> None:
    sender = sender_of(next(_numbers))
    lead = await waiting(kept_database, sender, S.HANDED_OFF)
    assert await write(kept_database, me, sender) is not None
    row = await now_of(kept_database, lead)
    assert (row.status, row.telegram_user_id) == (S.HANDED_OFF, sender.user_id)


@pytest.mark.parametrize("change", [{"is_person": False}, {"access_hash": None}])
async def test_bots_and_the_service_account_have_no_lead(
    kept_database: Database, me: WorkerId, change: dict[str, Any]
) -> None:
    number = next(_numbers)
    fields = {"user_id": number, "access_hash": 5, "usernames": (f"writer_{number}",)} | change
    sender = Sender(**fields)
    await waiting(kept_database, sender)
    assert await write(kept_database, me, sender) is None


async def test_words_reach_the_human_before_a_later_lead_that_failed(
    kept_database: Database, me: WorkerId
) -> None:
    person = {"telegram_user_id": next(_numbers)}
    taken_over = await add_leased(kept_database, me, S.HANDED_OFF, due_at=None, **person)
    await add_leased(kept_database, me, S.FAILED, due_at=None, **person)
    found = await write(kept_database, me, sender_of(person["telegram_user_id"]))
    assert found is not None
    assert found.id == taken_over.id


ANNA = Sender(5, 6, ("anna", "anna_nft"), "79161234501")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"username": "Anna_NFT"}, "username"),
        ({"phone_e164": "+79161234501"}, "phone"),
        ({"username": "other", "phone_e164": "+79161234501"}, "phone"),
        ({"username": "anna", "contact_evidence": {"username": WEAK}}, "username"),
        # The phone of this lead comes first, and may be another person's.
        ({"username": "anna", "phone_e164": "+79990000000", "contact_evidence": {"username": WEAK}}, None),
        (
            {
                "username": "anna",
                "phone_e164": "+79990000000",
                "phone_error": "nobody",
                "contact_evidence": {"username": WEAK},
            },
            "username",
        ),
        # Somebody else was found by the other contact.
        ({"username": "anna", "telegram_user_id": 9, "resolved_via": "phone"}, None),
        ({"username": "anna", "telegram_user_id": 9, "resolved_via": "username"}, "username"),
        ({"username": "other"}, None),
    ],
)
def test_a_contact_matches_only_if_it_is_certain_enough(fields: dict[str, Any], expected: str | None) -> None:
    assert matching_contact(Lead(name="Анна", source="api", **fields), ANNA) == expected
