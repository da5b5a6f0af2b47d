"""The booking page: a visitor picks a time, moves it or cancels it; plain links and forms."""

from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse

from sandbox.calendly.state import Calendly, Invitee
from sandbox.calendly.webhooks import Webhooks

_DAYS, _HOURS = 5, (10, 12, 15, 17)
_TRACKING = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term")
_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
    "label,input,select,button{display:block;margin:.4rem 0;font:inherit}"
    "input,select{width:100%;padding:.4rem}button{padding:.5rem 1rem}"
)


def build_page(calendly: Calendly, webhooks: Webhooks, prefix: str) -> APIRouter:
    """Return the routes of the page under `prefix`."""
    router = APIRouter(prefix=prefix, include_in_schema=False)

    @router.get("/reschedulings/{number}")
    async def moving(number: int) -> HTMLResponse:
        one = _invitee(calendly, number)
        return _form(
            calendly, "Выберите новое время", f"{prefix}/reschedulings/{number}", one.name, one.email, {}
        )

    @router.post("/reschedulings/{number}")
    async def move(number: int, start: str = Form()) -> HTMLResponse:
        old = _invitee(calendly, number)
        new = calendly.book(_start(start), old.name, old.email, timezone=old.timezone, old=old)
        webhooks.report(("invitee.canceled", old), ("invitee.created", new))
        return _page("Время перенесено", f"<p>{_shown(new)}</p>{_links(calendly, new)}")

    @router.get("/cancellations/{number}")
    async def cancelling(number: int) -> HTMLResponse:
        _invitee(calendly, number)
        action = f"{prefix}/cancellations/{number}"
        form = f'<form method="post" action="{action}"><button>Отменить запись</button></form>'
        return _page("Отменить запись?", form)

    @router.post("/cancellations/{number}")
    async def cancel(number: int) -> HTMLResponse:
        one = _invitee(calendly, number)
        calendly.cancel(one, by="invitee", reason="")
        webhooks.report(("invitee.canceled", one))
        return _page("Запись отменена", "")

    @router.get("/{user}/{event}")
    async def choosing(request: Request, user: str, event: str) -> HTMLResponse:
        query = request.query_params
        kept = {name: query[name] for name in _TRACKING if name in query}
        return _form(
            calendly,
            "Выберите время звонка",
            f"{prefix}/{user}/{event}",
            query.get("name", ""),
            query.get("email", ""),
            kept,
        )

    @router.post("/{user}/{event}")
    async def book(request: Request, user: str, event: str) -> HTMLResponse:  # noqa: ARG001 - of the path
        form = {name: str(value) for name, value in (await request.form()).items()}
        tracking: dict[str, str | None] = {name: form.get(name) for name in _TRACKING}
        zone = form.get("timezone") or "Europe/Moscow"
        new = calendly.book(
            *(_start(form.get("start", "")), form.get("name", ""), form.get("email", "")),
            timezone=zone,
            tracking=tracking,
        )
        webhooks.report(("invitee.created", new))
        return _page("Вы записаны", f"<p>{_shown(new)}</p>{_links(calendly, new)}")

    return router


def free_times(now: datetime) -> list[datetime]:
    """Return the times of the next working days that a visitor may pick."""
    day, found = now.astimezone(ZoneInfo("Europe/Moscow")), list[datetime]()
    while len(found) < _DAYS * len(_HOURS):
        day += timedelta(days=1)
        if day.weekday() < 5:
            found += [day.replace(hour=hour, minute=0, second=0, microsecond=0) for hour in _HOURS]
    return found


def _form(
    calendly: Calendly, title: str, action: str, name: str, email: str, kept: dict[str, str]
) -> HTMLResponse:
    options = "".join(
        f'<option value="{at.isoformat()}">{at:%d.%m %H:%M}</option>' for at in free_times(calendly.now())
    )
    email = email or "guest@example.com"
    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">' for key, value in kept.items()
    )
    return _page(
        title,
        f'<form method="post" action="{escape(action)}">{hidden}'
        f'<label>Имя <input name="name" value="{escape(name)}" required></label>'
        f'<label>E-mail <input name="email" type="email" value="{escape(email)}"></label>'
        f'<label>Время <select name="start">{options}</select></label><button>Записаться</button></form>',
    )


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="ru"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )


def _shown(one: Invitee) -> str:
    return f"{one.start.astimezone(ZoneInfo(one.timezone)):%d.%m.%Y %H:%M}, {escape(one.timezone)}"


def _links(calendly: Calendly, one: Invitee) -> str:
    shown = calendly.shown(one)
    move, cancel = shown["reschedule_url"], shown["cancel_url"]
    return f'<p><a href="{move}">Перенести</a> · <a href="{cancel}">Отменить</a></p>'


def _invitee(calendly: Calendly, number: int) -> Invitee:
    one = calendly.invitees.get(number)
    if one is None or one.cancelled_at is not None:
        raise HTTPException(404, "there is no such booking")
    return one


def _start(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise HTTPException(422, "start is not a time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
