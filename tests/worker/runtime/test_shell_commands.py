"""`python -m worker preview`, `pause` and `resume`, as the owner runs them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from shared.database.engine import Database
from shared.leads import pauses
from tests.support.rows import add_lead
from tests.support.worker_command import run

REQUEST = "Нужен сайт для кофейни"


@pytest.fixture
async def model_url() -> AsyncIterator[str]:
    http = HttpServer(create_openai_app(OpenAIState()), "127.0.0.1", 0)
    await http.start()
    yield f"http://127.0.0.1:{http.port}/v1"
    await http.stop()


async def worker(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(run, folder, *arguments, **{"OWNER_LANGUAGE": "ru", **settings})
    return done.returncode, done.stdout, done.stderr


async def test_preview_shows_text_verdict_and_cost(tmp_path: Path, model_url: str, sqlite_url: str) -> None:
    settings = {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": model_url,
        "ASSISTANT_TRUST": "full",
        "DATABASE_URL": sqlite_url,
        "COMPANY_NAME": "Ромашка",
    }
    english = settings | {"OWNER_LANGUAGE": "en"}
    code, shown, _ = await worker(tmp_path, "preview", "--name", "Анна", "--request", REQUEST, **settings)
    assert code == 0
    assert "Анна" in shown
    assert REQUEST in shown
    assert "Ромашка" in shown
    assert "откуда текст: модель\nпроверка: пройдена\nцена: 0." in shown

    careful = await worker(tmp_path, "preview", "--name", "Анна", **english | {"ASSISTANT_TRUST": "auto"})
    assert (
        "from: a template (the model is in careful mode: python -m worker qualify)\ncost: none" in careful[1]
    )

    database = Database(sqlite_url)
    lead = await add_lead(database, name="Борис", extra={"Задача": "Бот для записи клиентов"})
    await database.close()
    code, shown, _ = await worker(tmp_path, "preview", str(lead.id), **settings)
    assert (code, "Борис" in shown, "Бот для записи" in shown) == (0, True, True)

    unknown = await worker(tmp_path, "preview", "999999", **settings)
    assert unknown == (1, "", "ошибка: лида 999999 нет\n")
    without = await worker(tmp_path, "preview", **settings)
    assert without == (2, "", "ошибка: для preview нужен номер лида или --name и --request\n")


async def test_pause_and_resume_are_shown_in_the_status(tmp_path: Path, sqlite_url: str) -> None:
    settings = {"DATABASE_URL": sqlite_url}
    english = settings | {"OWNER_LANGUAGE": "en"}
    code, shown, _ = await worker(tmp_path, "pause", "all", **english)
    assert (code, shown.startswith("Paused: the assistant sends nothing.")) == (0, True)
    code, shown, _ = await worker(tmp_path, "pause", **settings)
    assert shown == (
        "Пауза: новым людям не пишем. Начатые разговоры идут дальше. Закончить: python -m worker resume\n"
    )
    _, status, _ = await worker(tmp_path, "status", **settings)
    assert status.startswith("ПАУЗА: новым людям не пишем с ")
    database = Database(sqlite_url)
    async with database.reading() as session:
        pause = await pauses.current(session)
    await database.close()
    assert pause is not None
    assert (pause.scope, pause.actor) == ("first_messages", "command line")
    _, ended, _ = await worker(tmp_path, "resume", **settings)
    assert ended == "Пауза закончилась: сообщения снова уходят.\n"
    assert await worker(tmp_path, "resume", **english) == (0, "There was no pause.\n", "")


async def test_pause_without_a_database_is_one_line(tmp_path: Path) -> None:
    code, shown, fault = await worker(tmp_path, "pause", DATABASE_URL=f"sqlite:///{tmp_path}/none/leads.db")
    assert (code, shown, fault.count("\n")) == (1, "", 1)
    assert fault.startswith("ошибка: ")
