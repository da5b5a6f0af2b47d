"""Runs the cases of cases.toml as a user does, and renders what the user reads."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.settings import ApiSettings
from sandbox.demo import product_processes
from shared import settings
from shared.errors import ConfigError
from shared.settings import SharedSettings
from tests.conftest import ROOT
from tests.support.commands import run_module
from worker.settings import TelegramSettings, WorkerSettings

HERE = Path(__file__).parent
TABLE = HERE / "table.md"
HEAD = """\
# What goes wrong on a first day, and what a person then reads

`python -m tests.first_day` writes this page from cases.toml; a test compares the two. The last column
shows the faults of settings with `OWNER_LANGUAGE=ru`, the default.

| | what is wrong | command | what the person reads | in Russian |
|---|---|---|---|---|
"""
# Most cases are faults of settings: the program would print the same, only more slowly.
SETTINGS: Mapping[str, type[SharedSettings]] = {
    "worker": WorkerSettings,
    "worker login": TelegramSettings,
    "api": ApiSettings,
}
COMPLETE = {
    "TELEGRAM_API_ID": "1",
    "TELEGRAM_API_HASH": "hash",
    "OPENAI_API_KEY": "sk-test",
    "CALENDLY_LINK": "https://calendly.com/me/30min",
    "DATABASE_URL": "sqlite:///leads.db",
}
ENGLISH = {"OWNER_LANGUAGE": "en"}


@dataclass(frozen=True)
class Case:
    """A row of the table; see cases.toml."""

    what: str
    run: str
    set: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    dotenv: tuple[str, ...] = ()
    before: str = ""


def load() -> list[Case]:
    """Read cases.toml."""
    loaded = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"]
    return [
        Case(**{**case, "unset": tuple(case.get("unset", ())), "dotenv": tuple(case.get("dotenv", ()))})
        for case in loaded
    ]


def read(case: Case, folder: Path) -> tuple[str, str]:
    """Run the case in an empty folder; returns what the person reads, normalized: in English, and in Russian.

    Only faults of settings are read in Russian, too.
    """
    values = {name: value for name, value in (COMPLETE | case.set).items() if name not in case.unset}
    lines = [*(f"{name}='{value}'" for name, value in values.items()), *case.dotenv]
    encoding = "cp1251" if case.before == "cp1251" else "utf-8"
    text = "\n".join([*lines, "COMPANY_NAME=Ромашка", ""])
    (folder / ".env").write_text(text, encoding=encoding)
    if case.before == "file":
        (folder / "company.txt").write_text("", encoding="utf-8")
    # Its own value stands in .env, which the environment would hide.
    language = {} if "OWNER_LANGUAGE" in case.set else ENGLISH
    kind = SETTINGS.get(case.run)
    if kind is not None and (english := _fault_of(kind, folder, language)) is not None:
        return normalize(english, folder), normalize(_fault_of(kind, folder, {}) or "", folder)
    program, *arguments = case.run.split()
    if program == "alembic":
        arguments = ["-c", str(ROOT / "pyproject.toml"), *arguments]
    done = run_module(program, folder, product_processes.environment(language), *arguments)
    return normalize(done.stdout + done.stderr, folder), ""


def _fault_of(kind: type[SharedSettings], folder: Path, language: Mapping[str, str]) -> str | None:
    """Return what the program says of its settings, without starting it; None if they are right."""
    previous, previous_folder = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(product_processes.environment(language))
    os.chdir(folder)
    try:
        settings.load(kind)
    except ConfigError as error:
        return settings.error_line(error)
    finally:
        os.chdir(previous_folder)
        os.environ.clear()
        os.environ.update(previous)
    return None


def normalize(text: str, folder: Path) -> str:
    """Replace the folder, times and the newest revision; leave out lines of the log at INFO."""
    shown = [line for line in text.strip().splitlines() if not re.match(r"\S+ \S+ INFO ", line)]
    text = "\n".join(shown).replace(str(folder), "FOLDER").replace(str(ROOT), "PROGRAM")
    text = re.sub(r"(?m)^\d{4}-\d\d-\d\d[ T]\S+ ", "", text)
    return re.sub(r"\(\d{4}\)", "(NEWEST)", text)


def row(number: int, case: Case, texts: tuple[str, str]) -> str:
    """Return the row of the table."""
    shown = " | ".join(text.replace("|", "¦").replace("\n", "<br>") for text in texts)
    command = case.run if case.run.startswith("alembic") else f"python -m {case.run}"
    return f"| {number} | {case.what} | `{command}` | {shown} |\n"
