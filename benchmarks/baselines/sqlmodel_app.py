"""The baseline: a common implementation of the intake, FastAPI with a SQLModel session, on the same tables.

It validates, stores, commits, refreshes and answers; it does not recognise repeats. Served by Uvicorn.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form
from sqlalchemy import Engine, event
from sqlmodel import Session, SQLModel, create_engine

from shared.database.models import Lead, WebhookDelivery
from shared.database.urls import async_url


class LeadCreate(SQLModel):
    """The body of POST /leads."""

    name: str
    phone: str | None = None
    username: str | None = None
    comment: str | None = None


class LeadPublic(SQLModel):
    """The response."""

    id: int
    name: str
    phone: str | None
    phone_e164: str | None
    username: str | None
    status: str
    source: str
    extra: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class TildaForm(SQLModel):
    """The form that Tilda posts."""

    Name: str
    Phone: str | None = None
    Comments: str | None = None
    tranid: str
    formid: str


def _engine(url: str) -> Engine:
    address = async_url(url)
    if address.get_backend_name() == "postgresql":
        # One connection per thread: with the default of 15, 64 clients block each other for seconds.
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_size=40, max_overflow=0)
    engine = create_engine(
        address.set(drivername="sqlite"), connect_args={"check_same_thread": False, "timeout": 30}
    )

    @event.listens_for(engine, "connect")
    def _journal(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine


ENGINE = _engine(os.environ["DATABASE_URL"])
app = FastAPI()


def get_session() -> Iterator[Session]:
    """Yield a session for one request."""
    with Session(ENGINE) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.post("/leads", status_code=201, response_model=LeadPublic)
def create_lead(lead: LeadCreate, session: SessionDep) -> Lead:
    """Store a lead."""
    row = _lead(lead.name, lead.phone, "api", {"comment": lead.comment})
    session.add(row)
    session.commit()
    session.refresh(row)
    return row


@app.post("/leads/webhooks/tilda", status_code=201, response_model=LeadPublic)
def receive(form: Annotated[TildaForm, Form()], session: SessionDep) -> Lead:
    """Store a form as received, and its lead."""
    row = _lead(form.Name, form.Phone, "tilda", {"comment": form.Comments, "formid": form.formid})
    session.add(row)
    session.flush()
    body = form.model_dump_json()
    delivery = WebhookDelivery(
        source="tilda", received_at=datetime.now(UTC), body=body, outcome="stored", lead_id=row.id
    )
    session.add(delivery)
    session.commit()
    session.refresh(row)
    return row


def _lead(name: str, phone: str | None, source: str, extra: dict[str, Any]) -> Lead:
    now = datetime.now(UTC)
    return Lead(
        name=name,
        phone=phone,
        phone_e164=phone,
        source=source,
        extra=extra,
        due_at=now,
        created_at=now,
        updated_at=now,
    )
