"""Checks over the network: the booking page and the proxies."""

import asyncio
from urllib.parse import urlsplit

import httpx2

from shared.localized_messages import sentence
from worker.doctor.findings import Finding, failed, passed

BOOKING = "booking page"
TIMEOUT_SECONDS = 15
_BOOKING_SITES = ("calendly.com", "cal.com")
_NOT_REACHED = "{address} cannot be reached ({error})"
_LOCAL = ("127.0.0.1", "localhost", "::1")


async def check_booking(link: str) -> Finding:
    """Check that the booking link opens a page."""
    host = urlsplit(link).hostname or ""
    if not link.startswith("https://") and host not in _LOCAL:
        return failed(BOOKING, "{address} is not https", "write https:// in CALENDLY_LINK", address=link)
    try:
        async with httpx2.AsyncClient(follow_redirects=True, timeout=TIMEOUT_SECONDS) as client:
            answer = await client.get(link)
    except httpx2.HTTPError as error:
        return failed(
            BOOKING,
            _NOT_REACHED,
            "correct CALENDLY_LINK, or check that this machine reaches the internet",
            address=host,
            error=type(error).__name__,
        )
    if answer.status_code >= 400:
        return failed(
            BOOKING,
            "{address} answers {status}",
            "open CALENDLY_LINK in a browser, find the right page and copy its address",
            address=link,
            status=answer.status_code,
        )
    known = next((site for site in _BOOKING_SITES if host == site or host.endswith(f".{site}")), None)
    text = "{address} answers" if known else "{address} answers (no page of calendly.com or cal.com)"
    return passed(BOOKING, text, address=link)


async def check_proxy(setting: str, host: str, port: int) -> Finding:
    """Check that the proxy accepts connections; the checks that use it show if it works."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except OSError as error:
        remedy = sentence("start the proxy, or correct {setting}", setting=setting)
        address, reason = f"{host}:{port}", type(error).__name__
        return failed(setting, _NOT_REACHED, remedy, address=address, error=reason)
    return passed(setting, "{address} accepts connections", address=f"{host}:{port}")
