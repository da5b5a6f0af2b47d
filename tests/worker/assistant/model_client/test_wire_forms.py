"""With OPENAI_API=auto the form of a request is found, kept, and found again when the server refuses it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.fake_openai.faults import Fault, RawAnswer, SimpleFault
from tests.support.model_failures import error
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.api_formats import build_body
from worker.assistant.model_client.wire_forms import Api, WireForm, first_form, next_form, parse_form
from worker.assistant.output_schemas import GreetingAnswer
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


def refuse(
    server: Server,
    match: str,
    body: object,
    status: int = 400,
    api: Api | None = None,
    times: int | None = None,
) -> None:
    server.state.faults.add(RawAnswer(status=status, body=body, times=times, match=match, api=api))


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


@pytest.mark.parametrize(
    "refusal",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "`messages[0].role` does not support 'system' with this model",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "After the optional system message, conversation roles must alternate user and assistant",
        "deepseek-reasoner does not support successive user or assistant messages",
        "Only user and assistant roles are supported!",
    ],
)
@pytest.mark.parametrize("status", [400, 500])
async def test_a_server_without_a_systems_role_gets_plain_roles(
    assistant: ModelAssistant, server: Server, refusal: str, status: int
) -> None:
    refuse(server, '"system"', error(refusal), status=status)
    refuse(server, '"json_schema"', NO_SCHEMA)
    two = [*YES, Turn(from_us=False, text="давайте завтра")]
    await assistant.reply(ANNA, two)
    assert form_of(assistant) == WireForm("chat", "json_object", plain_roles=True)
    assert server.call_count == 3
    await assistant.reply(ANNA, two)
    assert server.call_count == 4


@pytest.mark.parametrize(
    "form", [WireForm("chat", plain_roles=True), WireForm("responses", plain_roles=True)]
)
def test_with_plain_roles_the_sides_take_turns(form: WireForm) -> None:
    turns = [Turn(from_us=one == "u", text=f"{one}{place}") for place, one in enumerate("uuppup")]
    body = build_body(form, "m", "Rules", turns, GreetingAnswer)
    messages = body.get("messages") or body["input"]
    assert [one["role"] for one in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert messages[0]["content"] == "Rules"
    assert messages[1]["content"] == "u0\n\nu1"
    assert "instructions" not in body
    begins = build_body(form, "m", "Rules", turns[2:], GreetingAnswer)
    assert (begins.get("messages") or begins["input"])[0]["content"] == "Rules\n\np2\n\np3"


@pytest.mark.parametrize(
    "refusal",
    [
        "'max_tokens' or 'max_completion_tokens' is too large: 6000. This model's maximum context "
        "length is 8192 tokens and your request has 3000 input tokens",
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (3000 in the "
        "messages, 6000 in the completion).",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 4096]",
    ],
)
async def test_a_limit_that_is_too_large_is_replaced(make: Make, server: Server, refusal: str) -> None:
    assistant = await make(openai_model="qwen3:8b")
    refuse(server, "6000", error(refusal, "BadRequestError"))
    await assistant.reply(ANNA, YES)
    assert server.call_count == 2
    await assistant.reply(ANNA, YES)
    assert server.call_count == 3


async def test_a_limit_below_ours_is_kept_and_a_full_context_is_not(
    assistant: ModelAssistant, server: Server
) -> None:
    full = "maximum context length is 4096 tokens, you requested 4500 (3000 messages, 1500 completion)"
    refuse(server, "1500", error(full), times=1)
    await assistant.reply(ANNA, YES)
    await assistant.reply(ANNA, YES)
    assert server.call_count == 3
    refuse(server, "1500", error("max_tokens must be <= 1024"))
    await assistant.reply(ANNA, YES)
    await assistant.reply(ANNA, YES)
    assert server.call_count == 6


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


RUNAWAY = {
    "choices": [{"finish_reason": "length", "message": {"content": '{"intent": "acc' + " \n" * 1_000}}]
}


@pytest.mark.parametrize("body", [None, RUNAWAY, {"choices": [{"message": {"content": ""}}]}])
async def test_a_form_that_the_model_ignores_is_replaced(
    assistant: ModelAssistant, server: Server, body: dict[str, Any] | None
) -> None:
    fault: Fault = SimpleFault(kind="malformed_json", times=None, match='"json_schema"')
    if body is not None:
        fault = RawAnswer(body=body, times=None, match='"json_schema"')
    server.state.faults.add(fault)
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
    tried |= {replace(form, plain_roles=True) for form in tried}
    assert len(tried) > 8
    assert all(parse_form(str(form)) == form for form in tried)
    assert parse_form("chat by pigeon") is None
