"""Every setting, file, link and URL that README and docs name exists; every SQL statement runs."""

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.forms.custom_mapping_file import read_mapping
from api.main import create_app
from api.settings import ApiSettings
from shared.statuses import LeadStatus
from tests.conftest import ROOT
from tests.docs.commands import all_commands, commands_of
from tests.docs.pages import README, README_RU, Page, all_pages, page, translated_pages
from tests.docs.settings_pages import COMPOSE_ONLY, process_settings
from worker.notifications.commands import command_parser

MAX_README_LINES = 120
PAGE_IDS = [each.name for each in all_pages()]
# Names in capitals that are no settings, and whose they are.
OTHER_NAMES = {
    "FLOOD_WAIT": "Telegram's",
    "PEER_FLOOD": "Telegram's",
    "SANDBOX_HTTP_PORT": "the demo's, sandbox/demo/__main__.py",
    "OUTREACH_DAYLY_LIMIT": "nobody's: an example of a misspelt setting",
    "TEST_PATIENCE": "tests/support/waiting.py",
    "RESOURCE_EXHAUSTED": "Google's",
    "NO_COLOR": "no-color.org",
    "TCP_NODELAY": "the kernel's",
    "MALLOC_ARENA_MAX": "the C library's",
    "SERVICE_UNAVAILABLE": "HTTP's",
}
# The pages in which every URL path must be one of the API's; other pages also name other servers' paths.
OUR_URLS_ONLY = (
    "README",
    "docs/owner",
    "docs/integrate",
    "docs/operate/docker",
    "docs/operate/troubleshooting",
)
# Paths of the API that its OpenAPI description leaves out, and files of a container.
OTHER_PATHS = {"/docs", "/redoc", "/openapi.json", "/console", "/v1", "/deployments/…", "/chat/completions"}
_FILE = re.compile(r"(?<![\w/.-])(?:api|worker|shared|sandbox|tests|docs|migrations|benchmarks)/[\w./-]*\w")
_SETTING = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_URL = re.compile(r"^(?:(GET|POST|PUT|DELETE) )?(/[^\s?]*)(?:\?(.*))?$")


@pytest.mark.parametrize("name", PAGE_IDS)
def test_links_lead_somewhere(name: str) -> None:
    shown = page(name)
    broken = []
    for link in shown.links():
        target, _, anchor = link.partition("#")
        if re.match(r"https?:|tg:", target):
            continue
        path = (shown.folder / target).resolve() if target else ROOT / name
        is_there = path.exists()
        if not is_there or (anchor and anchor not in page(str(path.relative_to(ROOT))).anchors()):
            broken.append(link)
    assert broken == []


def test_every_page_of_docs_is_linked() -> None:
    linked = {
        (shown.folder / link.partition("#")[0]).resolve() for shown in all_pages() for link in shown.links()
    }
    assert [each.name for each in all_pages() if ROOT / each.name not in linked] == []


@pytest.mark.parametrize("name", PAGE_IDS)
def test_settings_exist(name: str) -> None:
    assert _unknown_settings(page(name).text) == set()


def test_an_unknown_setting_is_found() -> None:
    assert _unknown_settings("set `OUTREACH_YEARLY_LIMIT` and `OPENAI_FALLBACK_…`") == {
        "OUTREACH_YEARLY_LIMIT"
    }


def _unknown_settings(text: str) -> set[str]:
    arguments_of_make = re.findall(r"\$\((\w+_ARGS)\)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    known = {*process_settings(), *COMPOSE_ONLY, *OTHER_NAMES, *arguments_of_make}
    named = {word.rstrip("_") for word in _SETTING.findall(text)}
    # `OPENAI_FALLBACK_…` and the like: the beginning of several settings.
    unknown = {word for word in named - known if not any(each.startswith(f"{word}_") for each in known)}
    return unknown - _constants_of_our_code(unknown)


@cache
def _our_code() -> str:
    folders = ("api", "worker", "shared", "sandbox", "benchmarks")
    return "\n".join(
        path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")
    )


def _constants_of_our_code(names: set[str]) -> set[str]:
    """Return the names that are constants of our code, which pages for developers may name."""
    return {name for name in names if re.search(rf"\b{name}\b", _our_code())}


@pytest.mark.parametrize("name", PAGE_IDS)
def test_files_exist(name: str) -> None:
    named = _FILE.findall(page(name).prose)
    # A package may be named like the module that is run: `tests/chaos/soak`.
    assert [path for path in named if not any(map(Path.exists, _places(path)))] == []


def _places(path: str) -> tuple[Path, Path]:
    return ROOT / path, (ROOT / path).with_suffix(".py")


@cache
def _operations() -> list[tuple[str, re.Pattern[str], set[str]]]:
    """Return method, path and query parameters of each operation of the API."""
    described = create_app(ApiSettings(_env_file=None)).openapi()
    found = []
    for path, methods in described["paths"].items():
        pattern = re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)) + "/?")
        for method, operation in methods.items():
            names = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            found.append((method.upper(), pattern, names))
    return found


def _is_known(method: str | None, path: str, query: str) -> bool:
    wanted = set(re.findall(r"(?:^|&)(\w+)=", query)) - {"token"}
    return any(
        pattern.fullmatch(path) and method in {None, known} and wanted <= names
        for known, pattern, names in _operations()
    )


def _urls(shown: Page) -> list[tuple[str | None, str, str]]:
    matches = [_URL.match(code) for code in shown.inline_code()]
    found = [(match[1], match[2], match[3] or "") for match in matches if match]
    for command in commands_of(shown):
        for path, query in re.findall(r"127\.0\.0\.1:8000(/[^\s\"'?]*)(?:\?([^\s\"']*))?", command.line):
            method = re.search(r"-X (\w+)", command.line)
            found.append((method[1] if method else None, path, query))
    return found


@pytest.mark.parametrize("name", [one for one in PAGE_IDS if one.startswith(OUR_URLS_ONLY)])
def test_urls_exist(name: str) -> None:
    unknown = [url for url in _urls(page(name)) if url[1] not in OTHER_PATHS and not _is_known(*url)]
    assert unknown == []


def test_some_urls_are_checked() -> None:
    assert sum(len(_urls(each)) for each in all_pages()) > 60
    assert not _is_known("GET", "/leads/1/unknown", "")
    assert not _is_known("GET", "/leads", "colour=red")


def test_sql_statements_run(sqlite_template: Path) -> None:
    statements = [one.text for each in all_pages() for one in each.blocks("sql")]
    statements += re.findall(r"psql .*-c '([^']+)'", "\n".join(each.line for each in all_commands()))
    assert len(statements) >= 4
    with closing(sqlite3.connect(sqlite_template)) as connection:
        for statement in statements:
            connection.executescript(statement)


def test_field_mappings_are_valid(tmp_path: Path) -> None:
    blocks = [one for each in all_pages() for one in each.blocks("yaml")]
    assert len(blocks) >= 2
    for block in blocks:
        path = tmp_path / "fields.yaml"
        path.write_text(block.text, encoding="utf-8")
        assert read_mapping(path)


@pytest.mark.parametrize("name", ["docs/owner/every-day.md", "docs/owner/every-day.ru.md"])
def test_owner_commands_are_understood(name: str) -> None:
    table = re.findall(r"^\| (`.+) \|", page(name).prose, re.MULTILINE)
    commands = [code for row in table for code in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    ours = [code for code in commands if re.match(r"17|status$|статус$|help$|помощь$", code)]
    assert len(ours) >= 9
    assert [code for code in ours if command_parser.parse(code) is None] == []


@pytest.mark.parametrize("name", ["docs/owner/every-day.md", "docs/owner/every-day.ru.md"])
def test_every_status_is_explained(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", page(name).prose, re.MULTILINE)
    assert [row for row in rows if row in set(LeadStatus)] == list(LeadStatus)


def test_readmes_are_short() -> None:
    for path in (README, README_RU):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_both_languages_have_the_same_parts() -> None:
    for english, russian in translated_pages():
        assert _parts(english) == _parts(russian), russian.name


def _parts(shown: Page) -> Any:  # noqa: ANN401
    """Return what both languages have alike: the levels of headings, tables' rows and settings."""
    levels = re.findall(r"^(#+) ", shown.prose, re.MULTILINE)
    if "troubleshooting" in shown.name:
        # The doctor's output, with its table, is shown in English only.
        return levels
    rows = len(re.findall(r"^ *\|", shown.prose, re.MULTILINE))
    return levels, rows, sorted(set(_SETTING.findall(shown.text)))


def test_compose_file_has_the_settings_of_its_own() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    assert [name for name in COMPOSE_ONLY if name != "COMPOSE_PROFILES" and name not in text] == []
