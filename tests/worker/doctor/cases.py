"""Complete and broken setups of a worker in a sandbox, for the doctor."""

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.app import Sandbox
from sandbox.fake_openai.faults import RawAnswer, SimpleFault
from shared.clock import utc_now
from worker.monitoring import health_report

CaseSetup = Callable[["Setup"], Awaitable[None]]


@dataclass
class Setup:
    """A complete setup in its own folder; `environment`: the settings that the doctor gets."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str]
    # Closed after the doctor has run.
    open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def database(self) -> Path:
        return self.folder / "leads.db"

    def sql(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)


def complete_setup(sandbox: Sandbox, folder: Path, template: Path) -> Setup:
    """Return a setup in which all checks pass."""
    shutil.copy(template, folder / "leads.db")
    sandbox.session(folder / "ai_assistant")
    (folder / "company.md").write_text(
        "# Ромашка\nМы продаём цветы и букеты с доставкой по Москве.\n", encoding="utf-8"
    )
    return Setup(
        sandbox,
        folder,
        {
            "DATABASE_URL": "sqlite:///leads.db",
            "TELEGRAM_API_ID": "1",
            "TELEGRAM_API_HASH": "hash",
            "TELEGRAM_SERVER": sandbox.telegram.address,
            "TELEGRAM_SERVER_KEY": sandbox.telegram.key.spki_pem,
            "OPENAI_API_KEY": "sk-test",
            "COMPANY_NAME": "Ромашка",
            "COMPANY_PROFILE": "company.md",
            "OPENAI_BASE_URL": sandbox.openai_url,
            # Any page that exists can be the booking page.
            "CALENDLY_LINK": f"{sandbox.http_url}/healthz",
        },
    )


@contextmanager
def process_environment(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Give this process only these settings, in this working folder."""
    previous, previous_folder = dict(os.environ), Path.cwd()
    prefixes = ("TELEGRAM_", "OPENAI_", "CALENDLY_", "COMPANY_", "DATABASE_")
    for name in [name for name in os.environ if name.startswith(prefixes)]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(previous_folder)
        os.environ.clear()
        os.environ.update(previous)


def normalize(text: str) -> str:
    """Replace what differs from run to run: ports, times and the newest revision."""
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", text)
    text = re.sub(r"port \d+ ", "port PORT ", text)
    text = re.sub(r"(in|за) \d+ (ms|мс)", r"\1 350 \2", text)
    text = re.sub(r"(of|из) \d+ (tokens|токенов)", r"\1 2400 \2", text)
    return re.sub(
        r"(?:at|ревизия) \d{4,}, (?:the newest|последняя)|(?:needs|нужна) \d{4}", _hide_revision, text
    )


def _hide_revision(found: re.Match[str]) -> str:
    return re.sub(r"\d{4}", "NEWEST", found.group())


async def no_fault(_: Setup) -> None:
    pass


async def worker_running(setup: Setup) -> None:
    lock = setup.open.enter_context((setup.folder / "ai_assistant.lock").open("a+"))
    fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
    health_report.write(
        setup.folder / "ai_assistant.health", health_report.Report("connected", 0, 0, 1), now=utc_now()
    )
    setup.sql(
        "INSERT INTO telegram_accounts (telegram_user_id, session_name, username, state)"
        f" VALUES ({setup.sandbox.account.id}, 'ai_assistant', 'gordovcode_ai', 'active')"
    )


async def missing_settings(setup: Setup) -> None:
    del setup.environment["OPENAI_API_KEY"]
    setup.environment["CALENDLY_LINK"] = "calendly.com/me"


async def misspelt_setting(setup: Setup) -> None:
    lines = "OUTREACH_DAYLY_LIMIT=5\nOWNER_CHAT: @me\n"
    (setup.folder / ".env").write_text(lines, encoding="utf-8")


async def example_company(setup: Setup) -> None:
    del setup.environment["COMPANY_NAME"], setup.environment["COMPANY_PROFILE"]


async def sandbox_session(setup: Setup) -> None:
    del setup.environment["TELEGRAM_SERVER"], setup.environment["TELEGRAM_SERVER_KEY"]
    # A page that exists nowhere: it is not called.
    setup.environment["CALENDLY_LINK"] = "https://calendly.invalid/me"


async def wrong_hash(setup: Setup) -> None:
    setup.sandbox.telegram.settings.api_hash = "another"
    setup.open.callback(setattr, setup.sandbox.telegram.settings, "api_hash", None)


async def wrong_clock(setup: Setup) -> None:
    setup.sandbox.telegram.settings.clock_ahead = -600.0
    setup.open.callback(setattr, setup.sandbox.telegram.settings, "clock_ahead", 0.0)


async def no_session(setup: Setup) -> None:
    (setup.folder / "ai_assistant.session").unlink()


async def expired_session(setup: Setup) -> None:
    setup.sandbox.telegram.revoke(setup.sandbox.account.id)


async def limited(setup: Setup) -> None:
    setup.sql(
        "INSERT INTO telegram_accounts (id, telegram_user_id, session_name, state)"
        f" VALUES (1, {setup.sandbox.account.id}, 'ai_assistant', 'limited')"
    )
    setup.sql(
        "INSERT INTO account_holds (account_id, method, until, reason) VALUES"
        " (1, 'new_conversations', '2099-01-02 10:00:00.000000', 'PEER_FLOOD')"
    )


async def proxy_down(setup: Setup) -> None:
    setup.environment["TELEGRAM_PROXY"] = f"socks5://ann:hunter2@127.0.0.1:{unused_port()}"


async def telegram_unreachable(setup: Setup) -> None:
    setup.environment["TELEGRAM_SERVER"] = f"127.0.0.1:{unused_port()}"


async def other_server(setup: Setup) -> None:
    """A server that answers but is not Telegram, as behind a captive portal or a wrong address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes([16]) + bytes(64))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    setup.open.callback(server.close)
    setup.environment["TELEGRAM_SERVER"] = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def wrong_model_key(setup: Setup) -> None:
    setup.sandbox.openai.faults.add(SimpleFault(kind="invalid_key"))


async def no_money(setup: Setup) -> None:
    body = {
        "error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}
    }
    setup.sandbox.openai.faults.add(RawAnswer(status=402, body=body))


async def small_context(setup: Setup) -> None:
    message = "request (2390 tokens) exceeds the available context size (2048 tokens), try increasing it"
    body = {"error": {"code": 400, "message": message, "type": "exceed_context_size_error"}}
    setup.sandbox.openai.faults.add(RawAnswer(status=400, body=body))


async def no_schema(setup: Setup) -> None:
    body = {
        "error": {"message": "This response_format type is unavailable now", "type": "invalid_request_error"}
    }
    setup.sandbox.openai.faults.add(RawAnswer(status=400, body=body))


async def unusable_address(setup: Setup) -> None:
    setup.environment["OPENAI_BASE_URL"] = "localhost:11434"


async def unknown_model(setup: Setup) -> None:
    setup.environment["OPENAI_MODEL"] = "gpt-9"
    setup.sandbox.openai.faults.add(SimpleFault(kind="unknown_model"))


async def missing_booking_page(setup: Setup) -> None:
    setup.environment["CALENDLY_LINK"] = f"{setup.sandbox.http_url}/gordovcode/30min"


async def old_schema(setup: Setup) -> None:
    setup.sql("UPDATE alembic_version SET version_num = '0002'")


async def database_down(setup: Setup) -> None:
    setup.environment["DATABASE_URL"] = f"postgresql://leads:hunter2@127.0.0.1:{unused_port()}/leads"


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


CASES: dict[str, CaseSetup] = {
    "All checks pass": no_fault,
    "A worker is running": worker_running,
    "Settings are missing or wrong": missing_settings,
    "The name of a setting is misspelt": misspelt_setting,
    "Messages are written as the example company": example_company,
    "The session is of the sandbox, as in the demo": sandbox_session,
    "The database is down": database_down,
    "The schema is outdated": old_schema,
    "The proxy is down": proxy_down,
    "Telegram cannot be reached": telegram_unreachable,
    "Another server answers": other_server,
    "The app's hash is wrong": wrong_hash,
    "The machine's clock is wrong": wrong_clock,
    "No account is signed in": no_session,
    "The session is revoked": expired_session,
    "Telegram limits the account": limited,
    "The model's key is wrong": wrong_model_key,
    "The model does not exist": unknown_model,
    "The model's account is empty": no_money,
    "The model's context is too small": small_context,
    "The model's server knows no JSON schema": no_schema,
    "The model's address has no scheme": unusable_address,
    "The booking page does not exist": missing_booking_page,
}
# What is wrong, on the Russian page.
RUSSIAN: dict[str, str] = {
    "A worker is running": "Worker работает",
    "Settings are missing or wrong": "Настройки нет, или она неверна",
    "The name of a setting is misspelt": "Опечатка в имени настройки",
    "Messages are written as the example company": "Сообщения пишутся от имени компании из примера",
    "The session is of the sandbox, as in the demo": "Сессия песочницы, как в демо",
    "The database is down": "База не отвечает",
    "The schema is outdated": "Таблицы старые",
    "The proxy is down": "Прокси не отвечает",
    "Telegram cannot be reached": "Telegram недоступен",
    "Another server answers": "Отвечает другой сервер",
    "The app's hash is wrong": "Хеш приложения неверный",
    "The machine's clock is wrong": "Часы машины неверны",
    "No account is signed in": "Вход не сделан",
    "The session is revoked": "Сессия завершена",
    "Telegram limits the account": "Telegram ограничил аккаунт",
    "The model's key is wrong": "Ключ модели не подошёл",
    "The model does not exist": "Такой модели нет",
    "The model's account is empty": "Деньги у провайдера кончились",
    "The model's context is too small": "Модели не хватает контекста",
    "The model's server knows no JSON schema": "Сервер модели не знает схемы JSON",
    "The model's address has no scheme": "В адресе модели нет http://",
    "The booking page does not exist": "Страницы записи нет",
}
