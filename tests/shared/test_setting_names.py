"""Tests that misspelt settings are named with the nearest known one, and that other names are left alone."""

from pathlib import Path

import pytest

from api.settings import ApiSettings
from shared.errors import ConfigError
from shared.setting_names import GROUPS, KNOWN, describe_unknown
from shared.settings import SharedSettings, find_slips, help_lines, load
from worker.settings import WorkerSettings


def test_each_setting_is_in_one_group() -> None:
    fields = {name.upper() for kind in (ApiSettings, WorkerSettings) for name in kind.model_fields}
    assert fields == KNOWN
    assert len(KNOWN) == sum(len(names) for names in GROUPS.values())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OUTREACH_DAYLY_LIMIT", "OUTREACH_DAILY_LIMIT"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("OPENAI-API-KEY", "OPENAI_API_KEY"),
        ("ОPENAI_API_KEY", "OPENAI_API_KEY"),
        ("TELEGRAM_APIHASH", "TELEGRAM_API_HASH"),
        ("CALENDY_LINK", "CALENDLY_LINK"),
        ("COMPANYNAME", "COMPANY_NAME"),
        ("outreach_hour", "OUTREACH_HOURS"),
        ("TIME_ZONE", "TIMEZONE"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("TILDA_TOKENS", "TILDA_TOKEN"),
    ],
)
def test_slip_is_named_wherever_it_stands(written: str, meant: str) -> None:
    for is_shared in (True, False):
        assert describe_unknown(written, is_shared=is_shared) == (
            f"{written}: is no setting; did you mean {meant}?"
        )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OPENAI_KEY", "OPENAI_API_KEY"),
        ("OPENAI_TIMEOUT", "OPENAI_TIMEOUT_SECONDS"),
        ("OUTREACH_GAP", "OUTREACH_GAP_SECONDS"),
        ("WARMUP_DAYS", "OUTREACH_WARMUP_DAYS"),
        ("CALENDLY_URL", "CALENDLY_LINK"),
        ("OWNER", "OWNER_CHAT"),
    ],
)
def test_rougher_slip_is_named_in_the_file_only(written: str, meant: str) -> None:
    assert describe_unknown(written, is_shared=False) == f"{written}: is no setting; did you mean {meant}?"
    assert describe_unknown(written, is_shared=True) is None


def test_name_that_begins_like_ours_without_a_near_one_has_no_effect() -> None:
    assert describe_unknown("OPENAI_ORG_ID", is_shared=False) == (
        "OPENAI_ORG_ID: is no setting of this program, and has no effect"
    )


@pytest.mark.parametrize(
    "name",
    [
        *sorted(KNOWN),
        "COMPOSE_PROJECT_NAME",
        "COMPOSE_FILE",
        "POSTGRES_USER",
        "PATH",
        "TZ",
        "PORT",
        "HOST",
        "LANG",
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    for is_shared in (True, False):
        assert describe_unknown(name, is_shared=is_shared) is None


@pytest.mark.parametrize("name", ["OPENAI_ORG_ID", "OPENAI_API_BASE", "API_KEY", "MODEL", "DATABASE_HOST"])
def test_settings_of_other_programs_may_be_in_the_environment(name: str) -> None:
    assert describe_unknown(name, is_shared=True) is None


def test_lines_of_dotenv_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTREACH_DAYLY_LIMIT", "5")
    lines = ["# ours", "LOG_LEVEL=INFO", "COMPANY_NAME: Ромашка", "LOG_LEVEL=DEBUG", "OPENAI_APIKEY=sk", ""]
    Path(".env").write_text("\n".join(lines), encoding="utf-8")
    assert find_slips() == [
        ".env: line 3 is not NAME=value",
        "LOG_LEVEL: .env sets it 2 times; line 4 counts",
        "OPENAI_APIKEY: is no setting; did you mean OPENAI_API_KEY?",
        "OUTREACH_DAYLY_LIMIT: is no setting; did you mean OUTREACH_DAILY_LIMIT?",
    ]


def test_slip_is_named_beside_the_setting_that_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("LOG_LEVEL=loud\nOPENAI_APIKEY=sk\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="OPENAI_APIKEY: is no setting; did you mean OPENAI_API_KEY"):
        load(SharedSettings)


def test_help_lists_the_settings_by_group() -> None:
    lines = help_lines(WorkerSettings)
    assert lines.index("required by the worker:") < lines.index("limits that protect the account:")
    assert any(line.startswith("  TELEGRAM_API_ID ") and line.endswith("(required)") for line in lines)
    assert not any("API_PORT" in line for line in lines)
