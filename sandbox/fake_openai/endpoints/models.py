"""`GET /v1/models`: the models that the sandbox lists. Requests with other model names are answered too."""

from typing import Any

from sandbox.fake_openai.errors import ApiError

MODELS = ("gpt-4.1-mini", "gpt-4.1", "gpt-4.1-nano", "gpt-4o-mini", "gpt-4o", "gpt-5-mini")
CREATED = 1744318173


def list_models(owner: str) -> dict[str, Any]:
    """Return the list in OpenAI's form; `owner` tells what answers in the name of these models."""
    return {"object": "list", "data": [_model(name, owner) for name in MODELS]}


def find_model(name: str, owner: str) -> dict[str, Any]:
    """Return one model. Raises ApiError (404) for a name that is not in the list."""
    if name not in MODELS:
        message = f"The model '{name}' does not exist or you do not have access to it."
        raise ApiError(404, message, code="model_not_found", param="model")
    return _model(name, owner)


def _model(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}
