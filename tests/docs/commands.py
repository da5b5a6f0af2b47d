"""The shell commands of the documentation, and which of them the tests run. Pure."""

import itertools
import re
import shlex
from dataclasses import dataclass

from tests.docs.pages import Page, all_pages

SHELL = "sh"
# Blocks in these languages are data or programs of others; other tests look at some of them.
NO_COMMANDS = frozenset({"mermaid", "text", "", "sql", "yaml", "csv", "ini", "python", "toml"})

# Commands that the tests cannot run, and why. What they name (services, targets) is checked all the same.
NOT_RUN: tuple[tuple[str, str], ...] = (
    (r"docker compose ", "needs a Docker engine; services, profiles and inner commands are checked"),
    (r"(?:[A-Z_]+=\S+ )*make ", "runs for minutes; the target is checked"),
    (r"curl .*127\.0\.0\.1:8081", "the sandbox's own API, which has tests of its own"),
    (r"caddy ", "a program of others, and a domain"),
    (r"git pull$", "needs the network"),
    (r"pip install ", "needs the network; CI installs the same"),
    (r"python3 -m venv ", "takes long; CI does the same"),
    (r"\. \.venv/bin/activate$", "changes only the shell"),
    (r"export ", "the tests set these variables"),
)
# What the tests run, and where.
IN_A_FOLDER = r"(?:cp |rm |python -c |alembic )"
WITH_AN_API = r"(?:curl .*127\.0\.0\.1:8000|python -m api read )"
BY_HELP = r"(?:[A-Z_]+=\S+ )*python -m "


@dataclass(frozen=True)
class Command:
    """One command of a page, on one line, without its comment."""

    page: str
    line: str

    def is_like(self, pattern: str) -> bool:
        """Return True if the command begins like this."""
        return re.match(pattern, self.line) is not None

    @property
    def not_run(self) -> str | None:
        """Why the tests do not run it; None if they do."""
        return next((reason for pattern, reason in NOT_RUN if self.is_like(pattern)), None)


def commands_of(page: Page) -> list[Command]:
    """Return the commands of a page's shell blocks, in their order."""
    found = []
    for block in page.blocks(SHELL):
        for line in block.text.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#\s.*$", "", line).strip()
            if command and not command.startswith("#"):
                found.append(Command(page.name, re.sub(r"\s{2,}", " ", command)))
    return found


def all_commands() -> list[Command]:
    """Return the commands of all pages."""
    return [command for page in all_pages() for command in commands_of(page)]


@dataclass(frozen=True, order=True)
class ModuleCall:
    """`python -m module [subcommand] [--options]`; a subcommand may be of two words."""

    module: str
    subcommand: str
    options: tuple[str, ...]


def module_calls(text: str) -> list[ModuleCall]:
    """Return each `python -m …` in a command or in prose."""
    calls = []
    for match in re.finditer(r"\bpython3? -m ([a-z_][\w.]*)((?: [^|;`()]+)?)", text):
        words = _words(match[2])
        subcommand = " ".join(itertools.takewhile(lambda word: re.fullmatch(r"[a-z]+", word), words))
        options = tuple(sorted({word.partition("=")[0] for word in words if word.startswith("--")}))
        calls.append(ModuleCall(match[1].rstrip("."), subcommand, options))
    return calls


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
