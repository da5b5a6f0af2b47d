"""Every response: request id, security headers and CORS; and several valid tokens."""

import logging
from collections.abc import AsyncIterator

import httpx2
import pytest

from shared.logging_setup import configure
from tests.api.conftest import WEBHOOK, running

LEAD = {"name": "Анна", "phone": "+79991234567"}
SITE = "https://example.com"
BROWSER = {"Origin": SITE, "Access-Control-Request-Method": "POST"}


@pytest.fixture
async def guarded(sqlite_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application with everything set."""
    settings = {"api_token": "old-token,new-token", "tilda_token": "one, two", "cors_origins": SITE}
    async with running(sqlite_url, **settings, docs_enabled="false") as client:
        yield client


async def test_all_tokens_of_a_list_are_valid(guarded: httpx2.AsyncClient) -> None:
    for token, status in {"old-token": 200, "new-token": 200, "old-token,new-token": 401, "": 401}.items():
        for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}):
            assert (await guarded.get("/leads", headers=headers)).status_code == status
    for token, status in {"one": 201, "two": 201, "one, two": 401, "old-token": 401}.items():
        answer = await guarded.post(WEBHOOK, data={"Phone": LEAD["phone"], "n": token, "token": token})
        assert answer.status_code == status


async def test_every_response_has_the_security_headers(
    lite: httpx2.AsyncClient, guarded: httpx2.AsyncClient
) -> None:
    answers = [
        await lite.post("/leads", json=LEAD),
        await lite.get("/leads/1"),
        await lite.get("/nope"),
        await lite.get("/healthz"),
        await lite.post("/leads", content=b"x" * 300_000),
        await lite.post("/leads", json={}),
        await guarded.get("/leads"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 404, 200, 413, 422, 401]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["x-request-id"]


async def test_the_pages_run_only_their_own_scripts(lite: httpx2.AsyncClient) -> None:
    for page in ("/docs", "/redoc"):
        policy = (await lite.get(page)).headers["content-security-policy"]
        scripts = policy.partition("script-src ")[2].partition(";")[0]
        assert "unsafe" not in scripts
        assert ("'sha256-" in scripts) == (page == "/docs")


async def test_the_documentation_can_be_switched_off(guarded: httpx2.AsyncClient) -> None:
    for page in ("/docs", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css"):
        answer = await guarded.get(page)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("name", ["a", "Visit_1.2-3", "x" * 64])
async def test_a_safe_request_id_is_kept(lite: httpx2.AsyncClient, name: str) -> None:
    for path in ("/healthz", "/nope"):
        assert (await lite.get(path, headers={"X-Request-ID": name})).headers["x-request-id"] == name


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a b", "a\tb", "я".encode(), "a;b", "a=1&b"])
async def test_any_other_request_id_is_replaced(lite: httpx2.AsyncClient, name: str | bytes) -> None:
    created = {
        (await lite.get("/healthz", headers={"X-Request-ID": name})).headers["x-request-id"] for _ in range(3)
    }
    assert len(created) == 3
    assert all(each.isalpha() and len(each) == 16 for each in created)


async def test_the_log_has_the_request_id_and_no_personal_data(
    guarded: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = logging.root.handlers[:]
    level = logging.root.level
    try:
        configure("INFO")
        headers = {"X-Request-ID": "visit-7", "X-API-Key": "new-token"}
        await guarded.post("/leads", json=LEAD | {"username": "@anna_secret"}, headers=headers)
        await guarded.post(WEBHOOK, data={"Phone": LEAD["phone"], "token": "two"})
        logging.getLogger("api").info("outside")
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    log = capsys.readouterr().err
    own = [line for line in log.splitlines() if " api" in line]
    assert own[0].endswith(" api.schemas.responses [visit-7] lead 1 from api stored")
    assert " [" in own[1]
    assert own[2].endswith(" api outside")
    for secret in (LEAD["name"], "9991234567", "anna_secret", "new-token"):
        assert secret not in log


async def test_only_the_configured_sites_are_allowed(
    lite: httpx2.AsyncClient, guarded: httpx2.AsyncClient
) -> None:
    closed = await lite.options("/leads", headers=BROWSER)
    assert (closed.status_code, closed.json()) == (405, {"detail": "Method Not Allowed"})
    assert "access-control-allow-origin" not in (await lite.get("/healthz", headers=BROWSER)).headers
    opened = await guarded.options("/leads", headers=BROWSER)
    assert (opened.status_code, opened.headers["access-control-allow-origin"]) == (200, SITE)
    for method in ("PATCH", "DELETE"):
        asked = BROWSER | {"Access-Control-Request-Method": method}
        assert (await guarded.options("/leads/1/planned/1", headers=asked)).status_code == 200
    # The page can read an error response, too.
    refused = await guarded.post("/leads", json=LEAD, headers=BROWSER)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, SITE)
    assert "X-Request-ID" in refused.headers["access-control-expose-headers"]
    other_site = await guarded.options("/leads", headers=BROWSER | {"Origin": "https://example.org"})
    assert (other_site.status_code, "access-control-allow-origin" in other_site.headers) == (400, False)


@pytest.mark.parametrize("path", ["/leads/", "/console"])
async def test_a_redirect_repeats_nobodys_host(lite: httpx2.AsyncClient, path: str) -> None:
    answer = await lite.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code in {303, 307}
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")
