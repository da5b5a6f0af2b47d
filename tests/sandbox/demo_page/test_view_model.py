"""What the page is told: the visitor's phone, the parts, the troubles, and the course of events."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.app import Sandbox, running
from sandbox.demo_page.fault_injection import Incident
from sandbox.demo_page.lead_timeline import steps
from sandbox.demo_page.mount import DemoSettings, install
from sandbox.demo_page.product import ProductAddress
from sandbox.demo_page.state_poller import Stage
from sandbox.demo_page.texts import texts_in
from sandbox.demo_page.view_model import scene
from sandbox.demo_page.visitors import Form, Visitor, now
from sandbox.fake_telegram.rpc.call_log import Call
from tests.support.waiting import patience

# Nothing listens there: the product is down.
NOWHERE = ProductAddress("http://127.0.0.1:9")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running(people=False) as sandbox:
        yield sandbox


@pytest.fixture
async def stage(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = DemoSettings(NOWHERE, worker_pid=tmp_path / "worker.pid", console_link=tmp_path / "link")
    stage = install(sandbox.app, sandbox.telegram, sandbox.openai, sandbox.account, settings)
    yield stage
    await stage.close()


@pytest.fixture
async def client(sandbox: Sandbox, stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox.http_url, trust_env=False) as client:
        yield client


def _see(stage: Stage, visitor: Visitor) -> dict[str, Any]:
    return scene(stage, visitor, texts_in("en"))


async def test_the_phone_shows_what_our_account_does(stage: Stage) -> None:
    visitor = stage.visitors.add("en")
    person = stage.visitors.person(visitor)
    assert _see(stage, visitor)["phone"]["can_write"] is False
    world = stage.telegram.world
    world.send(stage.account, person, "Hello", random_id=1)
    phone = _see(stage, visitor)["phone"]
    assert (phone["unread"], phone["typing"], phone["can_write"]) == (1, False, True)
    stage.telegram.calls.add(
        Call(
            at=now() + 2,
            account=stage.account.id,
            method="messages.SetTyping",
            person=person.id,
            args={"action": "SendMessageTypingAction"},
        )
    )
    assert _see(stage, visitor)["phone"]["typing"] is True


async def test_a_phone_writes_only_to_those_who_wrote(stage: Stage, client: httpx2.AsyncClient) -> None:
    visitor = stage.visitors.add("ru")
    path = f"/demo/visitors/{visitor.person_id}/phone"
    assert (await client.post(path, json={"action": "write", "text": "Есть кто?"})).status_code == 409
    stage.telegram.world.send(stage.account, stage.visitors.person(visitor), "Здравствуйте", random_id=1)
    assert (await client.post(path, json={"action": "voice", "text": "Да"})).status_code == 204
    assert (await client.post(path, json={"action": "block"})).status_code == 204
    assert (await client.post(path, json={"action": "write", "text": "Нет"})).status_code == 409
    messages = _see(stage, visitor)["phone"]["messages"]
    assert [(one["text"], one["voice"], one["mine"]) for one in messages] == [
        ("Здравствуйте", False, False),
        ("Да", True, True),
    ]
    assert (await client.post("/demo/visitors/1/phone", json={"action": "read"})).status_code == 404


async def test_a_form_that_the_product_does_not_take_is_not_counted(
    stage: Stage, client: httpx2.AsyncClient
) -> None:
    visitor = stage.visitors.add("en")
    path = f"/demo/visitors/{visitor.person_id}/forms"
    form = {"kind": "tilda", "fields": {"name": "Kate", "phone": "+79161234567", "wish": "A site"}}
    assert (await client.post(path, json=form)).status_code == 204
    seen = _see(stage, visitor)
    assert (seen["form"]["ok"], seen["counts"]["forms"], seen["counts"]["refused"]) == (False, 0, 1)
    assert [step["text"] for step in seen["way"]] == ["The form did not reach the product: 0"]
    assert (await client.get("/console/")).status_code == 502


async def test_each_trouble_begins_and_ends(stage: Stage, client: httpx2.AsyncClient) -> None:
    for trouble in ("telegram", "model", "flood"):
        assert (await client.post(f"/demo/troubles/{trouble}")).status_code == 204
    seen = _see(stage, stage.visitors.add("en"))
    # No worker has ever been started.
    assert seen["troubles"] == ["telegram", "model", "flood", "worker"]
    assert (seen["parts"]["telegram"], seen["parts"]["model"]) == ("down", "down")
    for trouble in ("telegram", "model"):
        await client.post(f"/demo/troubles/{trouble}")
    assert stage.troubles.current() == ["flood", "worker"]
    assert stage.telegram.is_up
    assert (await client.post("/demo/troubles/unknown")).status_code == 422


async def test_a_killed_worker_is_noticed_and_its_successor_too(
    sandbox: Sandbox, stage: Stage, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    first = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    (tmp_path / "worker.pid").write_text(str(first.pid))
    assert stage.troubles.current() == []
    await client.post("/demo/troubles/worker")
    async with patience():
        assert await first.wait() == -9
    assert stage.troubles.current() == ["worker"]
    await sandbox.telegram.down()
    (tmp_path / "worker.pid").write_text(str(os.getpid()))
    assert "worker" not in stage.troubles.current()
    assert [incident.what for incident in stage.troubles.incidents] == ["worker_killed", "worker_back"]


@pytest.mark.parametrize("text", ["", "0", "-1", "1", "words", "99999999999"])
async def test_what_is_no_process_is_not_killed(stage: Stage, tmp_path: Path, text: str) -> None:
    (tmp_path / "worker.pid").write_text(text)
    assert not stage.troubles.worker_runs


def test_the_course_begins_with_what_had_not_ended() -> None:
    incidents = [
        Incident(1, "telegram_down"),
        Incident(2, "telegram_back"),
        Incident(3, "model_down"),
        Incident(11, "model_back"),
    ]
    found = steps([Form("tilda", 10, "", 201, 5)], [], incidents, texts_in("en"))
    assert [step.at for step in found] == [3, 10, 11]
