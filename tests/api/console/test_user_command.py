"""`python -m api user`, as an administrator runs it."""

import argparse
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.console import user_command
from shared.database.engine import Database
from shared.errors import ConfigError
from tests.api.conftest import make_settings
from tests.api.console.conftest import add_session
from tests.support import api_process


class Command:
    """Runs the command in this process; a process of its own takes seconds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._parser = argparse.ArgumentParser()
        user_command.add_arguments(self._parser)

    async def __call__(self, *words: str, **settings: str) -> str:
        options = self._parser.parse_args(words)
        return await user_command.run(options, make_settings(self._url, **settings))


@pytest.fixture
def command(sqlite_url: str) -> Command:
    """The command on a database of the test."""
    return Command(sqlite_url)


async def test_the_life_of_a_user(command: Command) -> None:
    added = await command("add", "Мария", "--role", "owner")
    assert added.splitlines()[-1].startswith("/console/welcome/")
    assert "owner" in await command("list")
    assert await command("reset", "мария") != added
    await command("remove", "Мария")
    assert "there are no users" in await command("list")


async def test_sessions_are_listed_and_ended(command: Command, lite_database: Database) -> None:
    for name in ("Мария", "Олег"):
        await add_session(lite_database, name, "operator")
    assert len((await command("browsers")).splitlines()) == 2
    assert await command("sign-out", "мария") == "ended 1 sessions of мария"
    assert (await command("browsers")).startswith("Олег")
    assert await command("browsers", "Мария") == "no user is signed in"


async def test_links_begin_with_the_public_address(command: Command) -> None:
    added = await command("add", "Мария", public_url="https://crm.example.com/leads/")
    assert added.splitlines()[-1].startswith("https://crm.example.com/leads/console/welcome/")


@pytest.mark.parametrize(
    "address", ["crm.example.com", "ftp://x", "https://", "https://a b", "https://x/?a=1"]
)
def test_a_public_address_is_checked(address: str) -> None:
    with pytest.raises(ValidationError, match="is not an address"):
        make_settings("sqlite:///x.db", public_url=address)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("reset", "nobody"), "there is no user nobody"),
        (("remove", "nobody"), "there is no user nobody"),
        (("sign-out", "nobody"), "there is no user nobody"),
        (("add", "api"), "names a part of the program"),
        (("add", " "), "a name has 1 to 60 printable characters"),
    ],
)
async def test_mistakes_are_named(command: Command, words: tuple[str, ...], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        await command(*words)


def test_mistakes_are_one_line(tmp_path: Path, sqlite_url: str) -> None:
    done = api_process.run(tmp_path, "user", "reset", "nobody", DATABASE_URL=sqlite_url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: there is no user nobody\n"
