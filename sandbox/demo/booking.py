"""The end of the demo's story: the person books a time on the sandbox's page, and is reminded of it."""

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from sandbox.calendly.mount import API, BOOKING_PAGE
from sandbox.calendly.state import TOKEN
from sandbox.demo.product_processes import READY_SECONDS, ROOT, ProcessError, environment
from sandbox.moved_clock import unix_time

_LINK = re.compile(r"https?://\S+")
MEETING_IN = timedelta(days=2)


def scheduler_settings(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings with which the product uses the sandbox's Calendly."""
    address = str(sandbox["http"])
    return {
        "CALENDLY_LINK": f"{address}{BOOKING_PAGE}",
        "CALENDLY_TOKEN": TOKEN,
        "CALENDLY_API": f"{address}{API}",
    }


def connect(settings: Mapping[str, str], scheduler: str = "calendly") -> str:
    """Run `python -m api calendly connect` as a user does; returns what it says, raises ProcessError."""
    done = subprocess.run(  # noqa: S603 - the product's own command
        [sys.executable, "-m", "api", scheduler, "connect"],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=READY_SECONDS,
    )
    if done.returncode:
        raise ProcessError(f"{scheduler} could not be connected:\n{(done.stdout + done.stderr)[-800:]}")
    return done.stdout


async def book(control: httpx2.AsyncClient, lead: Mapping[str, Any]) -> datetime:
    """Fill in the booking page of the link that the person has got; returns the time."""
    texts = [one["text"] for one in lead["messages"] if one["kind"] == "link" and one["state"] == "sent"]
    link = urlsplit(_LINK.findall(texts[-1])[-1])
    start = (datetime.fromtimestamp(unix_time(), UTC) + MEETING_IN).replace(minute=0, second=0, microsecond=0)
    form = dict(parse_qsl(link.query)) | {"start": start.isoformat(), "timezone": noon_zone()}
    (await control.post(link.path, data=form | {"email": "anna@example.com"})).raise_for_status()
    return start


async def move_clock(control: httpx2.AsyncClient, lead: Mapping[str, Any], kind: str) -> None:
    """Move the demo's clock on to the time of a planned message."""
    one = next(each for each in lead["planned"] if each["kind"] == kind and each["state"] == "planned")
    wait = datetime.fromisoformat(one["send_at"]).timestamp() - unix_time()
    body = {"seconds": max(0.0, wait) + 1}
    (await control.post("/clock", json=body)).raise_for_status()


def noon_zone() -> str:
    """Return a time zone where it is about noon: reminders are not sent at night."""
    ahead = 12 - datetime.fromtimestamp(unix_time(), UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
