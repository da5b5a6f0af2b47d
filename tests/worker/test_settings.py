"""Tests the worker's settings: required ones, malformed values and the one-line errors."""

from pathlib import Path

import pytest

from shared.errors import ConfigError
from shared.settings import load
from worker.settings import TelegramSettings, WorkerSettings

REQUIRED = {
    "TELEGRAM_API_ID": "1",
    "TELEGRAM_API_HASH": "hash",
    "OPENAI_API_KEY": "sk-test",
    "CALENDLY_LINK": "https://calendly.com/x/30min",
}

MALFORMED = [
    ("DATABASE_URL", "mysql://x/y"),
    ("LOG_LEVEL", "LOUD"),
    ("TELEGRAM_API_ID", "hash"),
    ("TELEGRAM_API_ID", "0"),
    ("TELEGRAM_API_ID", "4294967296"),
    ("TELEGRAM_API_HASH", "  "),
    ("TELEGRAM_SESSION_NAME", "../x"),
    ("TELEGRAM_SERVER", "127.0.0.1"),
    ("TELEGRAM_SERVER", ":443"),
    ("TELEGRAM_SERVER", "host:0"),
    ("TELEGRAM_SERVER", "host:65536"),
    ("TELEGRAM_SERVER", "host:²"),
    ("OPENAI_API_KEY", "  "),
    ("OPENAI_BASE_URL", "localhost:11434"),
    ("OPENAI_PROXY", "proxy.example:3128"),
    ("OPENAI_API", "completions"),
    ("OPENAI_PRICE", "0.40"),
    ("OPENAI_PRICE", "1/2/3/4"),
    ("OPENAI_PRICE", "0.4/cached/1.6"),
    ("OPENAI_PRICE", "0.4/nan/1.6"),
    ("OPENAI_PRICE", "0.4/-0.1/1.6"),
    ("INBOUND_LEADS", "yes"),
    ("CALENDLY_LINK", "calendly.com/x"),
    ("CALENDLY_LINK", "ftp://calendly.com/x"),
    ("CALENDLY_LINK", "https://[calendly"),
    ("COMPANY_PROFILE", "/nowhere/profile.md"),
    ("COMPANY_PROFILE", "/"),
    ("POLL_INTERVAL_SECONDS", "0"),
    ("POLL_INTERVAL_SECONDS", "5s"),
    ("LEASE_SECONDS", "1"),
    ("REPLY_DEBOUNCE_SECONDS", "-1"),
    ("OUTREACH_GAP_SECONDS", "-1"),
    ("OUTREACH_DAILY_LIMIT", "0"),
    ("OUTREACH_DAILY_LIMIT", "1.5"),
    ("LOOKUP_GAP_SECONDS", "-1"),
    ("TYPING_SECONDS", "31"),
    ("TIMEZONE", "Moscow"),
    ("TIMEZONE", "Europe"),
    ("TIMEZONE", "../../etc/passwd"),
    ("MAX_ATTEMPTS", "0"),
    ("RETRY_BASE_SECONDS", "0"),
    ("RETRY_MAX_SECONDS", "0"),
    ("ASSISTANT_PAUSE_SECONDS", "-1"),
    ("GREETING_FALLBACK_SECONDS", "-1"),
]
DURATIONS = [
    "POLL_INTERVAL_SECONDS",
    "LEASE_SECONDS",
    "REPLY_DEBOUNCE_SECONDS",
    "OUTREACH_GAP_SECONDS",
    "LOOKUP_GAP_SECONDS",
    "TYPING_SECONDS",
    "RETRY_BASE_SECONDS",
    "RETRY_MAX_SECONDS",
    "ASSISTANT_PAUSE_SECONDS",
    "GREETING_FALLBACK_SECONDS",
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Only the required settings, and no .env file."""
    monkeypatch.chdir(tmp_path)
    for name in WorkerSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def load_error() -> str:
    with pytest.raises(ConfigError) as refused:
        load(WorkerSettings)
    return str(refused.value)


def test_default_values(environment: pytest.MonkeyPatch) -> None:
    settings = load(WorkerSettings)
    assert settings.openai_model == "gpt-4.1-mini"
    assert settings.openai_api == "auto"
    assert settings.company_name == "GordovCode"
    assert settings.company_profile.read_text(encoding="utf-8").startswith("# GordovCode")
    assert settings.session_file == Path("ai_assistant.session")
    assert settings.health_file == Path("ai_assistant.health")
    assert settings.timezone == "Europe/Moscow"
    seconds = [getattr(settings, name.lower()) for name in DURATIONS]
    assert seconds == [5, 60, 8, 30, 3, 6, 2, 300, 600, 600]
    assert (settings.max_attempts, settings.outreach_daily_limit) == (8, 30)


def test_secrets_are_not_in_the_repr(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(load(WorkerSettings))


def test_all_missing_settings_are_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        environment.delenv(name)
    error = load_error()
    assert "\n" not in error
    for name in REQUIRED:
        assert f"{name}: is not set" in error


@pytest.mark.parametrize("name", REQUIRED)
def test_empty_value_counts_as_missing(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "")
    assert load_error().startswith(f"{name}: is not set (")


def test_login_needs_only_the_telegram_settings(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("OPENAI_API_KEY")
    environment.delenv("CALENDLY_LINK")
    assert load(TelegramSettings).telegram_api_id == 1


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_value_is_named_with_its_description(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    error = load_error()
    assert error.startswith(f"{name}: ")
    assert "\n" not in error
    assert " | " not in error
    assert error.endswith(f"({WorkerSettings.model_fields[name.lower()].description})")


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("value", ["inf", "nan", "1e12"])
def test_duration_that_is_not_finite_or_too_long_is_refused(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    assert load_error().startswith(f"{name}: ")


def test_valid_values_are_accepted(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TELEGRAM_SERVER", "telegram.local:4430")
    environment.setenv("OPENAI_PROXY", "socks5h://user:pass@proxy:1080")
    environment.setenv("TELEGRAM_SESSION_DIR", "/var/lib/worker")
    environment.setenv("TELEGRAM_SESSION_NAME", "second-one")
    environment.setenv("TIMEZONE", "UTC")
    environment.setenv("OPENAI_PRICE", "0.40/0.10/1.60")
    settings = load(WorkerSettings)
    assert settings.session_file == Path("/var/lib/worker/second-one.session")
    assert settings.telegram_server == "telegram.local:4430"
    assert settings.openai_price == (0.4, 0.1, 1.6)


SECOND = {
    "OPENAI_FALLBACK_BASE_URL": "https://api.deepseek.com",
    "OPENAI_FALLBACK_API_KEY": " sk-second-0123456789\n",
    "OPENAI_FALLBACK_MODEL": "deepseek-chat",
}


def test_the_second_provider_has_its_own_key_address_and_proxy(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPENAI_PROXY", "http://proxy.example:3128")
    environment.setenv("OPENAI_PRICE", "1/1/1")
    assert load(WorkerSettings).second_provider is None
    for name, value in SECOND.items():
        environment.setenv(name, value)
    second = load(WorkerSettings).second_provider
    assert second is not None
    assert second.openai_api_key.get_secret_value() == "sk-second-0123456789"
    assert (second.openai_base_url, second.openai_model) == ("https://api.deepseek.com/v1", "deepseek-chat")
    assert (second.openai_api, second.openai_proxy, second.openai_price) == ("auto", None, None)
    assert second.second_provider is None


@pytest.mark.parametrize("missing", ["OPENAI_FALLBACK_API_KEY", "OPENAI_FALLBACK_MODEL"])
def test_half_a_second_provider_is_named(environment: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in SECOND.items():
        if name != missing:
            environment.setenv(name, value)
    with pytest.raises(ConfigError, match=f"^{missing}: is not set"):
        load(WorkerSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_FALLBACK_API_KEY", "sk-сецонд"),
        ("OPENAI_FALLBACK_BASE_URL", "localhost:11434"),
        ("OPENAI_FALLBACK_MODEL", "модель"),
        ("OPENAI_FALLBACK_PROXY", "proxy.example:3128"),
        ("OPENAI_FALLBACK_API", "completions"),
    ],
)
def test_the_settings_of_the_second_provider_are_checked_like_the_firsts(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for known, good in SECOND.items():
        environment.setenv(known, good)
    environment.setenv(name, value)
    with pytest.raises(ConfigError, match=f"^{name}: ") as raised:
        load(WorkerSettings)
    assert "\n" not in str(raised.value)
