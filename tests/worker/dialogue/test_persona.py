"""assistant.toml: valid and invalid keys, and the greeting template."""

import tomllib
from pathlib import Path

import pytest

from shared.errors import ConfigError
from tests.conftest import ROOT
from worker.dialogue import persona, templates
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import Brief
from worker.domain.config.follow_up_config import FollowUpConfig

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
def test_greeting_template_is_filled_in(name: str, asked: str, expected: str) -> None:
    brief = Brief(name, {"Комментарий": asked} if asked else {})
    said = Persona(greeting=TEMPLATE).render_greeting(brief, "Ромашка")
    assert " ".join(said.split()) == expected


def test_default_persona_changes_nothing() -> None:
    default = persona.load(None)
    assert (default.render_rules(), default.add_signature("Привет")) == ("", "Привет")
    brief = Brief("Анна")
    assert default.render_greeting(brief, "Ромашка") == templates.greeting(brief, "Ромашка")


def test_persona_becomes_rules_for_the_model(tmp_path: Path) -> None:
    text = 'name = "Мария"\ntone = "тепло"\nforbidden_topics = ["скидки", "суд"]\nsignature = "— Мария"'
    found = persona.load(written(tmp_path, text))
    rules = found.render_rules()
    assert all(part in rules for part in ("зовут Мария", "Тон: тепло", "скидки; суд"))
    assert found.add_signature("Привет") == "Привет\n\n— Мария"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nmae = "Мария"', "nmae: unknown key (the keys are name, tone, "),
        ("tone = 5", "tone: Input should be a valid string"),
        ('forbidden_topics = "скидки"', "forbidden_topics: Input should be a valid list"),
        (
            'greeting = "Привет, {imya}"',
            "greeting: unknown placeholder {imya}: use {name}, {company} and {request}",
        ),
        ("tone = ", "is not TOML: "),
        ('[follow_ups]\nanswered = [{after = 1, text = "Подробнее: пример.рф"}]', "a follow-up has no link"),
    ],
)
def test_config_error_is_one_line_that_names_the_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        persona.load(written(tmp_path, text))
    line = str(refused.value)
    assert line.startswith("ASSISTANT_CONFIG: ")
    assert said in line
    assert "\n" not in line


def test_example_file_changes_nothing_until_it_is_filled_in() -> None:
    example = ROOT / "docs" / "assistant.example.toml"
    assert persona.load(example) == Persona()
    lines = example.read_text(encoding="utf-8").splitlines()
    keys = set(Persona.model_fields)
    known = keys | set(FollowUpConfig.model_fields) | {"[follow_ups]", '"""'}
    commented = "\n".join(line[2:] for line in lines if line[2:].split(" = ")[0] in known)
    extra = next(line for line in lines if "вакансиях" in line)
    filled = commented.replace('instructions = """', f'instructions = """\n{extra[2:]}')
    assert set(Persona.model_validate(tomllib.loads(filled)).model_fields_set) == keys


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('name = "Мария"'.encode("cp1251"), "is Windows-1251 text: save it as UTF-8"),
        ('name = "Мария"'.encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (b"\x00\x01", "is no text file"),
    ],
)
def test_a_file_that_is_no_utf8_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "assistant.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        persona.load(path)
    assert str(refused.value) == f"ASSISTANT_CONFIG: {path} {said}"
