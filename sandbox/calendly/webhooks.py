"""Calls the webhook subscriptions: signed, repeated after failures, disabled in the end."""

import asyncio
import hmac
import json
from typing import Any

import httpx2

from sandbox.calendly.state import Calendly, Invitee, Subscription, iso

TIMEOUT_SECONDS = 15.0
# Calendly repeats for 24 hours; the sandbox only so often, with pauses that double.
MAX_ATTEMPTS, FIRST_PAUSE_SECONDS = 5, 0.5


class Webhooks:
    """Delivers events in the background; `deliver` of several events keeps their order."""

    def __init__(self, calendly: Calendly, first_pause: float = FIRST_PAUSE_SECONDS) -> None:
        self._calendly = calendly
        self._first_pause = first_pause
        self._tasks: set[asyncio.Task[None]] = set()

    def report(self, *events: tuple[str, Invitee]) -> None:
        """Report events to all subscriptions, with the faults that are set."""
        faults = self._calendly.faults
        told = list(reversed(events)) if faults.reversed else list(events)
        calls = [self._call(event, one) for event, one in told for _ in range(2 if faults.twice else 1)]
        task = asyncio.create_task(self._deliver(calls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Return when all calls have been made, or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Drop the calls that were not made."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _call(self, event: str, one: Invitee) -> dict[str, Any]:
        at = iso(self._calendly.now())
        shown = self._calendly.shown(one)
        if self._calendly.faults.bare:
            del shown["scheduled_event"]
        return {"event": event, "created_at": at, "created_by": "x", "payload": shown}

    async def _deliver(self, calls: list[dict[str, Any]]) -> None:
        faults = self._calendly.faults
        if faults.late_seconds:
            await asyncio.sleep(faults.late_seconds)
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            for call in calls:
                if faults.never > 0:
                    faults.never -= 1
                    continue
                for one in list(self._calendly.subscriptions.values()):
                    if one.state == "active" and call["event"] in one.events:
                        await self._to(client, one, call)

    async def _to(self, client: httpx2.AsyncClient, one: Subscription, call: dict[str, Any]) -> None:
        pause = self._first_pause
        for _ in range(MAX_ATTEMPTS):
            status = await self._attempt(client, one, call)
            self._calendly.deliveries.append({"event": call["event"], "status": status})
            if status is not None and 200 <= status < 300:
                return
            if status == 410:
                self._calendly.subscriptions.pop(one.uri, None)
                return
            await asyncio.sleep(pause)
            pause *= 2
        one.state = "disabled"

    async def _attempt(
        self, client: httpx2.AsyncClient, one: Subscription, call: dict[str, Any]
    ) -> int | None:
        body, stamp = json.dumps(call).encode(), str(int(self._calendly.now().timestamp()))
        key = one.signing_key
        if self._calendly.faults.wrong_signature > 0:
            self._calendly.faults.wrong_signature -= 1
            key += "?"
        digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "Calendly-Webhook-Signature": f"t={stamp},v1={digest}"}
        try:
            return (await client.post(one.callback_url, content=body, headers=headers)).status_code
        except httpx2.HTTPError:
            return None
