"""The settings pages and .env.example have each setting of both programs, with its default."""

import re

import pytest

from tests.conftest import ROOT
from tests.docs.pages import page
from tests.docs.settings_pages import COMPOSE_ONLY, WORDS, default_of, process_settings, rows

_LINE = re.compile(r"^([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)


@pytest.mark.parametrize("name", WORDS)
def test_page_has_each_setting_once_with_its_default(name: str) -> None:
    listed = rows(page(name))
    assert len(listed) == len(dict(listed)), "a setting has two rows"
    expected = {setting: default_of(field, WORDS[name]) for setting, field in process_settings().items()}
    assert dict(listed) == expected


def test_both_pages_have_the_same_order() -> None:
    english, russian = ([setting for setting, _ in rows(page(name))] for name in WORDS)
    assert english == russian


def test_example_has_each_setting_with_its_default() -> None:
    lines = dict(_LINE.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    wanted = {*process_settings(), *COMPOSE_ONLY}
    # The demo's port is set on the command line, where the demo has no .env.
    assert wanted - set(lines) == {"SANDBOX_PORT"}
    assert set(lines) - wanted == set()
    words = {"required": "", "none": "", "example": ""}
    for setting, field in process_settings().items():
        assert lines[setting] == default_of(field, words), setting
