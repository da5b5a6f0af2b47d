"""The prompts, with the company in them."""

import pytest

from worker.assistant import prompts

NAMES = ["greeting", "reply"]


@pytest.mark.parametrize("name", NAMES)
def test_company_and_description_are_filled_in(name: str) -> None:
    text = prompts.fill(prompts.read(name), company="Ромашка", profile="Печём пироги.\n")
    assert "компании Ромашка" in text
    assert "<company>\nПечём пироги.\n</company>" in text
    assert "{" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_description_is_no_template(name: str) -> None:
    profile = "Пишите {company} или {profile}, {name} и {0}."
    assert f"<company>\n{profile}\n</company>" in prompts.fill(
        prompts.read(name), company="Ромашка", profile=profile
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_companys_name_is_no_template(name: str) -> None:
    assert "компании {profile}" in prompts.fill(
        prompts.read(name), company="{profile}", profile="Печём пироги."
    )
