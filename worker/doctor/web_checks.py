"""Checks over the network: the booking page and the proxies."""

import asyncio
from urllib.parse import urlsplit

import httpx2

from worker.doctor.findings import Finding, failed, passed

BOOKING = "booking page"
TIMEOUT_SECONDS = 15
_BOOKING_SITES = ("calendly.com", "cal.com")
_LOCAL = ("127.0.0.1", "localhost", "::1")


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
