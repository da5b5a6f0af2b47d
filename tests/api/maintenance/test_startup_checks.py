"""Startup checks: an invalid setting ends the start with one line that names it."""

import socket

import pytest
from pydantic import SecretStr

from api.maintenance.startup_checks import announce, check_database, listen
from api.settings import ApiSettings
from shared.errors import ConfigError
from shared.settings import load
from tests.api.conftest import make_settings
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("API_PORT", "eighty", "API_PORT: "),
        ("API_PORT", "70000", "API_PORT: "),
        ("PHONE_REGION", "ZZ", "PHONE_REGION: is not a two-letter country code"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", "TRUSTED_PROXIES: is not a list of addresses or networks"),
        ("RATE_LIMIT_PER_MINUTE", "-1", "RATE_LIMIT_PER_MINUTE: "),
        ("API_TOKEN", "  ", "API_TOKEN: is blank"),
        ("TILDA_TOKEN", "a\x07b-secret", "TILDA_TOKEN: has characters"),
        ("API_TOKEN", "secret,,b", "API_TOKEN: has an empty token: commas separate tokens"),
        ("TILDA_TOKEN", "secret,", "TILDA_TOKEN: has an empty token"),
        ("CORS_ORIGINS", "example.com", "CORS_ORIGINS: 'example.com' is not a site's address"),
        ("CORS_ORIGINS", "https://a.b/c", "CORS_ORIGINS: 'https://a.b/c' is not a site's address"),
        ("DOCS_ENABLED", "perhaps", "DOCS_ENABLED: "),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: "),
        ("DATABASE_URL", "mysql://u:secret@h/d", "DATABASE_URL: no support for 'mysql'"),
        ("DATABASE_URL", "nonsense-secret", "DATABASE_URL: is not a database address"),
    ],
)
def test_an_invalid_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load(ApiSettings)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONE_REGION", "kz")
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.1.2.3/8,::1")
    monkeypatch.setenv("API_TOKEN", " abc ")
    monkeypatch.setenv("TILDA_TOKEN", "")
    settings = load(ApiSettings)
    assert (settings.phone_region, settings.tilda_token, settings.cors_origins) == ("KZ", (), ())
    assert [token.get_secret_value() for token in settings.api_token] == ["abc"]
    assert "abc" not in repr(settings)
    assert [str(proxy) for proxy in settings.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "old-token, new-token")
    monkeypatch.setenv("CORS_ORIGINS", "https://example.com/, http://localhost:3000,http://[::1]:3000")
    settings = load(ApiSettings)
    assert [token.get_secret_value() for token in settings.api_token] == ["old-token", "new-token"]
    assert settings.cors_origins == ("https://example.com", "http://localhost:3000", "http://[::1]:3000")
    assert "-token" not in repr(settings)


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False)])
def test_a_public_address_without_tokens_is_warned_about(
    caplog: pytest.LogCaptureFixture, host: str, warned: bool
) -> None:
    settings = make_settings("sqlite:///./x.db", api_host=host, api_port="0")
    with listen(settings) as server:
        announce(server, settings)
        announce(server, settings.model_copy(update={"api_token": (SecretStr("a"),)}))
        guarded = make_settings("sqlite:///./x.db", api_token="a,b", tilda_token="c")
        announce(server, guarded)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        f"open to others without {names}: set it, or listen on 127.0.0.1"
        for names in ("API_TOKEN and TILDA_TOKEN", "TILDA_TOKEN")
        if warned
    ]


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in ApiSettings.model_fields.values())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:////no/such/folder/leads.db", "unable to open database file: /no/such/folder/leads.db"),
        (f"sqlite:///{ROOT}/README.md", "file is not a database"),
        (f"sqlite:///{ROOT}", "unable to open database file"),
    ],
)
async def test_an_impossible_database_address(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"DATABASE_URL: {message}"):
        await check_database(make_settings(url))


async def test_a_database_that_is_down_is_only_a_warning(
    caplog: pytest.LogCaptureFixture, database_url: str
) -> None:
    await check_database(make_settings(database_url))
    assert not caplog.records
    await check_database(make_settings("postgresql://u:secret@127.0.0.1:1/d"))
    assert "Connection refused" in caplog.text
    assert "secret" not in caplog.text


def test_connections_have_tcp_nodelay() -> None:
    settings = make_settings("sqlite:///./x.db", api_port="0")
    with listen(settings) as server, socket.create_connection(server.getsockname()):
        connection, _ = server.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_of_another_machine() -> None:
    settings = make_settings("sqlite:///./x.db", api_host="203.0.113.7", api_port="8000")
    with pytest.raises(ConfigError, match=r"API_PORT: cannot listen on 203\.0\.113\.7:8000: .*assign"):
        listen(settings)
