"""`lead_json` writes exactly the same bytes as the schema."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.intake.store import new_lead_result
from api.intake.submission import KeyedSubmission, Submission
from api.schemas.models import LeadOut, lead_json
from shared.contacts import Contact, Phone
from shared.statuses import LeadStatus

NOW = datetime(2026, 11, 22, 12, 0, 1, 20, tzinfo=UTC)
# Lone surrogates are removed before a lead is stored.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTRA = st.dictionaries(
    st.sampled_from(["utm", "utm_source", "UTM_Term ", "page"]) | TEXT, VALUES, max_size=4
)


@given(
    name=TEXT,
    extra=EXTRA,
    changes=st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(LeadStatus),
            "resolved_via": st.sampled_from(["username", "phone"]),
            "follow_up_at": st.datetimes(timezones=st.just(UTC)),
            "telegram_user_id": st.integers(2**31, 2**62),
            "last_error": TEXT,
        },
    ),
)
@example(name="Анна", extra={"utm": {"source": "я", "term": 1}, "x": float("nan")}, changes={})
@settings(max_examples=100, deadline=None)
def test_both_write_the_same_bytes(name: str, extra: dict[str, Any], changes: dict[str, Any]) -> None:
    contact = Contact(Phone("89991234567", "+79991234567"), None)
    lead = new_lead_result(KeyedSubmission(Submission(name, contact, "api", "k", extra), NOW), 7).lead
    assert lead
    row = {**lead, **changes}
    assert lead_json(row) == LeadOut.model_validate(row).model_dump_json().encode()
