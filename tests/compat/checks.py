"""What is checked at each server: the doctor, a conversation of the worker, the evaluation."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import migrate
from tests.support.running_product import LINK, running_product
from tests.support.waiting import until
from tests.support.worker_command import command, environment

COMMAND_SECONDS = 900
_LINES_OF_AN_ERROR = 12


@dataclass(frozen=True)
class Result:
    """The result of one check, and what was printed."""

    check: str
    is_well: bool
    output: str


def run_checks(settings: Mapping[str, str], *, cases: int) -> list[Result]:
    """Run all checks with these settings of the model; `cases`: how many of the evaluation."""
    checks: dict[str, Callable[[Path], tuple[bool, str]]] = {
        "doctor": lambda folder: _doctor(folder, settings),
        "worker": lambda folder: _worker(folder, settings),
        "evaluation": lambda folder: _evaluation(folder, settings, cases),
    }
    return [_run(name, check) for name, check in checks.items()]


def _run(name: str, check: Callable[[Path], tuple[bool, str]]) -> Result:
    with tempfile.TemporaryDirectory(prefix="compat-") as folder:
        try:
            return Result(name, *check(Path(folder)))
        except (AssertionError, subprocess.TimeoutExpired) as error:
            lines = str(error).splitlines()[-_LINES_OF_AN_ERROR:]
            return Result(name, is_well=False, output="\n".join(lines))


def _doctor(folder: Path, settings: Mapping[str, str]) -> tuple[bool, str]:
    """The doctor's lines about the model; the other checks have no part in this."""
    done = _command(folder, "doctor", **settings)
    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line[6:].startswith("model"))
    shown = [lines[first], *(line for line in lines[first + 1 : first + 2] if "→" in line)]
    return lines[first].startswith("ok"), "\n".join(shown)


def _worker(folder: Path, settings: Mapping[str, str]) -> tuple[bool, str]:
    """A lead from the form to the booking link."""
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    with running_product(folder, url, **settings) as product:
        person = product.add_person(name="Ольга")
        lead = product.submit(Name="Ольга", telegram=f"@{person['username']}", comment="Нужен сайт")
        product.wait_for_status(lead["id"], "contacted")
        product.say(person, "А сколько стоит лендинг?")
        until(lambda: len(product.received(person)) > 1, "the question is answered")
        product.say(person, "Да, давайте созвонимся")
        try:
            until(lambda: LINK in product.received(person)[-1], "the link is sent")
        except AssertionError as error:
            log = product.worker.text()[-1_500:]
            raise AssertionError(f"{error}: {product.received(person)}\n{log}") from None
        texts = "\n".join(f"  {text}" for text in product.received(person))
        found = product.get_lead(lead["id"])
        models = {message["model"] for message in found["messages"] if message.get("model")}
    return (
        True,
        f"form → greeting → answer → link, by {', '.join(sorted(models)) or 'an unnamed model'}\n{texts}",
    )


def _evaluation(folder: Path, settings: Mapping[str, str], cases: int) -> tuple[bool, str]:
    done = _command(folder, "evaluate", "--limit", str(cases), **settings)
    return done.returncode == 0, (done.stdout.strip() or done.stderr.strip())


def _command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "x", **settings})
        | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
