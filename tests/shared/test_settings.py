"""Settings are read from the environment and .env; faults are reported in one line."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, model_validator

from shared.errors import ConfigError
from shared.settings import SharedSettings, load


class Sample(SharedSettings):
    """Example settings."""

    calendly_link: str = Field(description="where people book a call")
    api_port: int = Field(8000, ge=1, le=65535, description="the port to listen on")
    low: int = Field(1, description="the lower bound")
    high: int = Field(2, description="the upper bound")

    @model_validator(mode="after")
    def _in_order(self) -> "Sample":
        if self.low > self.high:
            raise ValueError("LOW must not be above HIGH")
        return self


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without .env, and an environment without these settings."""
    monkeypatch.chdir(tmp_path)
    for name in Sample.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _error_text(kind: type[SharedSettings] = Sample) -> str:
    with pytest.raises(ConfigError) as error:
        load(kind)
    assert error.value.__suppress_context__, "the traceback would show the values"
    return str(error.value)


def test_defaults() -> None:
    settings = load(SharedSettings)
    assert (settings.database_url, settings.log_level) == ("sqlite:///./leads.db", "INFO")


def test_missing_setting_is_named_with_its_purpose() -> None:
    assert _error_text() == "CALENDLY_LINK: is not set (where people book a call)"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("API_PORT", "many", "is not a whole number"),
        ("API_PORT", "0", "must be at least 1"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        ("LOG_LEVEL", "INFO\nloud", "DEBUG, INFO, WARNING or ERROR"),
        ("DATABASE_URL", "mysql://ann:hunter2@host/leads", "no support for 'mysql'"),
        ("DATABASE_URL", "postgresql://ann:hunter2@host:port/leads", "is not a database address"),
        ("DATABASE_URL", "hunter2", "is not a database address"),
        ("DATABASE_URL", "sqlite://", "needs a file"),
    ],
)
def test_malformed_setting_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv("CALENDLY_LINK", "https://calendly.com/x")
    monkeypatch.setenv(name, value)
    message = _error_text()
    assert message.startswith(f"{name}: ")
    assert fault in message
    assert f"({Sample.model_fields[name.lower()].description})" in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_all_faults_are_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "many")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    message = _error_text()
    assert [fault.partition(":")[0] for fault in message.split(" | ")] == [
        "LOG_LEVEL",
        "CALENDLY_LINK",
        "API_PORT",
    ]
    assert "\n" not in message


def test_check_over_several_settings_uses_its_own_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_LINK", "https://calendly.com/x")
    monkeypatch.setenv("LOW", "3")
    assert _error_text() == "LOW must not be above HIGH"


@pytest.mark.parametrize(
    ("environment", "dotenv", "expected"),
    [
        ({}, "CALENDLY_LINK=file\n", {"calendly_link": "file"}),
        ({}, "\ufeffCALENDLY_LINK=file\r\n", {"calendly_link": "file"}),
        ({}, "# ours\nexport CALENDLY_LINK='file' # yes\nOTHER=1\n", {"calendly_link": "file"}),
        ({}, "CALENDLY_LINK=Звонок\n", {"calendly_link": "Звонок"}),
        (
            {"CALENDLY_LINK": "env"},
            "CALENDLY_LINK=file\nAPI_PORT=1\n",
            {"calendly_link": "env", "api_port": 1},
        ),
        ({"CALENDLY_LINK": ""}, "CALENDLY_LINK=file\n", {"calendly_link": "file"}),
        ({"CALENDLY_LINK": "env"}, "API_PORT=\nLOG_LEVEL=\n", {"api_port": 8000, "log_level": "INFO"}),
        ({"CALENDLY_LINK": "env", "API_PORT": ""}, "", {"api_port": 8000}),
    ],
)
def test_environment_wins_over_dotenv_and_empty_means_unset(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], dotenv: str, expected: dict[str, Any]
) -> None:
    Path(".env").write_text(dotenv, encoding="utf-8", newline="")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert load(Sample).model_dump(include=set(expected)) == expected


@pytest.mark.parametrize("dotenv", ["", "CALENDLY_LINK=\n"])
def test_empty_required_setting_counts_as_missing(monkeypatch: pytest.MonkeyPatch, dotenv: str) -> None:
    Path(".env").write_text(dotenv, encoding="utf-8")
    monkeypatch.setenv("CALENDLY_LINK", "")
    assert _error_text() == "CALENDLY_LINK: is not set (where people book a call)"


def test_dotenv_in_another_encoding_is_reported() -> None:
    Path(".env").write_bytes("CALENDLY_LINK=Звонок\n".encode("cp1251"))
    assert _error_text().startswith(".env is Windows-1251 text: save it as UTF-8")
