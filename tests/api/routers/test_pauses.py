"""Tests the pause over HTTP, and where `/` leads."""

import httpx2

from tests.api.conftest import running


async def test_pause_is_begun_shown_and_ended(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/pause")).json() == {"scope": None, "since": None, "actor": None}
    begun = await client.post("/pause", json={"scope": "all"})
    assert (begun.status_code, begun.json()["scope"], begun.json()["actor"]) == (200, "all", "api")
    assert (await client.post("/pause", json={})).json()["scope"] == "first_messages"
    assert (await client.get("/pause")).json()["scope"] == "first_messages"
    assert (await client.post("/pause", json={"scope": "some"})).status_code == 422
    assert [(await client.delete("/pause")).status_code for _ in range(2)] == [204, 204]
    assert (await client.get("/pause")).json()["scope"] is None


async def test_start_page_leads_to_the_console_or_to_the_documentation(sqlite_url: str) -> None:
    for settings, target in (({}, "/console"), ({"console_enabled": False}, "/docs")):
        async with running(sqlite_url, **settings) as client:
            answer = await client.get("/", follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (307, target)
    async with running(sqlite_url, console_enabled=False, docs_enabled=False) as client:
        assert (await client.get("/")).status_code == 404
