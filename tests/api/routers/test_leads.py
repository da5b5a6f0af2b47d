"""POST /leads, GET /leads/{id} and POST /leads/{id}/retry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.leads.transitions import change_status
from shared.statuses import LeadStatus
from tests.api.conftest import rows

MESSAGE_FIELDS = {"id", "direction", "kind", "text", "state", "intent", "created_at", "sent_at", "error"}
MESSAGE_FIELDS |= {"confidence", "facts", "refused", "model", "model_calls", "cost_usd", "latency_ms"}
MESSAGE_FIELDS |= {"tokens_in", "tokens_cached", "tokens_out"}


async def test_a_lead_is_stored_with_normalised_fields(
    client: httpx2.AsyncClient, database: Database
) -> None:
    body = {
        "name": " Анна \t Каренина\u0000 ",
        "phone": "8 (999) 123-45-67",
        "username": "https://t.me/anna_k",
    }
    answer = await client.post("/leads", json=body | {"extra": {"page": "/"}, "budget": 5})
    assert answer.status_code == 201
    lead = answer.json()
    assert answer.headers["location"] == f"/leads/{lead['id']}"
    created = datetime.fromisoformat(lead["created_at"])
    assert created.tzinfo is not None
    assert datetime.now(UTC) - created < timedelta(seconds=30)
    assert lead == {
        "id": lead["id"],
        "name": "Анна Каренина",
        "phone": "89991234567",
        "phone_e164": "+79991234567",
        "username": "anna_k",
        "utm": dict.fromkeys(("source", "medium", "campaign", "term", "content")),
        "status": "pending",
        "source": "api",
        "extra": {"page": "/", "budget": 5},
        "contact_evidence": {},
        "created_at": lead["created_at"],
        "updated_at": lead["created_at"],
        "due_at": lead["created_at"],
        "attempts": 0,
        "last_error": None,
        "resolved_via": None,
        "duplicate_of": None,
        "handoff_summary": None,
        "open_question": None,
        "returns_at": None,
        "follow_up_at": None,
        "meeting_at": None,
        "meeting_url": None,
        "telegram_user_id": None,
    }
    shown = (await client.get(f"/leads/{lead['id']}")).json()
    events = [{"from_status": None, "to_status": "pending", "reason": "received", "actor": "api"}]
    lists = {name: [] for name in ("messages", "planned", "bookings", "booking_events")}
    assert shown == lead | lists | {"events": [events[0] | {"at": lead["created_at"]}]}
    assert len(await rows(database, "SELECT id FROM leads")) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"phone": 79991234567}, ("79991234567", "+79991234567", None)),
        ({"phone": 79991234567.0}, ("79991234567", "+79991234567", None)),
        ({"phone": "@anna_k"}, (None, None, "anna_k")),
        ({"username": "+7 999 123 45 67"}, ("+79991234567", "+79991234567", None)),
        ({"phone": "", "username": "anna_k"}, (None, None, "anna_k")),
        ({"phone": None, "username": "tg://resolve?domain=anna_k"}, (None, None, "anna_k")),
        ({"phone": "anna_k", "username": "+79991234567"}, ("+79991234567", "+79991234567", "anna_k")),
    ],
)
async def test_contacts_are_stored_in_the_right_fields(
    lite: httpx2.AsyncClient, given: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    answer = await lite.post("/leads", json={"name": "Анна", **given})
    assert answer.status_code == 201, answer.text
    lead = answer.json()
    assert (lead["phone"], lead["phone_e164"], lead["username"]) == expected


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({"phone": "+79991234567"}, "name", "missing"),
        ({"name": "  \u0000 ", "phone": "+79991234567"}, "name", "string_too_short"),
        ({"name": "я" * 201, "phone": "+79991234567"}, "name", "string_too_long"),
        ({"name": 5, "phone": "+79991234567"}, "name", "string_type"),
        ({"name": "Анна"}, "phone", "contact"),
        ({"name": "Анна", "phone": "", "username": " "}, "phone", "contact"),
        ({"name": "Анна", "phone": "перезвоните"}, "phone", "contact"),
        ({"name": "Анна", "phone": "перезвоните", "username": "не скажу"}, "phone", "contact"),
        ({"name": "Анна", "phone": "+79991234567", "extra": [1]}, "extra", "dict_type"),
        ({"name": "Анна", "phone": True}, "phone", "string_type"),
        ({"name": "Анна", "phone": "1" * 501}, "phone", "string_too_long"),
    ],
)
async def test_an_invalid_lead_is_refused_with_its_field(
    lite: httpx2.AsyncClient, body: dict[str, Any], field: str, kind: str
) -> None:
    answer = await lite.post("/leads", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["loc"], error["type"]) == (["body", field], kind)
    assert error["msg"]
    assert "input" in error


@pytest.mark.parametrize(
    ("phone", "username", "unparsed"),
    [
        ("+79991234567", "не скажу", {"username": "не скажу"}),
        ("перезвоните\u0000", "@anna_k", {"phone": "перезвоните", "phone_2": "kept"}),
    ],
)
async def test_an_invalid_contact_beside_a_valid_one_is_kept(
    lite: httpx2.AsyncClient, phone: str, username: str, unparsed: dict[str, str]
) -> None:
    extra = {key.removesuffix("_2"): value for key, value in unparsed.items() if value == "kept"}
    body = {"name": "Анна", "phone": phone, "username": username, "extra": extra}
    answer = await lite.post("/leads", json=body)
    assert answer.status_code == 201
    lead = answer.json()
    assert (lead["phone_e164"] is None, lead["username"] is None) == (
        "phone" in unparsed,
        "username" in unparsed,
    )
    assert set(lead["extra"].values()) == set(unparsed.values())


async def test_utm_parameters_are_returned(lite: httpx2.AsyncClient) -> None:
    body = {"name": "Анна", "phone": "+79991234567", "utm_source": "vk", "extra": {"utm": {"medium": "cpc"}}}
    lead = (await lite.post("/leads", json=body)).json()
    expected = dict.fromkeys(("campaign", "term", "content")) | {"source": "vk", "medium": "cpc"}
    assert lead["utm"] == expected
    assert (await lite.get(f"/leads/{lead['id']}")).json()["utm"] == expected
    assert lead["extra"] == {"utm_source": "vk", "utm": {"medium": "cpc"}}


async def test_a_repeated_key_returns_the_same_lead(client: httpx2.AsyncClient, database: Database) -> None:
    async def post(name: str, key: str) -> httpx2.Response:
        body = {"name": name, "phone": "+79991234567"}
        return await client.post("/leads", json=body, headers={"Idempotency-Key": key})

    first, again, other = await post("Анна", "k1"), await post("Анна", "k1"), await post("Анна", "k2")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json() == first.json()
    assert other.json()["id"] != first.json()["id"]
    assert [
        row["source_key"] for row in await rows(database, "SELECT source_key FROM leads ORDER BY id")
    ] == [
        "k1",
        "k2",
    ]
    assert (await post("Анна", "k" * 256)).status_code == 422


async def test_texts_that_a_database_refuses_are_cleaned(client: httpx2.AsyncClient) -> None:
    body = r'{"name": "a\u0000b\ud800", "phone": "+79991234567", "x\u0000": {"n\u0000": [NaN, 1e999, "\ud800\u0001"]}}'  # noqa: E501
    answer = await client.post("/leads", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "a b\N{REPLACEMENT CHARACTER}"
    assert answer.json()["extra"] == {"x": {"n": [None, None, "\N{REPLACEMENT CHARACTER}"]}}


async def _store(database: Database, *, status: LeadStatus) -> int:
    now = datetime.now(UTC)
    lead = Lead(name="Анна", username="anna_k", source="api", created_at=now, updated_at=now)
    async with database.writing() as session:
        session.add(lead)
        await session.flush()
        if status is not LeadStatus.PENDING:
            await change_status(
                session, lead, status, reason="no such username", actor="worker", now=now, due_at=None,
                last_error="no such username", username_error="no such username",
            )  # fmt: skip
    assert lead.id is not None
    return lead.id


@pytest.mark.parametrize("status", [LeadStatus.UNREACHABLE, LeadStatus.FAILED])
async def test_a_retry_starts_from_the_beginning(
    client: httpx2.AsyncClient, database: Database, status: LeadStatus
) -> None:
    lead_id = await _store(database, status=status)
    answer = await client.post(f"/leads/{lead_id}/retry")
    assert answer.status_code == 200, answer.text
    lead = answer.json()
    assert (lead["status"], lead["attempts"], lead["last_error"]) == ("pending", 0, None)
    assert lead["due_at"] == lead["updated_at"]
    (row,) = await rows(database, "SELECT username_error FROM leads")
    assert row["username_error"] is None
    events = (await client.get(f"/leads/{lead_id}")).json()["events"]
    assert [(event["from_status"], event["to_status"], event["actor"]) for event in events] == [
        (None, "pending", "api"),
        ("pending", status, "worker"),
        (status, "pending", "api"),
    ]
    assert (await client.post(f"/leads/{lead_id}/retry")).status_code == 409


async def test_a_conversation_is_shown_oldest_first(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await _store(database, status=LeadStatus.PENDING)
    now = datetime.now(UTC)
    conversation = [("out", "greeting", "Здравствуйте!", "sent"), ("in", "reply", "Привет", "received")]
    async with database.writing() as session:
        for number, (direction, kind, text, state) in enumerate(conversation):
            session.add(
                Message(
                    lead_id=lead_id, direction=direction, kind=kind, text=text, state=state,
                    random_id=number, created_at=now,
                )
            )  # fmt: skip
            await session.flush()
    messages = (await client.get(f"/leads/{lead_id}")).json()["messages"]
    assert [message["text"] for message in messages] == ["Здравствуйте!", "Привет"]
    assert set(messages[0]) == MESSAGE_FIELDS


async def test_a_missing_lead_is_a_404(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/leads/x")).status_code == 404
    for path, status in (("5", 404), ("0", 422), (str(2**63), 422)):
        for answer in (await client.get(f"/leads/{path}"), await client.post(f"/leads/{path}/retry")):
            assert answer.status_code == status
            assert answer.json()["detail"]
