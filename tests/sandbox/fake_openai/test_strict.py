"""Strict schemas: OpenAI's rules are checked, and every answer validates."""

import json
from enum import Enum
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.rule_based_model.model import respond
from sandbox.fake_openai.strict_schema import check_strict
from sandbox.fake_openai.turn import Message, OutputFormat, Turn
from tests.sandbox.fake_openai.conftest import SdkClient

Schema = dict[str, Any]
TEXT = {"type": "string"}


def an_object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": TEXT}, "got 'type: \"array\"'"),
        ({"type": "object", "properties": {}, "required": []}, "'additionalProperties' is required"),
        ({**an_object(a=TEXT, b=TEXT), "required": ["a"]}, "Missing 'b'"),
        ({**an_object(a=TEXT), "required": ["a", "z"]}, "extra key 'z'"),
        (an_object(a={"type": "object", "properties": {"b": TEXT}}), "context=('properties', 'a')"),
        (an_object(a={"type": "string", "default": "x"}), "'default' is not permitted"),
        (an_object(a={"type": "string", "minLength": 1}), "'minLength' is not permitted"),
        (an_object(a={"oneOf": [TEXT]}), "'oneOf' is not permitted"),
        (an_object(a={"type": "string", "format": "uri"}), "'uri' is not a valid format"),
        (an_object(a={}), "must have a 'type' key"),
        (an_object(a={"type": "array"}), "array schema missing items"),
        (an_object(a={"$ref": "#/$defs/no"}), "cannot be resolved"),
        (
            {**an_object(a={"$ref": "#/$defs/t", "description": "x"}), "$defs": {"t": TEXT}},
            "$ref cannot have",
        ),
        ({**an_object(a=TEXT), "anyOf": [an_object()]}, "'anyOf' is not permitted at the root"),
    ],
)
async def test_a_schema_that_breaks_the_rules_is_refused(
    sdk: AsyncOpenAI, schema: Schema, words: str
) -> None:
    spec = {"name": "Out", "strict": True, "schema": schema}
    with pytest.raises(openai.BadRequestError) as caught:
        await sdk.responses.create(
            model="m", input="да", extra_body={"text": {"format": {"type": "json_schema", **spec}}}
        )
    assert (caught.value.code, caught.value.param) == ("invalid_json_schema", "text.format.schema")
    assert words in str(caught.value)
    with pytest.raises(openai.BadRequestError) as caught:
        await sdk.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "да"}],
            extra_body={"response_format": {"type": "json_schema", "json_schema": spec}},
        )
    assert caught.value.param == "response_format"
    assert "Invalid schema for response_format 'Out'" in str(caught.value)


async def test_the_rules_do_not_apply_to_a_schema_that_is_not_strict(control: httpx2.AsyncClient) -> None:
    schema = {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 3}},
        "required": ["text"],
    }
    body = {
        "model": "m",
        "input": "да",
        "text": {"format": {"type": "json_schema", "name": "x", "schema": schema}},
    }
    answer = await control.post("/v1/responses", json=body, headers={"authorization": "Bearer k"})
    assert answer.status_code == 200
    assert len(json.loads(answer.json()["output"][0]["content"][0]["text"])["text"]) <= 3


async def test_an_invalid_schema_is_refused(control: httpx2.AsyncClient) -> None:
    body = {
        "model": "m",
        "input": "да",
        "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": 5}}},
    }
    answer = await control.post("/v1/responses", json=body, headers={"authorization": "Bearer k"})
    assert answer.status_code == 400


class Node(BaseModel):
    """A recursive model with references."""

    name: str
    children: list["Node"]
    parent: "Node | None"


class Mood(Enum):
    """An enumeration, which pydantic refers to with `$ref`."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNCLEAR = "unclear"


class Nested(BaseModel):
    """The verdict in a nested model."""

    intent: Mood
    answer: str | None


class Outer(BaseModel):
    """A nested model with an enumeration by reference."""

    verdict: Nested
    notes: list[str]


class Odd(BaseModel):
    """A model with many features that pydantic can put into a strict schema."""

    tree: Node
    phone: str = Field(pattern=r"^\+\d{5,15}$")
    share: float = Field(ge=0.25, lt=0.5)
    even: int = Field(gt=2, multiple_of=2)
    tags: list[str] = Field(min_length=2, max_length=3)
    choice: int | str | None


async def test_a_model_with_many_features_is_parsed(sdk_client: SdkClient) -> None:
    odd = await sdk_client.ask("что-то", Odd)
    assert odd is not None
    assert len(odd.tags) == 2


@pytest.mark.parametrize(("said", "mood"), [("нет", Mood.REJECT), ("да", Mood.ACCEPT), ("хм", Mood.UNCLEAR)])
async def test_the_verdict_is_filled_in_at_any_depth(sdk_client: SdkClient, said: str, mood: Mood) -> None:
    outer = await sdk_client.ask(said, Outer)
    assert outer is not None
    assert outer.verdict.intent is mood
    assert outer.verdict.answer


def leaves() -> st.SearchStrategy[Schema]:
    numbers = st.integers(-50, 50)
    bounded = st.tuples(numbers, st.integers(0, 20)).map(lambda b: {"minimum": b[0], "maximum": b[0] + b[1]})
    return st.one_of(
        st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda kind: {"type": kind}),
        st.sampled_from(["date-time", "date", "email", "uuid", "ipv4"]).map(
            lambda name: {"type": "string", "format": name}
        ),
        st.lists(st.text(max_size=5), min_size=1, unique=True).map(lambda v: {"type": "string", "enum": v}),
        st.tuples(st.sampled_from(["integer", "number"]), bounded).map(lambda t: {"type": t[0], **t[1]}),
        st.just({"type": ["string", "null"]}),
        st.just({"$ref": "#/$defs/Thing"}),
        st.text(max_size=5).map(lambda value: {"const": value}),
    )


def nested(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    known = st.sampled_from(["text", "intent", "confidence", "language", "needs_human", "sources"])
    return st.one_of(
        st.dictionaries(known | st.text(max_size=6), inner, max_size=4).map(lambda p: an_object(**p)),
        st.tuples(inner, st.integers(0, 2)).map(lambda t: {"type": "array", "items": t[0], "minItems": t[1]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    )


THING = an_object(name=TEXT, next={"anyOf": [{"$ref": "#/$defs/Thing"}, {"type": "null"}]})
SCHEMAS = st.dictionaries(st.text(max_size=6), st.recursive(leaves(), nested, max_leaves=8), max_size=5).map(
    lambda properties: {**an_object(**properties), "$defs": {"Thing": THING}}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schema=SCHEMAS, said=st.sampled_from(["да", "нет", "сколько стоит?", "Имя: Анна", ""]))
def test_any_strict_schema_gets_a_valid_answer(schema: Schema, said: str) -> None:
    check_strict(schema, "Out", param="p", code=None)
    wanted = OutputFormat(type="json_schema", name="Out", strict=True, json_schema=schema)
    answer = respond(Turn(model="m", messages=[Message(role="user", text=said)], format=wanted))
    Draft202012Validator(schema).validate(json.loads(answer))


def test_nesting_beyond_the_limit_is_an_error() -> None:
    schema = TEXT
    for _ in range(12):
        schema = an_object(a=schema)
    with pytest.raises(ApiError, match="levels of nesting"):
        check_strict(schema, "Out", param="p", code=None)
