"""Tells, line by line, what happens to every lead: read from the api, as any client could."""

import time
from collections.abc import Iterator
from typing import Any

import httpx2

FAREWELL = frozenset({"scheduled", "rejected", "unreachable", "failed", "handed_off", "booked"})


class Storyteller:
    """Remembers what was told; `news` gives the lines that are new."""

    def __init__(self, api: httpx2.AsyncClient) -> None:
        self._api = api
        self._began = time.monotonic()
        self._told: set[tuple[int, str, Any]] = set()
        self._seen: dict[int, str] = {}

    async def news(self) -> list[str]:
        """What has happened since the last call, oldest lead first."""
        leads = (await self._api.get("/leads", params={"limit": 50})).raise_for_status().json()["items"]
        lines: list[str] = []
        for lead in reversed(leads):
            if self._seen.get(lead["id"]) != lead["updated_at"] or lead["status"] not in FAREWELL:
                self._seen[lead["id"]] = lead["updated_at"]
                lines += await self._news_of(lead["id"])
        return lines

    async def status(self, lead_id: int) -> str:
        """Where a lead stands."""
        return str((await self._api.get(f"/leads/{lead_id}")).raise_for_status().json()["status"])

    async def _news_of(self, lead_id: int) -> list[str]:
        lead = (await self._api.get(f"/leads/{lead_id}")).raise_for_status().json()
        told = [*_events(lead["events"]), *_messages(lead["messages"])]
        fresh = [line for line in told if (lead_id, *line[1:]) not in self._told]
        self._told.update((lead_id, *line[1:]) for line in fresh)
        who = f"lead {lead_id} {lead['name']}".strip()
        return [f"{self._clock()}  {who}: {line}" for _, line, _ in sorted(fresh)]

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:6.1f} s"


def _events(events: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """When, what, and what tells one from another."""
    for event in events:
        was = f"{event['from_status']} → " if event["from_status"] else ""
        yield event["at"], f"{was}{event['to_status'].upper()} ({event['reason']})", event["at"]


def _messages(messages: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for message in messages:
        text, number = message["text"].replace("\n", " ⏎ "), str(message["id"])
        if message["direction"] == "in":
            yield message["created_at"], f"  ← {text}", number
        elif message["state"] == "sent":
            understood = f"[{message['intent']}] " if message["intent"] else ""
            yield message["sent_at"], f"  → {understood}{text}", number
