"""The name of a run in the report: the model's, or what the sandbox's stand-in really is."""

from collections.abc import Collection
from pathlib import Path

import httpx2

from worker.settings import AssistantSettings

_SECONDS = 10
# The sandbox's server names what really answers as the owner of its models.
_SANDBOX = "the sandbox's "


async def name_run(settings: AssistantSettings, prompts: Path | None, taken: Collection[str]) -> str:
    """Return the model's name, or `the sandbox's rules`, with the folder of the prompts if it is given.

    Unlike the names in `taken`: two models of the sandbox are told apart by the names that are asked for.
    """
    suffix = f", {prompts}" if prompts is not None else ""
    name = await _stand_in(settings) or settings.openai_model
    candidates = [f"{name}{suffix}", f"{name}, asked as {settings.openai_model}{suffix}"]
    candidates += [f"{name} ({number}){suffix}" for number in range(2, len(taken) + 3)]
    return next(candidate for candidate in candidates if candidate not in taken)


async def _stand_in(settings: AssistantSettings) -> str | None:
    """Return what the sandbox says of its model; None for other servers, which may not list models at all."""
    if settings.openai_base_url is None:
        return None
    address = f"{settings.openai_base_url.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {settings.openai_api_key.get_secret_value()}"}
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, proxy=settings.openai_proxy) as client:
            body = (await client.get(address, headers=headers)).json()
        owners = {str(model.get("owned_by")) for model in body["data"]}
    except (httpx2.HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return next((owner for owner in owners if owner.startswith(_SANDBOX)), None)
