"""Placeholders of the prompts are filled in."""

import pytest

from worker.assistant.prompts import prompt_files

NAMES = ["greeting", "reply"]


@pytest.mark.parametrize("name", NAMES)
def test_company_and_profile_are_filled_in(name: str) -> None:
    text = prompt_files.fill(prompt_files.read(name), company="Ромашка", profile="Печём пироги.\n")
    assert "компании Ромашка" in text
    assert "<company>\nПечём пироги.\n</company>" in text
    assert "{" not in text


@pytest.mark.parametrize("name", NAMES)
def test_placeholders_in_the_profile_are_not_replaced(name: str) -> None:
    profile = "Пишите {company} или {profile}, {name} и {0}."
    assert f"<company>\n{profile}\n</company>" in prompt_files.fill(
        prompt_files.read(name), company="Ромашка", profile=profile
    )


@pytest.mark.parametrize("name", NAMES)
def test_placeholders_in_the_company_name_are_not_replaced(name: str) -> None:
    assert "компании {profile}" in prompt_files.fill(
        prompt_files.read(name), company="{profile}", profile="Печём пироги."
    )
