"""Signing in: links, passwords, sessions, the throttle, the origin of requests and the roles."""

import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import update

from api.console import access
from api.console.users import accounts, sessions
from api.console.users.login_throttle import TRIES_FOR_NAME
from shared.clock import utc_now
from shared.database.console_models import USER_LINKS, USER_SESSIONS
from shared.database.engine import Database
from tests.api.conftest import rows, running
from tests.api.console.conftest import OURS, add_session, signed_in

PASSWORD = "correct horse battery"


async def make_link(database: Database, name: str = "Maria", role: str = "owner") -> str:
    async with database.writing() as session:
        return "/console/welcome/" + await accounts.add(session, name, role, utc_now())


async def set_password(visitor: httpx2.AsyncClient, link: str, password: str = PASSWORD) -> httpx2.Response:
    return await visitor.post(link, data={"password": password, "repeated": password})


async def test_without_users_the_page_says_how_to_make_one(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get("/console/", follow_redirects=True)
    assert answer.status_code == 200
    assert "python -m api user add" in answer.text


async def test_a_link_sets_a_password_once_and_signs_in(
    visitor: httpx2.AsyncClient, lite_database: Database
) -> None:
    link = await make_link(lite_database)
    assert "Welcome, Maria" in (await visitor.get(link)).text
    done = await set_password(visitor, link)
    assert done.status_code == 303
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await visitor.get("/console/")).status_code == 200
    assert (await set_password(visitor, link)).status_code == 404
    stored = await rows(lite_database, "SELECT password_hash FROM users")
    assert stored[0]["password_hash"].startswith("$argon2id$")
    # The cookie's value is not stored.
    value = re.search("console=([^;]+)", cookie)
    assert value
    assert value[1] not in str(await rows(lite_database, "SELECT * FROM user_sessions"))


@pytest.mark.parametrize(
    ("password", "repeated"), [("short", "short"), ("long enough 1", "long enough 2"), ("m" * 201, "m" * 201)]
)
async def test_a_bad_password_keeps_the_link(
    visitor: httpx2.AsyncClient, lite_database: Database, password: str, repeated: str
) -> None:
    link = await make_link(lite_database)
    answer = await visitor.post(link, data={"password": password, "repeated": repeated})
    assert answer.status_code == 422
    assert (await set_password(visitor, link)).status_code == 303


async def test_an_old_link_does_not_work(visitor: httpx2.AsyncClient, lite_database: Database) -> None:
    link = await make_link(lite_database)
    async with lite_database.writing() as session:
        await session.exec(update(USER_LINKS).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert (await visitor.get(link)).status_code == 404
    assert (await set_password(visitor, link)).status_code == 404


async def test_sign_in_and_out(visitor: httpx2.AsyncClient, lite_database: Database) -> None:
    await set_password(visitor, await make_link(lite_database))
    visitor.cookies.clear()
    form = {"name": "maria ", "password": PASSWORD, "next": "/overview?days=7"}
    done = await visitor.post("/console/login", data=form)
    assert done.headers["location"] == "/console/overview?days=7"
    assert (await visitor.get("/console/overview")).status_code == 200
    cookie = dict(visitor.cookies)
    assert (await visitor.post("/console/logout")).status_code == 303
    # The session is over on the server, too.
    visitor.cookies.update(cookie)
    answer = await visitor.get("/console/overview")
    assert answer.headers["location"] == "/console/login?next=%2Foverview"


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\t/x"]
)
async def test_the_sign_in_leads_to_no_other_site(
    visitor: httpx2.AsyncClient, lite_database: Database, path: str
) -> None:
    await set_password(visitor, await make_link(lite_database))
    form = {"name": "Maria", "password": PASSWORD, "next": path}
    assert (await visitor.post("/console/login", data=form)).headers["location"] == "/console/"


async def test_tries_are_throttled(visitor: httpx2.AsyncClient, lite_database: Database) -> None:
    await set_password(visitor, await make_link(lite_database))
    for _ in range(TRIES_FOR_NAME):
        wrong = await visitor.post("/console/login", data={"name": "Maria", "password": "wrong"})
        assert wrong.status_code == 401
    right = {"name": "Maria", "password": PASSWORD}
    refused = await visitor.post("/console/login", data=right)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "900"
    # Another name from there is not locked out.
    other = await visitor.post("/console/login", data={"name": "Oleg", "password": "wrong"})
    assert other.status_code == 401


@pytest.mark.parametrize(
    ("column", "age"), [("last_seen_at", sessions.IDLE_FOR), ("created_at", sessions.LASTS)]
)
async def test_sessions_end(lite_database: Database, sqlite_url: str, column: str, age: timedelta) -> None:
    async with running(sqlite_url) as client, signed_in(client, lite_database) as browser:
        assert (await browser.get("/console/")).status_code == 200
        async with lite_database.writing() as session:
            await session.exec(update(USER_SESSIONS).values({column: utc_now() - age}))
        assert (await browser.get("/console/")).status_code == 303


async def test_a_reset_and_a_removal_end_sessions(lite_database: Database, sqlite_url: str) -> None:
    async with running(sqlite_url) as client, signed_in(client, lite_database) as browser:
        async with lite_database.writing() as session:
            await accounts.reset(session, "Мария", utc_now())
        assert (await browser.get("/console/")).status_code == 303
        assert await rows(lite_database, "SELECT * FROM user_sessions") == []
        async with lite_database.writing() as session:
            await accounts.remove(session, "мария")
        assert await rows(lite_database, "SELECT * FROM user_links") == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://api"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_a_request_of_another_site_is_refused(
    lite_database: Database, sqlite_url: str, headers: dict[str, str]
) -> None:
    session_id = await add_session(lite_database, "Мария", "owner")
    async with running(sqlite_url) as client:
        cookie = {"Cookie": f"console={session_id}"}
        refused = await client.post("/console/logout", headers={**cookie, **headers})
        assert refused.status_code == 403
        ours = await client.post("/console/logout", headers={**cookie, "Origin": "http://api"})
        assert ours.status_code == 303


async def test_over_https_the_cookie_belongs_to_the_host(
    visitor: httpx2.AsyncClient, lite_database: Database
) -> None:
    link = await make_link(lite_database)
    form = {"password": PASSWORD, "repeated": PASSWORD}
    done = await visitor.post(link, data=form, headers={"Origin": "https://api"})
    cookie = done.headers["set-cookie"]
    assert cookie.startswith(f"{access.SECURE_COOKIE}=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_an_api_token_opens_no_page(lite_database: Database, sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="secret-token") as client:
        bearer = {**OURS, "Authorization": "Bearer secret-token"}
        assert (await client.get("/console/", headers=bearer)).status_code == 303
        assert (await client.post("/console/leads/1/retry", headers=bearer)).status_code == 401
        # And a session is no token.
        session_id = await add_session(lite_database, "Мария", "owner")
        cookie = {"Cookie": f"console={session_id}"}
        assert (await client.get("/leads", headers=cookie)).status_code == 401


async def test_the_console_can_be_switched_off(sqlite_url: str) -> None:
    async with running(sqlite_url, console_enabled=False) as client:
        assert (await client.get("/console/")).status_code == 404


async def test_every_page_has_a_strict_policy(lite_database: Database, sqlite_url: str) -> None:
    async with running(sqlite_url) as client, signed_in(client, lite_database, role="owner") as browser:
        for path in ("", "overview", "deliveries", "import", "texts", "login", "leads/1", "nothing"):
            answer = await browser.get(f"/console/{path}")
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"


# Every action with the least role that it needs.
ACTIONS = [
    ("leads/1/take-over", "operator"),
    ("leads/1/give-back", "operator"),
    ("leads/1/reply", "operator"),
    ("leads/1/answering", "operator"),
    ("leads/1/retry", "operator"),
    ("leads/1/notes", "operator"),
    ("leads/1/do-not-contact", "operator"),
    ("leads/1/booked", "operator"),
    ("leads/1/not-booked", "operator"),
    ("leads/1/later", "operator"),
    ("leads/1/not-later", "operator"),
    ("drafts/1/approve", "operator"),
    ("drafts/1/reject", "operator"),
    ("texts", "operator"),
    ("texts/1/remove", "operator"),
    ("deliveries/1/replay", "operator"),
    ("import", "operator"),
    ("pause", "operator"),
    ("pause/end", "operator"),
    ("leads/1/export", "owner"),
    ("leads/1/erase", "owner"),
]


async def test_roles_are_enforced(lite_database: Database, sqlite_url: str) -> None:
    async with (
        running(sqlite_url) as client,
        signed_in(client, lite_database, "Вера", "viewer") as viewer,
        signed_in(client, lite_database, "Олег", "operator") as operator,
    ):
        for path, role in ACTIONS:
            assert (await client.post(f"/console/{path}", headers=OURS)).status_code == 401
            assert (await viewer.post(f"/console/{path}")).status_code == 403, path
            allowed = (await operator.post(f"/console/{path}")).status_code != 403
            assert allowed is (role == "operator"), path
        assert (await operator.get("/console/leads/1/erase")).status_code == 403


def test_every_action_is_in_the_table() -> None:
    # The console is loaded with its first page.
    from api.console.pages import canned_texts, deliveries, imports  # noqa: PLC0415
    from api.console.pages.lead import actions, drafts, personal_data, planning  # noqa: PLC0415
    from api.console.pages.overview import pause  # noqa: PLC0415

    modules = (actions, canned_texts, deliveries, drafts, imports, pause, personal_data, planning)
    found = set()
    for module in modules:
        for route in module.router.routes:
            if "POST" in route.methods:
                found.add(re.sub(r"\{\w+\}", "1", route.path).strip("/"))
    assert found == {path for path, _ in ACTIONS}
