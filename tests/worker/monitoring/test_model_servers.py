"""What is stored about the providers of the model."""

from dataclasses import replace
from datetime import timedelta

from shared.database.engine import Database
from shared.database.model_server_models import ModelServer
from tests.support.rows import NOW
from worker.domain.config.model_servers import ServerState, host_of
from worker.monitoring import model_servers, status_report, status_text

FIRST = ServerState("api.deepseek.com", "deepseek-chat", "first", "chat with json_object, max_tokens", 2_400)
SECOND = ServerState("localhost:11434", "qwen3:8b", "second", in_use=False)
OUT = replace(FIRST, wire_form=None, prompt_tokens=None, out_since=NOW, out_reason="no money", in_use=False)


async def save(database: Database, *states: ServerState, later: float = 0) -> dict[str, ModelServer]:
    """Store the states; returns the rows by model."""
    async with database.writing() as session:
        await model_servers.save(session, states, now=NOW + timedelta(seconds=later))
    async with database.reading() as session:
        return {row.model: row for row in await model_servers.load_configured(session)}


async def test_what_is_not_known_now_keeps_its_stored_value(database: Database) -> None:
    await save(database, FIRST, SECOND)
    rows = await save(database, OUT, replace(SECOND, in_use=True), later=5)
    first, second = rows["deepseek-chat"], rows["qwen3:8b"]
    assert (first.wire_form, first.prompt_tokens) == ("chat with json_object, max_tokens", 2_400)
    assert (first.out_since, first.out_reason, first.in_use) == (NOW, "no money", False)
    assert second.in_use
    async with database.reading() as session:
        assert await model_servers.find_form(session, FIRST.host, FIRST.model) == FIRST.wire_form
        assert await model_servers.find_form(session, FIRST.host, "other") is None


async def test_an_outage_began_when_the_first_worker_saw_it(database: Database) -> None:
    await save(database, OUT)
    later = replace(OUT, out_since=NOW + timedelta(seconds=30))
    assert (await save(database, later))["deepseek-chat"].out_since == NOW
    back = await save(database, FIRST, later=60)
    assert back["deepseek-chat"].out_since is None
    assert back["deepseek-chat"].works_since == NOW + timedelta(seconds=60)


async def test_a_model_that_is_no_longer_configured_is_not_shown(database: Database) -> None:
    await save(database, FIRST, SECOND)
    other = replace(FIRST, model="deepseek-reasoner")
    assert list(await save(database, other)) == ["deepseek-reasoner"]
    async with database.reading() as session:
        kept = {state.model: state.wire_form for state in await model_servers.load(session)}
    assert kept["deepseek-chat"] == FIRST.wire_form


async def test_the_status_shows_both_providers(database: Database) -> None:
    await save(database, OUT, replace(SECOND, in_use=True))
    status = await status_report.load_status(database, now=NOW)
    text = status_text.as_text(status)
    assert "first: api.deepseek.com" in text
    assert "UTC: no money" in text
    assert "second: localhost:11434" in text
    assert "in use" in text
    assert '"in_use": true' in status_report.as_json(status)


def test_the_host_has_no_secrets() -> None:
    assert host_of(None) == "api.openai.com"
    assert host_of("https://me:secret@example.com:8443/v1") == "example.com:8443"
