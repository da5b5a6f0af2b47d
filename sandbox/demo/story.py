"""Reads the events and messages of every lead from the API and formats them as lines."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

FINAL_STATUSES = frozenset({"scheduled", "rejected", "unreachable", "failed", "handed_off", "booked"})


class StoryReader:
    """Remembers the lines it has returned; `new_lines` returns only new ones."""

    def __init__(self, api: httpx2.AsyncClient) -> None:
        self._api = api
        self._started_at = time.monotonic()
        self._returned: set[tuple[int, str, Any]] = set()
        self._seen: dict[int, str] = {}

    async def new_lines(self) -> AsyncIterator[str]:
        """Yield the lines since the last call, oldest lead first; raises HTTPError."""
        leads = (await self._api.get("/leads", params={"limit": 50})).raise_for_status().json()["items"]
        for lead in reversed(leads):
            if self._seen.get(lead["id"]) != lead["updated_at"] or lead["status"] not in FINAL_STATUSES:
                for line in await self._new_lines_of(lead["id"]):
                    yield line
                self._seen[lead["id"]] = lead["updated_at"]

    async def lead(self, lead_id: int) -> dict[str, Any]:
        """Return a lead with its messages and what is planned."""
        found: dict[str, Any] = (await self._api.get(f"/leads/{lead_id}")).raise_for_status().json()
        return found

    async def _new_lines_of(self, lead_id: int) -> list[str]:
        answer = await self._api.get(f"/leads/{lead_id}")
        if answer.status_code == httpx2.codes.NOT_FOUND:
            # It has just been erased.
            return []
        lead = answer.raise_for_status().json()
        lines = [*_events(lead["events"]), *_messages(lead["messages"])]
        new = [line for line in lines if (lead_id, *line[1:]) not in self._returned]
        self._returned.update((lead_id, *line[1:]) for line in new)
        prefix = f"lead {lead_id} {lead['name']}".strip()
        return [f"{self._clock()}  {prefix}: {line}" for _, line, _ in sorted(new)]

    def _clock(self) -> str:
        return f"{time.monotonic() - self._started_at:6.1f} s"


def _events(events: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield the time, the text and the identity of each event."""
    for event in events:
        was = f"{event['from_status']} → " if event["from_status"] else ""
        yield event["at"], f"{was}{event['to_status'].upper()} ({event['reason']})", event["at"]


def _messages(messages: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for message in messages:
        text, number = message["text"].replace("\n", " ⏎ "), str(message["id"])
        if message["direction"] == "in":
            yield message["created_at"], f"  ← {text}", number
        elif message["state"] == "sent":
            intent = f"[{message['intent']}] " if message["intent"] else ""
            yield message["sent_at"], f"  → {intent}{text}", number
