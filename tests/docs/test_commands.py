"""Every command of README and docs is run, or has a reason why not."""

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.docs import commands
from tests.docs.commands import Command, ModuleCall, all_commands, commands_of, module_calls
from tests.docs.pages import all_pages, page, translated_pages
from tests.support import api_process
from tests.support.waiting import patience_seconds

# The example tokens of docs/integrate/api.md.
TOKENS = {"API_TOKEN": "your-api-token", "TILDA_TOKEN": "your-tilda-token"}
PRODUCT = ("api", "worker", "sandbox", "sandbox.demo")
# Russian pages have the same commands as the English ones: test_both_languages_have_the_same_commands.
PAGES_WITH_CALLS = [
    each.name
    for each in all_pages()
    if not each.name.endswith(".ru.md")
    and any(command.is_like(commands.WITH_AN_API) for command in commands_of(each))
]


def _bash(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line as the reader does, with this Python; an HTTP error of curl is an error."""
    line = re.sub(r"^curl ", "curl --silent --show-error --fail-with-body ", line)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env={**api_process.environment(folder), "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
        check=False,
    )


def test_every_command_is_run_or_has_a_reason_why_not() -> None:
    run = "|".join((commands.WITH_AN_API, commands.IN_A_FOLDER, commands.BY_HELP))
    unknown = [one for one in all_commands() if not one.not_run and not one.is_like(run)]
    assert unknown == []


def test_every_block_has_a_known_language() -> None:
    languages = {block.language for each in all_pages() for block in each.blocks()}
    assert languages - commands.NO_COMMANDS == {commands.SHELL}


@pytest.mark.parametrize("name", PAGES_WITH_CALLS)
def test_calls_of_the_api_work(name: str, filled_folder: Path) -> None:
    shown = page(name)
    for language, file in (("csv", "leads.csv"), ("text", "body.txt")):
        for block in shown.blocks(language)[:1]:
            (filled_folder / file).write_text(block.text.strip() + "\n", encoding="utf-8")
    settings = TOKENS | {"DATABASE_URL": f"sqlite:///{filled_folder}/leads.db"}
    with api_process.serving(filled_folder, **settings) as (_, address, _):
        for command in commands_of(shown):
            if command.is_like(commands.WITH_AN_API):
                line = command.line.replace("http://127.0.0.1:8000", address)
                done = _bash(line, filled_folder, **TOKENS)
                assert done.returncode == 0, f"{command.line}\n{done.stdout}{done.stderr}"


def test_sqlite_is_backed_up_and_restored(filled_folder: Path) -> None:
    (filled_folder / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    (filled_folder / "migrations").symlink_to(ROOT / "migrations")
    ours = commands_of(page("docs/operate/upgrade-and-backup.md"))
    local = [one for one in ours if one.is_like(commands.IN_A_FOLDER)]
    assert len(local) >= 4
    database = f"sqlite:///{filled_folder}/leads.db"
    for command in local:
        done = _bash(command.line, filled_folder, DATABASE_URL=database)
        assert done.returncode == 0, f"{command.line}\n{done.stderr}"
        if command.is_like("python -c "):
            # What is lost after the backup is there again after the restoring.
            (filled_folder / "leads.db").write_bytes(b"")
    status = _bash("python -m worker status", filled_folder, DATABASE_URL=database, OWNER_LANGUAGE="ru")
    assert re.search(r"^новая заявка .* 1$", status.stdout, re.MULTILINE), status.stdout + status.stderr


def test_the_first_settings_can_be_copied(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    assert _bash("cp .env.example .env", tmp_path).returncode == 0
    done = _bash("python -m worker health", tmp_path)
    # The copied file is read, and it lacks what only the owner knows.
    assert (done.returncode, done.stderr.startswith("error: TELEGRAM_API_ID")) == (2, True), done.stderr


def _calls() -> list[ModuleCall]:
    texts = [command.line for command in all_commands()]
    texts += [code for each in all_pages() for code in each.inline_code()]
    return sorted({call for text in texts for call in module_calls(text)})


@pytest.mark.parametrize(
    ("module", "subcommand"),
    sorted({(call.module, call.subcommand) for call in _calls() if call.module in PRODUCT}),
)
def test_commands_of_the_product_know_their_options(
    module: str, subcommand: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"python -m {module}", *subcommand.split(), "--help"])
    with pytest.raises(SystemExit) as ended:
        import_module(f"{module}.__main__").main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    wanted = {
        option
        for call in _calls()
        if (call.module, call.subcommand) == (module, subcommand)
        for option in call.options
    }
    assert [option for option in wanted if option not in shown] == []


def test_other_modules_exist_and_know_their_options() -> None:
    missing = []
    for call in _calls():
        if call.module in {*PRODUCT, "venv", "pip"}:
            continue
        folder = ROOT / call.module.replace(".", "/")
        sources = [*folder.rglob("*.py"), *folder.parent.glob(f"{folder.name}.py")]
        code = "".join(path.read_text(encoding="utf-8") for path in sources)
        missing += [(call.module, option) for option in call.options if option not in code]
        if find_spec(call.module) is None:
            missing.append((call.module, ""))
    assert missing == []


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    texts = [command.line for command in all_commands()]
    texts += [code for each in all_pages() for code in each.inline_code()]
    named = {word for text in texts for word in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b", text)}
    assert len(named) > 5
    assert named - targets == set()


def test_services_and_profiles_of_compose_exist() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    docker = [command for command in all_commands() if command.line.startswith("docker compose ")]
    assert len(docker) > 10
    for command in docker:
        assert set(re.findall(r"--profile (\w+)", command.line)) <= profiles, command
        assert set(_services_of(command)) <= set(services), command


def _services_of(command: Command) -> list[str]:
    """Return the services that a compose command is about, without what runs inside them."""
    match = re.search(r" (run --rm|exec|logs|restart|stop)((?: -\w)*)((?: [a-z-]+)+)", command.line)
    if match is None:
        return []
    names = match[3].split()
    return names if match[1] in {"logs", "restart", "stop"} else names[:1]


def test_both_languages_have_the_same_commands() -> None:
    pairs = list(translated_pages())
    assert len(pairs) >= 6
    for english, russian in pairs:
        assert commands_of(russian) == [
            Command(russian.name, command.line) for command in commands_of(english)
        ], russian.name


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            "old python",
            "error: Python 3.11 or newer is needed, and ./python is Python 3.9.2: make PYTHON=python3.12 …",
        ),
        ("half-made venv", ".venv is not usable here: it is made again"),
    ],
)
def test_make_notices_an_old_python_and_a_half_made_venv(tmp_path: Path, state: str, message: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2"\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    if state == "half-made venv":
        (tmp_path / ".venv/bin").mkdir(parents=True)
        shutil.copy(old, tmp_path / ".venv/bin")
    done = subprocess.run(
        ["make", "PYTHON=./python", "demo"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        check=False,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
    )
    assert message in (done.stdout + done.stderr).splitlines()
    assert done.returncode != 0
    assert not (tmp_path / ".venv").exists()
