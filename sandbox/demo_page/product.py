"""The product as the demo page reaches it: over HTTP, like any other client."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from sandbox.demo_page.forms import Outgoing
from sandbox.demo_page.visitors import Form, now

_SECONDS = 10


@dataclass(frozen=True)
class ProductAddress:
    """The URL of the api, and the tokens that it asks for, if any."""

    url: str
    api_token: str | None = None
    form_token: str | None = None


class Product:
    """A client of the api; `close` it at the end."""

    def __init__(self, address: ProductAddress) -> None:
        self.address = address
        # It keeps no cookies: the sessions belong to the visitors' browsers.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        # Proxies of the environment are for other hosts.
        self.client = httpx2.AsyncClient(
            base_url=address.url, timeout=_SECONDS, trust_env=False, cookies=no_cookies
        )
        self.is_up = False

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    async def submit(self, kind: str, call: Outgoing) -> Form:
        """Send a form as its service does; returns what became of it."""
        headers = {"Content-Type": call.content_type}
        if self.address.form_token:
            headers["X-Tilda-Token"] = self.address.form_token
        at = now()
        try:
            answer = await self.client.post(call.path, content=call.body, headers=headers)
        except httpx2.HTTPError as error:
            return Form(kind, at, call.shown, 0, answer=str(error) or type(error).__name__)
        return Form(kind, at, call.shown, answer.status_code, _lead_id(answer), _refusal(answer))

    async def lead(self, lead_id: int) -> dict[str, Any] | None:
        """Return a lead with its messages and events; None if it does not exist. Raises HTTPError."""
        answer = await self.client.get(f"/leads/{lead_id}", headers=self._authorization())
        if answer.status_code == 404:
            return None
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def send_now(self, lead_id: int, planned_id: int) -> bool:
        """Bring a planned message forward to this moment; returns False if it is no longer planned."""
        body = {"send_at": datetime.fromtimestamp(now(), UTC).isoformat()}
        path = f"/leads/{lead_id}/planned/{planned_id}"
        return (await self.client.patch(path, json=body, headers=self._authorization())).is_success

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.address.api_token}"} if self.address.api_token else {}

    async def check(self) -> None:
        """Find out if the api answers and has its database."""
        try:
            self.is_up = (await self.client.get("/readyz")).is_success
        except httpx2.HTTPError:
            self.is_up = False


def _lead_id(answer: httpx2.Response) -> int | None:
    found = _json(answer).get("id") if answer.is_success else None
    return found if isinstance(found, int) else None


def _refusal(answer: httpx2.Response) -> str:
    """Return the reason that the api gives, in its words."""
    if answer.is_success:
        return ""
    detail = _json(answer).get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        return str(detail[0].get("msg", ""))
    return str(detail or "")


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
