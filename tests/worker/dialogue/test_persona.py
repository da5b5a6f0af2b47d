"""assistant.toml: what it can say, what it may not, and what becomes of a template."""

import tomllib
from pathlib import Path

import pytest

from shared.errors import ConfigError
from tests.conftest import ROOT
from worker.dialogue import persona, templates
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import Brief

TEMPLATE = "Здравствуйте, {name}! Это {company}. Вы писали: «{request}». Созвонимся?"


def written(folder: Path, text: str) -> Path:
    path = folder / "assistant.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("Анна", "Нужен сайт", "Здравствуйте, Анна! Это Ромашка. Вы писали: «Нужен сайт». Созвонимся?"),
        ("", "Нужен сайт", "Здравствуйте! Это Ромашка. Вы писали: «Нужен сайт». Созвонимся?"),
        ("Анна", "", "Здравствуйте, Анна! Это Ромашка. Созвонимся?"),
        ("Анна", "жми https://x.ru", "Здравствуйте, Анна! Это Ромашка. Созвонимся?"),
        ("{company}", "", "Здравствуйте, {company}! Это Ромашка. Созвонимся?"),
    ],
)
def test_a_template(name: str, asked: str, expected: str) -> None:
    brief = Brief(name, {"Комментарий": asked} if asked else {})
    said = Persona(greeting=TEMPLATE).plain_greeting(brief, "Ромашка")
    assert " ".join(said.split()) == expected


def test_without_a_file_nothing_changes() -> None:
    usual = persona.load(None)
    assert (usual.rules(), usual.signed("Привет")) == ("", "Привет")
    brief = Brief("Анна")
    assert usual.plain_greeting(brief, "Ромашка") == templates.greeting(brief, "Ромашка")


def test_what_the_model_is_told(tmp_path: Path) -> None:
    text = 'name = "Мария"\ntone = "тепло"\nforbidden_topics = ["скидки", "суд"]\nsignature = "— Мария"'
    found = persona.load(written(tmp_path, text))
    rules = found.rules()
    assert all(part in rules for part in ("зовут Мария", "Тон: тепло", "скидки; суд"))
    assert found.signed("Привет") == "Привет\n\n— Мария"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nmae = "Мария"', "nmae: there is no such key (known are name, tone, "),
        ("tone = 5", "tone: Input should be a valid string"),
        ('forbidden_topics = "скидки"', "forbidden_topics: Input should be a valid list"),
        ('greeting = "Привет, {imya}"', "greeting: knows no {imya}: only {name}, {company} and {request}"),
        ("tone = ", "is not TOML: "),
    ],
)
def test_a_fault_is_one_line_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        persona.load(written(tmp_path, text))
    line = str(refused.value)
    assert line.startswith("ASSISTANT_CONFIG: ")
    assert said in line
    assert "\n" not in line


def test_the_example_changes_nothing_until_it_is_filled_in() -> None:
    example = ROOT / "docs" / "assistant.example.toml"
    assert persona.load(example) == Persona()
    lines = example.read_text(encoding="utf-8").splitlines()
    keys = set(Persona.model_fields)
    commented = "\n".join(line[2:] for line in lines if line[2:].split(" = ")[0] in keys or line in {'# """'})
    extra = next(line for line in lines if "вакансиях" in line)
    filled = commented.replace('instructions = """', f'instructions = """\n{extra[2:]}')
    assert set(Persona.model_validate(tomllib.loads(filled)).model_fields_set) == keys
