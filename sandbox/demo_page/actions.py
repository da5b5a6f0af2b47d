"""What the page's buttons do, and the stream of what happens."""

import asyncio
import ipaddress
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from sandbox.demo_page import forms
from sandbox.demo_page.fault_injection import Trouble
from sandbox.demo_page.state_poller import LOOK_SECONDS, Stage
from sandbox.demo_page.texts import COOKIE, Texts, choose_language, texts_in
from sandbox.demo_page.view_model import next_reminder, scene
from sandbox.demo_page.visitors import Visitor, now

CROWD = 10
_TEXT = 4000


class FilledForm(BaseModel):
    """A form as the visitor has filled it in; `twice`: the button was clicked twice."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["tilda", "quiz", "username", "spam"]
    fields: dict[str, Annotated[str, Field(max_length=_TEXT)]]
    twice: bool = False


class PhoneAction(BaseModel):
    """What the visitor does in their Telegram."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["write", "voice", "read", "block", "unblock"]
    text: str = Field("", max_length=_TEXT)


def check_caller(request: Request) -> None:
    """Raise 403 unless the request comes from the demo's own page.

    A name in `Host` may be another site's that leads here; an address cannot be.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if host != "localhost" and not host.endswith(".localhost"):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise HTTPException(403, "open the demo by localhost or by an address") from None
    if request.method in {"GET", "HEAD"}:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_other = site not in {None, "same-origin", "none"}
    if is_other or (origin and urlsplit(origin).netloc != request.headers.get("host")):
        raise HTTPException(403, "the request comes from another site")


def build(stage: Stage) -> APIRouter:
    """Return the routes of the buttons and the stream."""
    router = APIRouter(prefix="/demo", include_in_schema=False)

    def find(person_id: int) -> Visitor:
        visitor = stage.visitors.get(person_id)
        if visitor is None:
            raise HTTPException(404, "no such visitor")
        return visitor

    VisitorDep = Annotated[Visitor, Depends(find)]  # noqa: N806 - a type

    @router.post("/visitors", status_code=201)
    async def add_visitor(texts: TextsDep) -> dict[str, Any]:
        """Make a visitor with a phone of their own; return them with the forms as they would fill them in."""
        return _visitor(stage, stage.visitors.add(texts.language), texts)

    @router.get("/visitors/{person_id}")
    async def get_visitor(visitor: VisitorDep, texts: TextsDep) -> dict[str, Any]:
        """Return a visitor and their forms."""
        return _visitor(stage, visitor, texts)

    @router.post("/visitors/{person_id}/forms", status_code=204)
    async def send_form(visitor: VisitorDep, form: FilledForm) -> None:
        """Send a form to the product, as the form's service does."""
        values = {name: form.fields.get(name, "") for name in forms.fields_of(form.kind)}
        await _submit(stage, visitor, form.kind, values, times=2 if form.twice else 1)

    @router.post("/visitors/{person_id}/phone", status_code=204)
    async def act(visitor: VisitorDep, done: PhoneAction) -> None:
        """Do something with the visitor's phone."""
        _act(stage, visitor, done)

    @router.post("/visitors/{person_id}/reminder", status_code=204)
    async def remind(visitor: VisitorDep) -> None:
        """Let the time of the visitor's next reminder come: the product gets it as the time of sending."""
        await _remind(stage, visitor)

    _add_surroundings(router, stage)

    @router.get("/visitors/{person_id}/events")
    async def events(visitor: VisitorDep, texts: TextsDep) -> StreamingResponse:
        """The scene, whenever it has changed."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            _scenes(stage, visitor, texts), media_type="text/event-stream", headers=headers
        )

    return router


def _add_surroundings(router: APIRouter, stage: Stage) -> None:
    @router.post("/crowd", status_code=204)
    async def send_crowd(texts: TextsDep) -> None:
        """Let ten other visitors send a form at the same moment."""
        crowd = [stage.visitors.add(texts.language) for _ in range(CROWD)]
        samples = [
            {one["name"]: one["value"] for one in forms.sample("tilda", stage.visitors.person(each), texts)}
            for each in crowd
        ]
        await asyncio.gather(
            *(_submit(stage, each, "tilda", values) for each, values in zip(crowd, samples, strict=True))
        )

    @router.post("/troubles/{trouble}", status_code=204)
    async def toggle(trouble: Trouble) -> None:
        """Begin a trouble, or end it."""
        await stage.troubles.toggle(trouble)


def _texts(request: Request) -> Texts:
    return texts_in(
        choose_language(
            request.query_params.get("language"),
            request.cookies.get(COOKIE),
            request.headers.get("accept-language"),
        )
    )


TextsDep = Annotated[Texts, Depends(_texts)]


def _visitor(stage: Stage, visitor: Visitor, texts: Texts) -> dict[str, Any]:
    person = stage.visitors.person(visitor)
    return {
        "id": visitor.person_id,
        "forms": {kind: forms.sample(kind, person, texts) for kind in forms.KINDS},
    }


async def _submit(stage: Stage, visitor: Visitor, kind: str, values: dict[str, str], times: int = 1) -> None:
    call = forms.outgoing(kind, values, str(secrets.randbelow(10**9)))
    sent = await asyncio.gather(*(stage.product.submit(kind, call) for _ in range(times)))
    # The new lead first: the repetition is answered with 200 and the same lead.
    visitor.forms += [replace(form, at=sent[0].at) for form in sorted(sent, key=lambda form: -form.status)]
    await stage.refresh(visitor)


async def _remind(stage: Stage, visitor: Visitor) -> None:
    found = next_reminder(visitor.record.leads.values())
    if found is None or not await stage.product.send_now(*found):
        raise HTTPException(409, "no reminder is planned")
    await stage.refresh(visitor)


def _act(stage: Stage, visitor: Visitor, done: PhoneAction) -> None:
    world, person = stage.telegram.world, stage.visitors.person(visitor)
    chats = stage.visitors.chats(visitor)
    if done.action in {"block", "unblock"}:
        privacy = person.privacy.model_copy(update={"blocked_us": done.action == "block"})
        world.change_person(person.model_copy(update={"privacy": privacy}))
        return
    if not chats:
        raise HTTPException(409, "this visitor has no message yet")
    account, _ = max(chats, key=lambda each: each[1].messages[-1].id)
    if done.action == "read":
        world.read_by_person(person, account)
        return
    words = done.text.strip()
    if not words or person.privacy.blocked_us:
        raise HTTPException(409, "there is nothing to send, or the account is blocked")
    visitor.last_words_at = now()
    if done.action == "voice":
        world.write(person, account, "", "voice", words)
    else:
        world.write(person, account, words)


async def _scenes(stage: Stage, visitor: Visitor, texts: Texts) -> AsyncIterator[str]:
    shown = ""
    stage.open_page(visitor)
    try:
        yield "retry: 1000\n\n"
        while not stage.is_over:
            found = json.dumps(scene(stage, visitor, texts), ensure_ascii=False)
            if found != shown:
                shown = found
                yield f"data: {found}\n\n"
            await asyncio.sleep(LOOK_SECONDS / 2)
    finally:
        stage.close_page(visitor)
