"""Checks of a request body that both APIs share."""

import re
from collections.abc import Collection
from typing import Any

from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.strict_schema import check_schema, check_strict
from sandbox.fake_openai.turn import Message, OutputFormat

Body = dict[str, Any]
FORMAT_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def missing(param: str) -> ApiError:
    """Return the 400 for a missing parameter."""
    return ApiError(
        400, f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param
    )


def invalid_type(param: str, expected: str) -> ApiError:
    """Return the 400 for a parameter of the wrong JSON type."""
    return ApiError(
        400, f"Invalid type for '{param}': expected {expected}.", code="invalid_type", param=param
    )


def invalid_value(param: str, value: object, supported: Collection[str]) -> ApiError:
    """Return the 400 for a value outside an enumeration."""
    listed = ", ".join(f"'{item}'" for item in supported)
    message = f"Invalid value: '{value}'. Supported values are: {listed}."
    return ApiError(400, message, code="invalid_value", param=param)


def check_params(body: Body, known: Collection[str]) -> None:
    """Raise ApiError for unknown parameters, and for streaming, which the sandbox does not support."""
    for param in body:
        if param not in known and param != "stream":
            raise ApiError(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
    if body.get("stream"):
        raise ApiError(400, "The sandbox does not stream.", code="unsupported_value", param="stream")


def read_str(body: Body, param: str, *, required: bool = False) -> str | None:
    """Return a text parameter, or None if it is optional and absent."""
    value = body.get(param)
    if value is None:
        if required:
            raise missing(param)
        return None
    if not isinstance(value, str):
        raise invalid_type(param, "a string")
    return value


def read_tokens(body: Body, param: str, minimum: int) -> int | None:
    """Return a limit of tokens, or None."""
    value = body.get(param)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid_type(param, "an integer")
    if value < minimum:
        message = (
            f"Invalid '{param}': integer below minimum value. Expected a value >= {minimum}, but got {value}."
        )
        raise ApiError(400, message, code="integer_below_min_value", param=param)
    return value


def read_format(spec: object, param: str, *, schema_code: str | None) -> OutputFormat:
    """Return the format from a flat `{type, name, strict, schema}`; a strict schema is checked."""
    if spec is None:
        return OutputFormat()
    if not isinstance(spec, dict):
        raise invalid_type(param, "an object")
    kind = spec.get("type")
    if kind in ("text", "json_object"):
        return OutputFormat(type=kind)
    if kind != "json_schema":
        raise invalid_value(f"{param}.type", kind, ("json_object", "json_schema", "text"))
    name, schema = spec.get("name"), spec.get("schema")
    if not isinstance(name, str):
        raise missing(f"{param}.name")
    if not FORMAT_NAME.fullmatch(name):
        message = f"Invalid '{param}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
        raise ApiError(400, message, code="invalid_value", param=f"{param}.name")
    if not isinstance(schema, dict):
        raise missing(f"{param}.schema")
    strict = spec.get("strict") is True
    where = f"{param}.schema" if schema_code else param
    check_schema(schema, name, param=where, code=schema_code)
    if strict:
        check_strict(schema, name, param=where, code=schema_code)
    return OutputFormat(type="json_schema", name=name, strict=strict, json_schema=schema)


def read_content(content: object, param: str, types: Collection[str]) -> str:
    """Return the text of a message that is a string or a list of typed parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise invalid_type(param, "a string or an array of content parts")
    texts = []
    for index, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in types:
            raise invalid_value(f"{param}[{index}]", kind, types)
        texts.append(str(part.get("text", part.get("refusal", ""))))
    return "\n".join(texts)


def require_messages(messages: list[Message], param: str) -> list[Message]:
    """Return the messages; raises ApiError if the list is empty."""
    if not messages:
        message = f"Invalid '{param}': empty array. Expected an array with minimum length 1."
        raise ApiError(400, message, code="empty_array", param=param)
    return messages
