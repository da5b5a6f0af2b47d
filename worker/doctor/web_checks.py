"""Checks over the network: the model, the booking page and the proxies."""

import asyncio
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ConfigDict

from worker.assistant.client import OpenAIModelClient
from worker.doctor.findings import Finding, failed, passed
from worker.domain.assistant_port import AssistantError, AssistantPausedError, AssistantUnavailableError, Turn
from worker.settings import WorkerSettings

MODEL, BOOKING = "model", "booking page"
TIMEOUT_SECONDS = 15
_BOOKING_SITES = ("calendly.com", "cal.com")
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Probe(BaseModel):
    """The smallest structured answer."""

    model_config = ConfigDict(extra="forbid")

    understood: bool


async def check_model(settings: WorkerSettings) -> Finding:
    """Make one tiny structured call like the worker's: it checks key, balance, country, model and API."""
    model = OpenAIModelClient(settings, call_seconds=TIMEOUT_SECONDS)
    name = f"{settings.openai_model} at {settings.openai_base_url or 'OpenAI'}"
    try:
        answered = await model.ask(
            "Answer that you have understood.", [Turn(from_us=False, text="Ok?")], Probe
        )
    except AssistantPausedError as error:
        return failed(MODEL, f"{name}: {error}", _remedy(str(error)))
    except AssistantUnavailableError as error:
        return failed(MODEL, f"{name}: {error}", "see OPENAI_BASE_URL and OPENAI_PROXY, or wait")
    except AssistantError as error:
        other = "chat" if settings.openai_api == "responses" else "responses"
        return failed(MODEL, f"{name}: {error}", f"a model with structured answers, or OPENAI_API={other}")
    finally:
        await model.close()
    return passed(MODEL, f"{name} returns structured answers, in {answered.usage.latency_ms or 0} ms")


def _remedy(problem: str) -> str:
    if "no money" in problem:
        return "top up the account: platform.openai.com → Billing"
    if "no such model" in problem:
        return "correct OPENAI_MODEL; some servers also want OPENAI_API=chat"
    if "country" in problem:
        return "set OPENAI_PROXY, or OPENAI_BASE_URL of another provider"
    return "correct OPENAI_API_KEY: platform.openai.com/api-keys"


async def check_booking(link: str) -> Finding:
    """Check that the booking link opens a page."""
    host = urlsplit(link).hostname or ""
    if not link.startswith("https://") and host not in _LOCAL:
        return failed(BOOKING, f"{link} is not https", "write https:// in CALENDLY_LINK")
    try:
        async with httpx2.AsyncClient(follow_redirects=True, timeout=TIMEOUT_SECONDS) as client:
            answer = await client.get(link)
    except httpx2.HTTPError as error:
        problem = f"{host} cannot be reached ({type(error).__name__})"
        return failed(
            BOOKING, problem, "correct CALENDLY_LINK, or check that this machine reaches the internet"
        )
    if answer.status_code >= 400:
        problem = f"{link} answers {answer.status_code}"
        return failed(
            BOOKING, problem, "open CALENDLY_LINK in a browser, find the right page and copy its address"
        )
    known = next((site for site in _BOOKING_SITES if host == site or host.endswith(f".{site}")), None)
    return passed(
        BOOKING, f"{link} answers" if known else f"{link} answers (no page of calendly.com or cal.com)"
    )


async def check_proxy(setting: str, host: str, port: int) -> Finding:
    """Check that the proxy accepts connections; the checks that use it show if it works."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except OSError as error:
        problem = f"{host}:{port} cannot be reached ({type(error).__name__})"
        return failed(setting, problem, f"start the proxy, or correct {setting}")
    return passed(setting, f"{host}:{port} accepts connections")
