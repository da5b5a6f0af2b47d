"""Lets every kind of statement fail while every process handles a person's words, and searches all output."""

import asyncio
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg

from api.console.users import accounts, sessions
from shared.clock import utc_now
from shared.database.engine import Database
from shared.logging_setup import mask_phones
from tests.chaos.environment.installation import Installation
from tests.support.processes import Process
from tests.support.running_product import RunningProduct

MARK = "Пелагея-Маркова"
EMAIL = "pelageya@marked.example"
PASSPORT = "4509 771234"
WORDS = f"{MARK}, паспорт {PASSPORT}, {EMAIL}"
# Whose fault each code is: the row's, ours, nobody's, a conflict's.
CODES = ("22P02", "42601", "XX001", "40001", "23514", "P0001")
COMMANDS: Sequence[tuple[str, ...]] = (
    ("worker", "status"),
    ("worker", "doctor"),
    ("worker", "pause"),
    ("worker", "preview", "--name", MARK, "--request", WORDS),
    ("api", "user", "add", MARK, "--role", "owner"),
)
RESUME = (("worker", "resume"),)
_OPERATIONS = ("INSERT", "UPDATE", "DELETE")


def spellings(text: str) -> list[str]:
    """Return the forms in which Python, JSON, a URL or a driver may print a text."""
    return [
        text,
        ascii(text).strip("'"),
        repr(text.encode()).strip("b'"),
        json.dumps(text).strip('"'),
        quote(text),
        quote(text).lower(),
    ]


MARKED = [spelling for text in (MARK, EMAIL, PASSPORT) for spelling in spellings(text)]


@dataclass
class Count:
    """`statements`: the kinds that failed; `output`: characters by process; `finds`: lines with a mark."""

    statements: set[str] = field(default_factory=set)
    output: dict[str, int] = field(default_factory=dict)
    finds: list[str] = field(default_factory=list)

    def search(self, process: str, text: str) -> None:
        """Search the output of a process."""
        self.output[process] = max(len(text), self.output.get(process, 0))
        self.finds += [
            f"{process}: {mask_phones(line)[:300]}"
            for line in text.splitlines()
            if any(mark in line for mark in MARKED)
        ]

    def __str__(self) -> str:
        size = sum(self.output.values())
        return (
            f"{len(self.statements)} kinds of statements failed; {size:,} characters of {len(self.output)}"
            f" processes ({', '.join(sorted(self.output))}), finds: {len(self.finds)}"
        )


def tables(owner_url: str) -> list[str]:
    """Return the product's tables."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    with psycopg.connect(owner_url) as connection:
        return [name for (name,) in connection.execute(query) if name != "alembic_version"]


@contextmanager
def failing(owner_url: str, table: str, code: str, count: Count) -> Iterator[None]:
    """Let every write to a table fail; the server's message, detail and hint quote the whole row."""
    counters = {operation: f"seen_{table}_{operation.lower()}" for operation in _OPERATIONS}
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for operation, counter in counters.items():
            row = "OLD" if operation == "DELETE" else "NEW"
            for statement in (
                # A sequence counts although the transaction is rolled back.
                f"CREATE SEQUENCE {counter}",
                f"CREATE FUNCTION fail_{counter}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
                f" BEGIN PERFORM nextval('{counter}'); RAISE EXCEPTION '%', {row}"
                f" USING ERRCODE = '{code}', DETAIL = {row}::text, HINT = {row}::text; END $$",
                f"CREATE TRIGGER {counter} BEFORE {operation} ON {table} FOR EACH ROW"
                f" EXECUTE FUNCTION fail_{counter}()",
            ):
                connection.execute(statement.encode())
        try:
            yield
        finally:
            for operation, counter in counters.items():
                found = connection.execute(f"SELECT is_called FROM {counter}".encode()).fetchone()
                if found is not None and found[0]:
                    count.statements.add(f"{operation} {table} {code}")
                connection.execute(f"DROP FUNCTION fail_{counter}() CASCADE".encode())
                connection.execute(f"DROP SEQUENCE {counter}".encode())


@contextmanager
def missing(owner_url: str, table: str, count: Count) -> Iterator[None]:
    """Take a table away, so that queries fail too."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO taken_away".encode())
        try:
            yield
        finally:
            connection.execute(f"ALTER TABLE taken_away RENAME TO {table}".encode())
            count.statements.add(f"SELECT {table} 42P01")


def sign_in(installation: Installation) -> str:
    """Return the session of a new owner of the console."""

    async def add() -> str:
        database = Database(installation.owner_url, pool_size=1)
        try:
            async with database.writing() as session:
                await accounts.add(session, "Мария", "owner", utc_now())
                user = await accounts.find(session, "Мария")
                assert user is not None
                return await sessions.start(session, user.id, utc_now())
        finally:
            await database.close()

    return asyncio.run(add())


def handle_words(product: RunningProduct, lead: dict[str, Any], person: dict[str, Any], browser: str) -> None:
    """Give a person's words to the api, the console and the worker; any answer will do."""
    key, header = secrets.token_hex(4), {"Cookie": f"console={browser}", "Sec-Fetch-Site": "same-origin"}
    form = {"Name": MARK, "Telegram": f"@marked_{key}", "Message": WORDS, "tranid": key, "Email": EMAIL}
    one = f"/leads/{lead['id']}"
    page = f"/console{one}"
    last = {"seen": "1", "text": WORDS, "key": secrets.token_hex(16)}
    csv = f"Name;Telegram;Comment\n{MARK};@csv_{key};{WORDS}\n{MARK};@csw_{key};{WORDS}\n"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/leads/webhooks/tilda", {"data": form}),
        ("POST", "/leads/webhooks/other", {"json": {"contact": form}}),
        ("POST", "/leads", {"json": {"name": MARK, "username": f"json_{key}", "extra": {"text": WORDS}}}),
        ("POST", "/leads/import", {"content": csv.encode(), "headers": {"Content-Type": "text/csv"}}),
        ("GET", "/leads", {"params": {"q": MARK}}),
        ("GET", one, {}),
        ("POST", f"{one}/reply", {"json": {"text": WORDS}}),
        ("POST", f"{one}/takeover", {"json": {"reason": WORDS}}),
        ("POST", f"{one}/release", {}),
        ("GET", f"{one}/export", {}),
        ("POST", "/do-not-contact", {"json": {"username": f"no_{key}", "reason": WORDS}}),
        ("GET", "/deliveries", {}),
        ("GET", "/console/", {"params": {"q": MARK}, "headers": header}),
        ("GET", page, {"headers": header}),
        ("POST", f"{page}/reply", {"data": last, "headers": header}),
        ("POST", f"{page}/notes", {"data": last, "headers": header}),
        ("POST", f"{page}/take-over", {"data": last, "headers": header}),
        ("POST", f"{page}/give-back", {"data": last, "headers": header}),
        ("POST", "/console/texts", {"data": {"title": MARK, "text": WORDS}, "headers": header}),
        ("POST", "/console/login", {"data": {"name": MARK, "password": WORDS}, "headers": header}),
    ]
    for method, path, options in calls:
        product.api.request(method, path, **options)
    product.say(person, WORDS)
    replay(product.api)


def replay(api: httpx2.Client) -> None:
    """Take up the newest delivery again, as an operator does."""
    found = api.get("/deliveries")
    if found.is_success and (items := found.json().get("items")):
        api.post(f"/deliveries/{items[0]['id']}/replay")


def run_commands(product: RunningProduct, count: Count, commands: Sequence[tuple[str, ...]]) -> None:
    """Run commands of both programs, all at once, and search what they print."""
    settings = product.settings | {"LOG_LEVEL": "DEBUG"}
    running = [
        (" ".join(command[:2]), Process(command[0], product.folder, settings, *command[1:]))
        for command in commands
    ]
    for name, process in running:
        process.wait()
        text = process.text()
        # What the user typed may be shown to them; not what the database says of it.
        if name not in {"worker preview", "api user"} or "Traceback" in text:
            count.search(name, text)
