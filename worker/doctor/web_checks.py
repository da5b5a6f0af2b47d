"""Checks over the network: the model, the booking page and the proxies."""

import asyncio
from urllib.parse import urlsplit

import httpx2

from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import OpenAIModelClient
from worker.doctor.findings import Finding, failed, passed
from worker.domain.assistant_port import (
    AccountFault,
    AssistantError,
    AssistantPausedError,
    AssistantRefusedError,
    AssistantUnavailableError,
    Brief,
    Turn,
)
from worker.settings import WorkerSettings

MODEL, BOOKING = "model", "booking page"
TIMEOUT_SECONDS = 15
_BOOKING_SITES = ("calendly.com", "cal.com")
_LOCAL = ("127.0.0.1", "localhost", "::1")


# A reply to this is composed as for a real person, with the whole prompt.
_PROBE = [
    Turn(from_us=True, text="Здравствуйте! Удобно ли вам созвониться?"),
    Turn(from_us=False, text="А чем вы занимаетесь?"),
]
_REMEDIES = {
    AccountFault.KEY: "correct OPENAI_API_KEY: platform.openai.com/api-keys",
    AccountFault.MONEY: "top up the account: platform.openai.com → Billing",
    AccountFault.COUNTRY: "set OPENAI_PROXY, or OPENAI_BASE_URL of another provider",
    AccountFault.MODEL: "correct OPENAI_MODEL; some servers also want OPENAI_API=chat",
    AccountFault.WIRE_FORM: "set OPENAI_API=auto, and correct OPENAI_BASE_URL: it usually ends with /v1",
}
_CONTEXT = "a model with a larger context: the prompt of a reply has about 2,500 tokens (Ollama: num_ctx)"


async def check_model(settings: WorkerSettings) -> Finding:
    """Ask for one reply as the worker does: it checks key, balance, country, model, form and context."""
    client = OpenAIModelClient(settings)
    name = f"{settings.openai_model} at {settings.openai_base_url or 'OpenAI'}"
    try:
        verdict = await ModelAssistant(settings, client).reply(Brief("Анна"), _PROBE)
    except AssistantPausedError as error:
        return failed(MODEL, f"{name}: {error}", _REMEDIES[error.fault])
    except AssistantUnavailableError as error:
        slow = f"raise OPENAI_TIMEOUT_SECONDS (now {settings.openai_timeout_seconds:g}), or a faster model"
        remedy = slow if error.slow else "see OPENAI_BASE_URL and OPENAI_PROXY, or wait"
        return failed(MODEL, f"{name}: {error}", remedy)
    except AssistantRefusedError as error:
        return failed(MODEL, f"{name}: {error}", _CONTEXT)
    except AssistantError as error:
        return failed(MODEL, f"{name}: {error}", "a model with structured answers, or OPENAI_API=auto")
    finally:
        await client.close()
    usage = verdict.usage
    size = f", a prompt of {usage.tokens_in} tokens" if usage and usage.tokens_in else ""
    took = usage.latency_ms if usage else 0
    return passed(MODEL, f"{name} answers ({client.form}{size}), in {took} ms")


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
