"""The documentation works offline, and each of its examples is a successful request."""

import json
import re
from typing import Any

import httpx2
import pytest

from shared.database.engine import Database
from shared.database.models import Booking
from tests.api.conftest import add_contacted_lead, add_draft, running

TAGS = ["leads", "webhooks", "deliveries", "bookings", "people's data", "do-not-contact", "health"]
METHODS = {"get", "post", "put", "delete"}


async def _operations(client: httpx2.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = (await client.get("/openapi.json")).json()["paths"]
    return [
        (path, method, item[method]) for path, item in paths.items() for method in item if method in METHODS
    ]


def _body(media: str, example: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the request arguments with which Swagger sends an example."""
    match media:
        case "application/json":
            return {"json": example}
        case "multipart/form-data":
            return {"files": {name: (None, value) for name, value in example.items()}}
        case "application/x-www-form-urlencoded":
            return {"data": example}
        case _:
            return {"content": example.encode(), "headers": {"content-type": media}}


async def _add_booking(database: Database) -> int:
    """Store a booking that matches no lead; returns its id."""
    booking = Booking(source="generic", external_id="a", state="booked")
    async with database.writing() as session:
        session.add(booking)
        await session.flush()
        assert booking.id is not None
        return booking.id


async def test_every_route_is_described(lite: httpx2.AsyncClient) -> None:
    operations = await _operations(lite)
    assert len(operations) >= 8
    for path, method, operation in operations:
        assert operation["summary"], path
        assert len(operation["description"]) > 30, path
        assert operation["tags"][0] in TAGS
        assert "500" in operation["responses"]
        for status, answer in operation["responses"].items():
            assert answer["description"] not in {"", "Successful Response", "Validation Error"}, (
                path,
                status,
            )
            if status >= "400":
                content = answer["content"]["application/json"]
                assert "example" in content, (method, path, status)


async def test_every_example_succeeds(client: httpx2.AsyncClient, database: Database) -> None:
    requests, lead_id = 0, await add_contacted_lead(database)
    draft = await add_draft(database, lead_id)
    booking = await _add_booking(database)
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    for path, method, operation in await _operations(client):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if "binary" in str(content):
                continue  # the user selects a file
            schema = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
            examples = [item["value"] for item in content.get("examples", {}).values()] or schema["examples"]
            assert examples, path
            for example in examples:
                url = path.format(lead_id=lead_id, message_id=draft, booking_id=booking, source="albato")
                answer = await client.request(method, url, **_body(media, example))
                assert answer.is_success, answer.text
                requests += 1
    assert requests >= 8
    assert (await client.get("/leads/1")).is_success


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_pages_need_no_network(lite: httpx2.AsyncClient, page: str) -> None:
    html = (await lite.get(page)).text
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert any(source.endswith(".js") for source in sources)
    for source in sources:
        assert source.startswith("/"), source
        assert (await lite.get(source)).status_code == 200


async def test_the_schema_declares_the_tokens(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="secret-1", tilda_token="secret-2") as client:
        document = (await client.get("/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    assert {(scheme["type"], scheme.get("name")) for scheme in schemes.values()} == {
        ("http", None),
        ("apiKey", "X-API-Key"),
        ("apiKey", "X-Tilda-Token"),
        ("apiKey", "token"),
    }
    assert document["paths"]["/leads"]["post"]["security"]
    assert document["paths"]["/leads/webhooks/tilda"]["post"]["security"]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert "secret-" not in str(document)
    assert document["info"]["title"] == "AI Lead Assistant"
    assert [tag["name"] for tag in document["tags"]] == TAGS


async def test_all_references_in_the_schema_exist(lite: httpx2.AsyncClient) -> None:
    document = (await lite.get("/openapi.json")).json()
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred <= set(document["components"]["schemas"])
    assert {"Problem", "HTTPValidationError", "ValidationError"} <= referred
