"""The bodies of many senders: who is found in each call, and how certain each contact is."""

import phonenumbers
import pytest

from api.forms.form_reader import read_call
from tests.support.form_bodies import CASES, Case, Expected


def _found(case: Case) -> list[Expected]:
    leads = read_call(case.body, case.content_type, case.query)
    found = []
    for lead in leads:
        phone = lead.contact.phone
        strengths = [lead.evidence.get(part, {}).get("strength") for part in ("phone", "username")]
        found.append(Expected(lead.name, phone and phone.e164, lead.contact.username, *strengths))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.sender}: {case.title}")
def test_the_people_in_a_call(case: Case) -> None:
    assert _found(case) == list(case.leads)


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 450
    assert len({case.sender for case in CASES}) >= 100
    assert len({(case.sender, case.title) for case in CASES}) == len(CASES)


def test_every_expected_phone_is_valid() -> None:
    leads = [lead for case in CASES for lead in case.leads]
    phones = [lead.phone for lead in leads if lead.phone]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)
    assert all(lead.phone or lead.username for lead in leads)
