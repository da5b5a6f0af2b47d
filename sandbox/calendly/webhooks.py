"""Calls the webhook subscriptions: signed, repeated after failures, disabled in the end."""

import asyncio
import hmac
import json
from typing import Any

import httpx2

from sandbox.calendly.state import Calendly, Invitee, Subscription, iso
from sandbox.scheduler_api import Faults, WebhookCalls

# Calendly repeats for 24 hours; the sandbox only so often, with pauses that double.
MAX_ATTEMPTS, FIRST_PAUSE_SECONDS = 5, 0.5


class Webhooks(WebhookCalls[Invitee]):
    """Delivers the events of invitees."""

    def __init__(self, calendly: Calendly, first_pause: float = FIRST_PAUSE_SECONDS) -> None:
        super().__init__()
        self._calendly = calendly
        self._first_pause = first_pause

    @property
    def faults(self) -> Faults:
        """The faults that are set."""
        return self._calendly.faults

    def call(self, event: str, one: Invitee) -> dict[str, Any]:
        """Return the body of a call; with the fault `bare` without the scheduled event, as of older ones."""
        at = iso(self._calendly.now())
        shown = self._calendly.shown(one)
        if self.faults.bare:
            del shown["scheduled_event"]
        return {"event": event, "created_at": at, "created_by": "x", "payload": shown}

    async def deliver(self, client: httpx2.AsyncClient, event: str, call: dict[str, Any]) -> None:
        """Make a call to all active subscriptions, one after the other."""
        for one in list(self._calendly.subscriptions.values()):
            if one.state == "active" and event in one.events:
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
        key = self.signing_key(one.signing_key)
        digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "Calendly-Webhook-Signature": f"t={stamp},v1={digest}"}
        try:
            return (await client.post(one.callback_url, content=body, headers=headers)).status_code
        except httpx2.HTTPError:
            return None
