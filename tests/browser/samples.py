"""People for the console's tests and pictures: one lead of each kind, with a conversation."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, insert, update
from sqlalchemy.engine import Connection

from api.console.users.accounts import login_of, token_hash
from shared.database.console_models import USER_SESSIONS, USERS
from shared.database.models import (
    ACCOUNTS,
    BOOKINGS,
    CALLS,
    DELIVERIES,
    EVENTS,
    LEADS,
    MESSAGES,
)
from shared.database.urls import async_url
from worker.dispatch.planned_messages import NO_ANSWER
from worker.messaging.sender_matching import WROTE_AGAIN
from worker.telegram.errors.texts import NOT_FOUND_TEXTS, PERSON_TEXTS

_SOURCES = ("tilda", "tilda", "tilda", "landing", "import", "api")
_NAMES = (
    "Анна Каренина",
    "Иван Петров",
    "Мария Соколова",
    "Олег Ким",
    "Kate Miller",
    "Дмитрий Орлов",
    "Светлана Ю.",
    "Артём Белов",
    "Lena Schmidt",
    "Руслан Ахметов",
    "Ольга Никитина",
    "Павел",
)
_STATUSES = (
    "engaged",
    "handed_off",
    "contacted",
    "scheduled",
    "rejected",
    "no_reply",
    "failed",
    "unreachable",
    "pending",
    "booked",
    "engaged",
    "contacted",
)
_STEPS = {
    "pending": (),
    "contacted": ("contacted",),
    "no_reply": ("contacted", "no_reply"),
    "engaged": ("contacted", "engaged"),
    "handed_off": ("contacted", "engaged", "handed_off"),
    "rejected": ("contacted", "rejected"),
    "scheduled": ("contacted", "engaged", "scheduled"),
    "booked": ("contacted", "engaged", "scheduled", "booked"),
    "failed": ("failed",),
    "unreachable": ("unreachable",),
}
# What the worker stores as the cause of a status.
_REASONS = {
    "contacted": "greeting delivered",
    "engaged": "answer delivered",
    "scheduled": "link delivered",
    "rejected": "apology delivered",
    "no_reply": NO_ANSWER,
    "handed_off": "taken over on request",
    "booked": "a meeting was booked",
    "failed": "after 8 attempts: the model's answer was malformed or cut off",
    "unreachable": NOT_FOUND_TEXTS["PHONE_NOT_OCCUPIED"],
}
_BLOCKED = PERSON_TEXTS["USER_IS_BLOCKED"]


class Samples:
    """Writes rows directly, as the worker and the intake would have."""

    def __init__(self, url: str) -> None:
        made = async_url(url)
        driver = "sqlite" if made.get_backend_name() == "sqlite" else "postgresql+psycopg"
        self._engine = create_engine(made.set(drivername=driver))
        self._number = 0
        # The lead with everything that a page can show.
        self.shown = 0

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()

    def session(self, name: str, role: str) -> str:
        """Add a user of the console who is signed in; returns the value of their cookie."""
        session_id, now = secrets.token_urlsafe(32), datetime.now(UTC)
        with self._engine.begin() as connection:
            user = _id(connection, USERS, login=login_of(name), name=name, role=role)
            row = {"id_hash": token_hash(session_id), "user_id": user, "created_at": now, "last_seen_at": now}
            connection.execute(insert(USER_SESSIONS).values(row))
        return session_id

    def account(self) -> int:
        """Add an account of the agency; returns its id."""
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            self._number += 1
            row = {
                "telegram_user_id": 2**40 + self._number,
                "session_name": "main",
                "username": "gordovcode_ai",
            }
            row |= {"held_by": "w", "held_until": now + timedelta(hours=9), "outreach_limit": 30}
            row |= {"resolve_limit": 150, "import_limit": 15}
            account = _id(connection, ACCOUNTS, **row)
            for number in range(9):
                call = {"method": "new_conversations", "at": now - timedelta(hours=number)}
                connection.execute(insert(CALLS).values(account_id=account, **call))
        return account

    def unmatched_booking(self, name: str) -> None:
        """Add a booking that matches no lead."""
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            self._number += 1
            row = {"source": "calcom", "external_id": f"uid-{self._number}", "name": name, "state": "booked"}
            times = {"start_at": now + timedelta(days=2), "created_at": now, "updated_at": now}
            connection.execute(insert(BOOKINGS).values(**row, **times))

    def lead(self, **columns: Any) -> int:  # noqa: ANN401
        """Add a lead; without an account nobody was found for it. Returns its id."""
        self._number += 1
        usual: dict[str, Any] = {
            "name": "Анна",
            "username": f"person_{self._number}_x",
            "source": "tilda",
            "status": "engaged",
            "attempts": 0,
            "lost_leases": 0,
            "extra": {},
            "contact_evidence": {},
            "due_at": None,
        }
        if columns.get("account_id"):
            usual |= {"telegram_user_id": 2**41 + self._number, "access_hash": 5}
        with self._engine.begin() as connection:
            lead = _id(connection, LEADS, **usual | columns)
            # On INSERT a NULL becomes the column's default, which is now.
            connection.execute(update(LEADS).where(LEADS.c.id == lead).values(due_at=None))
        return lead

    def message(self, lead: int, text: str, **columns: Any) -> int:  # noqa: ANN401
        """Add a message of the person, or with `kind` one of ours; returns its id."""
        self._number += 1
        usual: dict[str, Any] = {"direction": "in", "kind": "reply", "state": "received"}
        if "kind" in columns and columns["kind"] not in {"reply", "request"}:
            usual = {"direction": "out", "state": "sent", "random_id": 10_000 + self._number}
        with self._engine.begin() as connection:
            return _id(connection, MESSAGES, lead_id=lead, text=text, **usual | columns)

    def event(self, lead: int, to_status: str, at: datetime, **columns: Any) -> None:  # noqa: ANN401
        """Add a line of the history."""
        with self._engine.begin() as connection:
            row = {"lead_id": lead, "to_status": to_status, "at": at, "actor": "worker", **columns}
            connection.execute(insert(EVENTS).values(row))

    def delivery(self, **columns: Any) -> int:  # noqa: ANN401
        """Add a webhook call; returns its id."""
        usual = {"source": "tilda", "body": "Name=Anna", "charset": "utf-8", "outcome": "stored"}
        with self._engine.begin() as connection:
            return _id(connection, DELIVERIES, **usual | columns)

    def everybody(self) -> None:
        """Add people of every status over the last weeks, some deliveries, and a long conversation."""
        now = datetime.now(UTC)
        account = self.account()
        for number in range(120):
            self._somebody(number, account, now)
        self.shown = self.conversation(account, now)
        self.delivery(
            outcome="refused",
            error="a phone number or a Telegram username is needed, and no field holds one; fields seen:"
            " Name, Email. Name a field Phone or Telegram, or map it in TILDA_FIELDS",
            body="Name=Пётр&Email=p@x",
        )
        self.delivery(outcome="duplicate")
        self.delivery(source="landing")

    def _somebody(self, number: int, account: int, now: datetime) -> None:
        at = now - timedelta(hours=(number * 6.1) % 700, minutes=number * 7 % 60)
        status = _STATUSES[number % 12] if number < 12 or number % 12 not in {1, 6, 7, 8} else "scheduled"
        known = {} if status in {"pending", "failed", "unreachable"} else {"account_id": account}
        columns = {"status": status, "created_at": at, "updated_at": at, "source": _SOURCES[number % 6]}
        phone = f"+7999{number:07d}"
        columns |= {"name": _NAMES[number % 12], "phone": phone, "phone_e164": phone}
        fault = _REASONS[status] if status in {"failed", "unreachable"} else None
        if status == "booked":
            columns["meeting_at"] = now + timedelta(days=1 + number % 4, hours=number % 5)
        lead = self.lead(**columns, **known, last_error=fault)
        before = "pending"
        for step, to_status in enumerate(_STEPS[status]):
            when = at + timedelta(minutes=1 + 9 * step)
            actor = {"actor": "Олег"} if to_status == "handed_off" else {}
            self.event(lead, to_status, when, from_status=before, reason=_REASONS[to_status], **actor)
            before = to_status
        if known:
            greeted = at + timedelta(seconds=9 + number % 50)
            self.message(
                lead,
                "Здравствуйте! Это Ася из GordovCode.",
                kind="greeting",
                sent_at=greeted,
                created_at=greeted,
                cost_usd=0.004 + number % 7 * 0.001,
            )
        if status in {"engaged", "handed_off"}:
            state = "received" if status == "handed_off" else "handled"
            self.message(lead, "А сколько это стоит?", state=state, created_at=at + timedelta(minutes=9))

    def conversation(self, account: int, now: datetime) -> int:
        """Add a lead with everything that a page can show; returns its id."""
        at = now - timedelta(minutes=52)
        lead = self.lead(
            name="Екатерина Воробьёва",
            username="kate_vorobyova",
            phone="+79161234567",
            phone_e164="+79161234567",
            account_id=account,
            status="engaged",
            created_at=at,
            updated_at=now,
            resolved_via="username",
            open_question="Делаете ли вы интеграцию с 1С?",
            extra={
                "Задача": "Сайт для клиники, 20 страниц",
                "Бюджет": "до 400 000 ₽",
                "utm_source": "google",
            },
            contact_evidence={
                "username": {"field": "Telegram", "strength": "strong", "reason": "a field for Telegram"}
            },
        )
        history = (
            (2, "resolved", "contacted", _REASONS["contacted"], "worker"),
            (14, "contacted", "engaged", _REASONS["engaged"], "worker"),
            (32, "engaged", "failed", _BLOCKED, "worker"),
            (38, "failed", "engaged", WROTE_AGAIN, "person"),
        )
        for minutes, before, after, reason, actor in history:
            when = at + timedelta(minutes=minutes)
            self.event(lead, after, when, from_status=before, reason=reason, actor=actor)
        texts: Sequence[tuple[str, dict[str, Any]]] = (
            (
                "Здравствуйте, Екатерина! Это Ася из GordovCode. Вы оставили заявку на сайт для клиники. "
                "Удобно созвониться на этой неделе?",
                {"kind": "greeting", "cost_usd": 0.0008},
            ),
            ("Добрый день! Да, но сначала хочу понять цену", {"state": "handled"}),
            (
                "Сайт на 20 страниц — от 300 000 ₽, срок около шести недель. Точную смету считаем после "
                "короткого звонка.",
                {"kind": "answer", "cost_usd": 0.0011},
            ),
            ("А интеграцию с 1С делаете?", {"state": "handled"}),
            ("Уточню у коллеги и вернусь с ответом.", {"kind": "clarification"}),
            (
                "Добавлю: мы работаем с 1С с 2017 года.",
                {"kind": "answer", "state": "failed", "error": _BLOCKED},
            ),
            ("И ещё вопрос: кто будет вести проект?", {"state": "received"}),
        )
        for number, (text, columns) in enumerate(texts):
            when = at + timedelta(minutes=2 + 6 * number)
            sent = {"sent_at": when} if columns.get("state") is None else {}
            self.message(lead, text, created_at=when, **sent, **columns)
        self.message(
            lead,
            "Проект ведёт Мария, руководитель с опытом в медицине. Познакомить вас на звонке в среду?",
            kind="answer",
            state="draft",
            random_id=None,
        )
        return lead


def _id(connection: Connection, table: Any, **columns: Any) -> int:  # noqa: ANN401
    return int(connection.execute(insert(table).values(columns).returning(table.c.id)).scalar_one())
