"""How many tokens the context of a model holds, as far as its server tells. Pure.

OpenAI's API has no field for it; these are the ones of vLLM, LM Studio, OpenRouter, Mistral, Groq, LiteLLM,
llama.cpp (`/props`) and Ollama (`/api/ps`: the context of the loaded model).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from worker.assistant.cleaning import clean_count

# Below the address without /v1. The first is OpenAI's list of models, which some servers extend.
PATHS = ("/v1/models", "/v1/model/info", "/props", "/api/ps")
_NAMES = ("id", "name", "model", "model_name")
_SIZES = (
    "max_model_len",
    "loaded_context_length",
    "context_length",
    "context_window",
    "max_context_length",
    "max_input_tokens",
    "n_ctx",
)
# These hold the figures of the model that they stand in. llama.cpp's list has only the size in training.
_INSIDE = ("model_info", "top_provider", "default_generation_settings", "meta", "limits")
_SMALLEST = 64


def find_context(answer: object, model: str) -> int | None:
    """Return the context of `model` in a server's answer; None if it does not tell.

    An entry counts if it names the model, or if it names none.
    """
    sizes = [
        size
        for entry in _entries(answer)
        if _is_about(entry, model)
        for size in _sizes(entry)
        if size >= _SMALLEST
    ]
    return min(sizes, default=None)


def _entries(answer: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(answer, Mapping):
        lists = [value for key in ("data", "models") if isinstance(value := answer.get(key), list)]
        if not lists:
            yield answer
        for entries in lists:
            yield from (entry for entry in entries if isinstance(entry, Mapping))


def _is_about(entry: Mapping[str, Any], model: str) -> bool:
    names = [str(entry[key]) for key in _NAMES if isinstance(entry.get(key), str)]
    wanted = model.removesuffix(":latest")
    return not names or any(
        name.removesuffix(":latest") == wanted or name.endswith(f"/{wanted}") for name in names
    )


def _sizes(entry: Mapping[str, Any]) -> Iterator[int]:
    for key in _SIZES:
        size = clean_count(entry.get(key))
        if size is not None:
            yield size
    for key in _INSIDE:
        inside = entry.get(key)
        if isinstance(inside, Mapping):
            yield from _sizes(inside)
