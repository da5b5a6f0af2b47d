"""With OPENAI_API=auto the form of a request is found, kept, and found again when the server refuses it."""

from collections.abc import Awaitable, Callable

import pytest

from sandbox.fake_openai.faults import RawAnswer, SimpleFault
from tests.support.model_failures import error
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.wire_forms import Api, WireForm, first_form, next_form, parse_form
from worker.domain.assistant_port import (
    AccountFault,
    AssistantError,
    AssistantPausedError,
    Brief,
    Turn,
)

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт"})
YES = [Turn(from_us=True, text="Удобно созвониться?"), Turn(from_us=False, text="да")]
NO_SCHEMA = error("This response_format type is unavailable now", "invalid_request_error")
NO_LIMIT = {
    "detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs"}]
}
Make = Callable[..., Awaitable[ModelAssistant]]


@pytest.fixture
def api() -> str:
    """The tests of this module let the client find the API."""
    return "auto"


def form_of(assistant: ModelAssistant) -> WireForm:
    form: WireForm = assistant._model.form  # type: ignore[attr-defined]
    return form


def refuse(server: Server, match: str, body: object, status: int = 400, api: Api | None = None) -> None:
    server.state.faults.add(RawAnswer(status=status, body=body, times=None, match=match, api=api))


def test_the_first_form_follows_from_setting_and_address() -> None:
    assert first_form("auto", None) == first_form("responses", "http://x/v1") == WireForm("responses")
    assert first_form("auto", "https://api.openai.com/v1") == WireForm("responses")
    assert first_form("auto", "http://localhost:11434/v1") == first_form("chat", None) == WireForm("chat")


def test_every_form_is_tried_once() -> None:
    form: WireForm | None = WireForm("responses")
    tried: set[WireForm] = set()
    while form is not None:
        assert form not in tried
        tried.add(form)
        form = next_form(form, "", tried)
    assert {one.api for one in tried} == {"responses", "chat"}
    assert {(one.output, one.limit) for one in tried if one.api == "chat"} >= {
        ("schema", "max_completion_tokens"),
        ("json_object", "max_tokens"),
        ("text", "max_tokens"),
    }
    assert len(tried) < 12


async def test_a_server_without_schemas_gets_json_objects(assistant: ModelAssistant, server: Server) -> None:
    refuse(server, '"json_schema"', NO_SCHEMA)
    verdict = await assistant.reply(ANNA, YES)
    assert verdict.text
    assert form_of(assistant) == WireForm("chat", "json_object")
    assert server.call_count == 2
    # The form is kept, and the schema is in the prompt.
    await assistant.reply(ANNA, YES)
    assert server.call_count == 3
    assert '"do_not_contact"' in (server.state.calls.recent()[-1].instructions or "")


async def test_a_server_that_knows_another_limit_gets_that(assistant: ModelAssistant, server: Server) -> None:
    refuse(server, '"max_completion_tokens"', NO_LIMIT, status=422)
    await assistant.reply(ANNA, YES)
    assert form_of(assistant) == WireForm("chat", limit="max_tokens")
    assert server.call_count == 2


async def test_a_server_without_chat_gets_responses(assistant: ModelAssistant, server: Server) -> None:
    refuse(server, "", {"detail": "Not Found"}, status=404, api="chat")
    await assistant.reply(ANNA, YES)
    assert form_of(assistant).api == "responses"


async def test_a_form_that_stops_working_is_replaced(assistant: ModelAssistant, server: Server) -> None:
    refuse(server, '"json_schema"', NO_SCHEMA)
    await assistant.reply(ANNA, YES)
    server.state.faults.clear()
    refuse(server, '"json_object"', NO_SCHEMA)
    await assistant.reply(ANNA, YES)
    assert form_of(assistant).output == "schema"


async def test_without_any_form_the_owner_reads_why(assistant: ModelAssistant, server: Server) -> None:
    refuse(server, "", NO_SCHEMA)
    with pytest.raises(AssistantPausedError, match="response_format type is unavailable") as raised:
        await assistant.reply(ANNA, YES)
    assert raised.value.fault is AccountFault.WIRE_FORM
    assert server.call_count < 12


async def test_an_unknown_error_is_put_down_to_the_form_only_before_the_first_success(
    assistant: ModelAssistant, server: Server
) -> None:
    await assistant.reply(ANNA, YES)
    refuse(server, "", error("Something is wrong"))
    for _ in range(2):
        with pytest.raises(AssistantError, match="Something is wrong"):
            await assistant.reply(ANNA, YES)
    assert server.call_count == 3


async def test_a_form_that_the_model_ignores_is_replaced(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(SimpleFault(kind="malformed_json", times=None, match='"json_schema"'))
    for _ in range(2):
        with pytest.raises(AssistantError):
            await assistant.reply(ANNA, YES)
    assert form_of(assistant).output == "json_object"
    assert (await assistant.reply(ANNA, YES)).text


async def test_a_form_that_has_worked_is_not_blamed_for_the_models_answers(
    assistant: ModelAssistant, server: Server
) -> None:
    await assistant.reply(ANNA, YES)
    server.state.faults.add(SimpleFault(kind="malformed_json", times=5))
    for _ in range(5):
        with pytest.raises(AssistantError):
            await assistant.reply(ANNA, YES)
    assert form_of(assistant).output == "schema"


@pytest.mark.parametrize("fixed", ["responses", "chat"])
async def test_a_fixed_api_tries_no_other_form(make: Make, server: Server, fixed: str) -> None:
    assistant = await make(openai_api=fixed)
    refuse(server, "", NO_SCHEMA)
    with pytest.raises(AssistantPausedError):
        await assistant.reply(ANNA, YES)
    assert server.call_count == 1


def test_every_form_can_be_stored_and_read_back() -> None:
    tried: set[WireForm] = set()
    form: WireForm | None = WireForm("responses")
    while form is not None:
        tried.add(form)
        form = next_form(form, "store max_tokens response_format", tried)
    tried.add(WireForm("responses", with_store=False))
    assert len(tried) > 8
    assert all(parse_form(str(form)) == form for form in tried)
    assert parse_form("chat by pigeon") is None
