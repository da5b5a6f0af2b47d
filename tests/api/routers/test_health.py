"""/healthz uses no other service; /readyz names the problem and its solution."""

from pathlib import Path

from shared.database.engine import Database
from shared.database.schema_version import newest_revision
from tests.api.conftest import running


async def test_a_current_database_is_ready(database_url: str) -> None:
    async with running(database_url) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready", "database": "ok", "revision": newest_revision()}
        assert (await client.head("/readyz")).status_code == 200
        assert (await client.head("/healthz")).status_code == 200


async def test_an_older_database_is_not_ready(database_url: str, database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    async with running(database_url) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "outdated")
        assert "alembic upgrade head" in answer.json()["detail"]
        assert (await client.head("/readyz")).status_code == 503


async def test_an_empty_database_is_not_ready(tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path}/empty.db") as client:
        assert (await client.get("/readyz")).json()["database"] == "outdated"
        answer = await client.post("/leads", json={"name": "Анна", "phone": "+79991234567"})
        assert answer.status_code == 503
        assert "alembic upgrade head" in answer.json()["detail"]


async def test_a_database_that_is_down_is_not_ready() -> None:
    async with running("postgresql://u:p@127.0.0.1:1/x") as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
        assert answer.headers["retry-after"]
        assert (await client.get("/healthz")).json() == {"status": "ok"}
