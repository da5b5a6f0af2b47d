"""Strong and weak evidence: which contact is looked up next, and who is unconfirmed."""

from itertools import product
from typing import Any

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.leads import contact_evidence
from shared.leads.handoff_summary import summarize
from shared.leads.suppression_list import SuppressedIdentity
from tests.support.rows import add_lead

WEAK = {"field": "Контакт", "strength": "weak", "reason": "a field for any contact"}
STRONG = {"field": "Телефон", "strength": "strong", "reason": "a field for phones"}
PHONE = "+79161234567"


def lead_of(**fields: Any) -> Lead:  # noqa: ANN401 - columns
    usual: dict[str, Any] = {"id": 17, "name": "Анна", "source": "tilda", "extra": {}}
    return Lead(**usual | fields)


@pytest.mark.parametrize(
    ("evidence", "is_weak"),
    [
        ({}, False),
        ({"username": WEAK}, True),
        ({"username": STRONG}, False),
        ({"phone": WEAK}, False),
        ({"username": "weak"}, False),
        ({"username": None}, False),
    ],
)
def test_a_contact_without_an_entry_is_strong(evidence: dict[str, Any], is_weak: bool) -> None:
    assert contact_evidence.is_weak(lead_of(contact_evidence=evidence), "username") is is_weak


def test_the_reason_of_a_finding_names_the_field() -> None:
    lead = lead_of(contact_evidence={"username": WEAK, "phone": {"strength": "weak"}})
    username = "found by username; weak evidence: field «Контакт»"
    assert contact_evidence.describe_finding(lead, "username") == username
    assert contact_evidence.describe_finding(lead, "phone") == "found by phone; weak evidence"
    assert contact_evidence.describe_finding(lead_of(), "phone") == "found by phone"


# Evidence of the username and of the phone -> the contacts in the order in which they are tried.
ORDER: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ("username", "phone")),
    ({"username": STRONG, "phone": STRONG}, ("username", "phone")),
    ({"username": WEAK}, ("phone", "username")),
    ({"username": WEAK, "phone": STRONG}, ("phone", "username")),
    ({"username": WEAK, "phone": WEAK}, ("phone", "username")),
    ({"phone": WEAK}, ("username", "phone")),
]


@pytest.mark.parametrize(("evidence", "order"), ORDER)
def test_each_contact_is_tried_once(evidence: dict[str, Any], order: tuple[str, ...]) -> None:
    lead = lead_of(username="anna", phone_e164=PHONE, contact_evidence=evidence)
    tried = []
    while (contact := contact_evidence.next_contact(lead)) is not None:
        tried.append(contact)
        setattr(lead, f"{contact}_error", "nobody")
    assert tuple(tried) == order


def test_a_contact_is_followed_by_another_only_if_that_is_left() -> None:
    found = {"username": "anna", "phone_e164": PHONE}
    weak = {"contact_evidence": {"username": WEAK}}
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"resolved_via": "username"}, "phone"),
        ({"resolved_via": "username", "phone_e164": None}, None),
        ({"resolved_via": "username", "phone_error": "nobody", **weak}, None),
        ({"resolved_via": "phone"}, None),
        ({"resolved_via": "phone", **weak}, "username"),
        ({"resolved_via": "phone", "username_error": "nobody", **weak}, None),
        ({"resolved_via": None, **weak}, None),
    ]
    for fields, other in cases:
        assert contact_evidence.fallback_of(lead_of(**found | fields)) == other, fields


def expected_methods(lead: Lead) -> set[str]:
    """The contacts that find_contact may look up now; the phone also while usernames have to wait."""
    contact = contact_evidence.next_contact(lead)
    has_phone = lead.phone_e164 and not lead.phone_error
    if contact == "username" and has_phone and not contact_evidence.is_weak(lead, "phone"):
        return {"username", "phone"}
    return {contact} if contact else set()


async def test_the_conditions_select_the_leads_with_one_way_to_look_them_up(database: Database) -> None:
    evidences = [evidence for evidence, _ in ORDER]
    contacts = [("anna", None), (None, PHONE), ("anna", PHONE)]
    errors = ["nobody", None]
    leads = [
        await add_lead(
            database,
            username=username,
            phone=phone,
            phone_e164=phone,
            username_error=username_error,
            phone_error=phone_error,
            contact_evidence=evidence,
        )
        for evidence, (username, phone), username_error, phone_error in product(
            evidences, contacts, errors, errors
        )
    ]

    async def matching(condition: ColumnElement[bool]) -> set[int]:
        async with database.reading() as session:
            return {one or 0 for one in await session.exec(select(Lead.id).where(condition))}

    ids = {lead.id for lead in leads}
    for method, condition in (
        ("username", contact_evidence.looked_up_by_username_only()),
        ("phone", contact_evidence.looked_up_by_phone_only()),
    ):
        expected = {lead.id for lead in leads if expected_methods(lead) == {method}}
        assert len(expected) > 5
        assert await matching(condition) == expected
        assert await matching(~condition) == ids - expected, "the condition is never NULL"


async def test_the_evidence_is_stored(database: Database) -> None:
    given = await add_lead(database, contact_evidence={"username": WEAK})
    default = await add_lead(database)
    async with database.reading() as session:
        rows = await session.exec(select(Lead).order_by(col(Lead.id)))
        assert {row.id: row.contact_evidence for row in rows} == {
            given.id: {"username": WEAK},
            default.id: {},
        }


def test_an_unconfirmed_person_has_the_contact_that_led_to_them() -> None:
    fields = {"username": "anna", "phone_e164": PHONE, "telegram_user_id": 5}
    weak = {"contact_evidence": {"username": WEAK, "phone": WEAK}}
    identity = contact_evidence.identity_in_chat
    everything = SuppressedIdentity(PHONE, "anna", 5)
    assert identity(lead_of(**fields, resolved_via="username")) == everything
    assert identity(lead_of(**fields, **weak)) == everything
    by_username = lead_of(**fields, **weak, resolved_via="username")
    assert identity(by_username) == SuppressedIdentity(None, "anna", 5)
    assert identity(lead_of(**fields, **weak, resolved_via="phone")) == SuppressedIdentity(PHONE, None, 5)


def test_the_handoff_summary_says_that_the_person_has_not_confirmed() -> None:
    lead = lead_of(
        username="anna", telegram_user_id=5, resolved_via="username", contact_evidence={"username": WEAK}
    )
    assert "\nNot confirmed: " in summarize(lead, [], "asks for a human")
    key = contact_evidence.confirmation_key(lead, [])
    answer = Message(lead_id=17, direction="out", kind="answer", state="sent", text="Сайт", key=key)
    assert "Not confirmed" not in summarize(lead, [answer], "asks for a human")
    lead.contact_evidence = {}
    assert "Not confirmed" not in summarize(lead, [], "asks for a human")
