"""The doctor at providers of each kind: what it finds is shown on the page about providers."""

import pytest

from shared.clock import utc_now
from shared.database.engine import Database
from tests.support.model_failures import Case
from tests.worker.doctor.providers import SETUPS, Played, generated, output, playing, section
from worker.assistant.failures.error_classes import FailureKind
from worker.assistant.model_client.context_size import find_context
from worker.doctor import model_checks
from worker.domain.config.model_servers import ServerState, host_of
from worker.monitoring import model_servers, status_report, status_text
from worker.settings import AssistantSettings

WELL = {"OpenAI", "DeepSeek: no JSON schema", "Mistral: knows only `max_tokens`", "vLLM", "llama.cpp"}


@pytest.mark.parametrize("name", SETUPS)
async def test_the_doctor_names_the_fault_of_each_provider(name: str) -> None:
    text = await output(name)
    assert text.startswith("ok" if name in WELL else "FAIL")
    assert ("→" in text) == (name not in WELL)
    assert "sk-doctor" not in text


async def test_the_page_shows_the_output() -> None:
    assert len(SETUPS) >= 8
    assert generated() == await section()


async def test_the_second_provider_is_checked_too() -> None:
    refused = SETUPS["GigaChat by gpt2giga: the token has expired"]
    async with playing(Played("gpt-4.1-mini")) as first, playing(refused) as second:
        settings = AssistantSettings(
            _env_file=None,
            openai_api_key="sk-first-0123456789",
            openai_base_url=first,
            openai_fallback_base_url=second,
            openai_fallback_api_key="sk-second-0123456789",
            openai_fallback_model="GigaChat-2",
        )
        found = await model_checks.check_models(settings, None)
    assert [(one.name, one.is_well) for one in found] == [("model", True), ("second model", False)]
    assert "OPENAI_FALLBACK_API_KEY: the key is refused" in found[1].said
    assert "OPENAI_FALLBACK_API_KEY" in (found[1].remedy or "")


async def test_the_doctor_stores_the_context_for_the_status(database: Database) -> None:
    played = SETUPS["vLLM"]
    async with playing(played) as url:
        async with database.writing() as session:
            state = ServerState(host_of(url), played.model, "first", prompt_tokens=2_400)
            await model_servers.save(session, [state], now=utc_now())
        settings = AssistantSettings(
            _env_file=None,
            openai_api_key="sk-doctor-0123456789",
            openai_base_url=url,
            openai_model=played.model,
        )
        await model_checks.check_models(settings, database)
    status = await status_report.load_status(database, now=utc_now())
    assert "2400/32768 tokens" in status_text.as_text(status)


async def test_the_doctor_begins_with_the_form_that_the_worker_has_found(database: Database) -> None:
    played = SETUPS["DeepSeek: no JSON schema"]
    async with playing(played) as url:
        async with database.writing() as session:
            state = ServerState(host_of(url), played.model, "first", "chat with json_object, max_tokens")
            await model_servers.save(session, [state], now=utc_now())
        settings = AssistantSettings(
            _env_file=None,
            openai_api_key="sk-doctor-0123456789",
            openai_base_url=url,
            openai_model=played.model,
        )
        (found,) = await model_checks.check_models(settings, database)
    assert found.is_well
    assert "chat with json_object, max_tokens;" in found.said


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("maximum context length is 2048 tokens", "larger context"),
        ("The prompt triggered the content_filter", "another model"),
    ],
)
async def test_the_advice_follows_from_what_the_provider_says(said: str, remedy: str) -> None:
    case = Case("any", FailureKind.INPUT, 400, {"error": {"message": said}})
    async with playing(Played("gpt-4.1-mini", refuses={"": case})) as url:
        settings = AssistantSettings(
            _env_file=None, openai_api_key="sk-doctor-0123456789", openai_base_url=url
        )
        (found,) = await model_checks.check_models(settings, None)
    assert remedy in (found.remedy or "")


def test_the_answer_of_a_model_that_thinks_needs_more_room() -> None:
    assert model_checks.size_up(2_400, 9_900, 8_192)[1] is None
    assert model_checks.size_up(2_400, 9_900, 8_192, 6_000)[1] is not None


def test_a_prompt_that_the_server_cuts_off_is_found() -> None:
    size, problem = model_checks.size_up(512, 9_900, None)
    assert (size, problem) == ("", "the server has read only 512 tokens of a prompt of 9900 characters")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": [{"id": "m", "max_model_len": 4096}, {"id": "other", "max_model_len": 1}]}, 4096),
        ({"data": [{"id": "m", "context_length": 32768, "top_provider": {"context_length": 8192}}]}, 8192),
        ({"data": [{"model_name": "m", "model_info": {"max_input_tokens": 128000}}]}, 128000),
        ({"data": [{"id": "m", "meta": {"n_ctx_train": 32768}}]}, None),
        ({"default_generation_settings": {"n_ctx": 8192}}, 8192),
        ({"models": [{"name": "m:latest", "context_length": 4096}]}, 4096),
        ({"data": [{"id": "another", "context_length": 4096}]}, None),
        ({"data": [{"id": "m", "context_length": "NaN"}]}, None),
        ({"data": None}, None),
        ([], None),
        ("text", None),
    ],
)
def test_the_context_is_read_where_servers_tell_it(answer: object, expected: int | None) -> None:
    assert find_context(answer, "m") == expected
