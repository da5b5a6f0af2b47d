"""What is reached over the web: the model, the booking page, and the proxies on the way."""

import asyncio
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ConfigDict

from worker.assistant.client import Model
from worker.doctor.findings import Finding, ill, well
from worker.domain.assistant_port import AssistantError, AssistantPausedError, AssistantUnavailableError, Turn
from worker.settings import WorkerSettings

MODEL, BOOKING = "model", "booking page"
SECONDS = 15
_BOOKING_SITES = ("calendly.com", "cal.com")
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Probe(BaseModel):
    """The smallest answer in a shape."""

    model_config = ConfigDict(extra="forbid")

    understood: bool


async def check_model(settings: WorkerSettings) -> Finding:
    """One tiny structured call, as the worker makes them: key, money, country, model and API at once."""
    model = Model(settings, call_seconds=SECONDS)
    name = f"{settings.openai_model} at {settings.openai_base_url or 'OpenAI'}"
    try:
        answered = await model.ask("Answer that you have understood.", [Turn(ours=False, text="Ok?")], Probe)
    except AssistantPausedError as error:
        return ill(MODEL, f"{name}: {error}", _remedy(str(error)))
    except AssistantUnavailableError as error:
        return ill(MODEL, f"{name}: {error}", "see OPENAI_BASE_URL and OPENAI_PROXY, or wait")
    except AssistantError as error:
        other = "chat" if settings.openai_api == "responses" else "responses"
        return ill(MODEL, f"{name}: {error}", f"a model with structured answers, or OPENAI_API={other}")
    finally:
        await model.close()
    return well(MODEL, f"{name} gives structured answers, in {answered.usage.latency_ms or 0} ms")


def _remedy(said: str) -> str:
    if "no money" in said:
        return "top the account up: platform.openai.com → Billing"
    if "no such model" in said:
        return "correct OPENAI_MODEL; some servers also want OPENAI_API=chat"
    if "country" in said:
        return "set OPENAI_PROXY, or OPENAI_BASE_URL of another provider"
    return "correct OPENAI_API_KEY: platform.openai.com/api-keys"


async def check_booking(link: str) -> Finding:
    """Whether a person who opens the link gets a page."""
    host = urlsplit(link).hostname or ""
    if not link.startswith("https://") and host not in _LOCAL:
        return ill(BOOKING, f"{link} is not https", "write https:// in CALENDLY_LINK")
    try:
        async with httpx2.AsyncClient(follow_redirects=True, timeout=SECONDS) as client:
            answer = await client.get(link)
    except httpx2.HTTPError as error:
        said = f"{host} cannot be reached ({type(error).__name__})"
        return ill(BOOKING, said, "correct CALENDLY_LINK, or see whether this machine reaches the web")
    if answer.status_code >= 400:
        said = f"{link} answers {answer.status_code}"
        return ill(BOOKING, said, "open CALENDLY_LINK in a browser and copy the address of the right page")
    known = next((site for site in _BOOKING_SITES if host == site or host.endswith(f".{site}")), None)
    return well(
        BOOKING, f"{link} answers" if known else f"{link} answers (no page of calendly.com or cal.com)"
    )


async def check_proxy(setting: str, host: str, port: int) -> Finding:
    """Whether somebody listens there; what it lets through shows in the lines below."""
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except OSError as error:
        said = f"{host}:{port} cannot be reached ({type(error).__name__})"
        return ill(setting, said, f"start the proxy, or correct {setting}")
    return well(setting, f"{host}:{port} takes connections")
