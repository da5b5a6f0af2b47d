"""The model's settings as people paste them: corrected where that is plain, else named in one line."""

import re

import pytest
from pydantic import SecretStr

from worker.domain.config.openai_settings import usable_address, usable_key, usable_model, usable_proxy


@pytest.mark.parametrize(
    "pasted",
    [
        *("sk-abc_123", " sk-abc_123\n", '"sk-abc_123"', "'sk-abc_123'", "«sk-abc_123»", "“sk-abc_123”"),
        *(
            "\ufeffsk-abc_123\u200b",
            "\u00a0sk-abc_123\u00a0",
            "Bearer sk-abc_123",
            "OPENAI_API_KEY=sk-abc_123",
        ),
        *('export OPENAI_API_KEY="sk-abc_123"', "Authorization: Bearer sk-abc_123", "sk-abc_123\r\n"),
    ],
)
def test_what_was_copied_around_a_key_is_removed(pasted: str) -> None:
    assert usable_key(SecretStr(pasted)).get_secret_value() == "sk-abc_123"


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("sk-аbc123456", "the Russian letter 'а' as its character 4"),
        ("sk-abc\n123456", "a line break as its character 7"),
        ("sk-abc\u00a0123456", "no-break space"),
        ("sk-abc 123456", "a space as its character 7"),
        ("sk-abc–123456", "en dash"),
        ("sk-abc\u200b123456", "zero width space"),
        ("sk-...", "placeholder"),
        ("<your key>", "placeholder"),
        *(
            (key, "placeholder")
            for key in ("your-api-key", "YOUR_OPENAI_API_KEY", "sk-your-key-here", "changeme")
        ),
        *(
            (key, "placeholder")
            for key in ("sk-xxxxxxxxxxxx", "sk-proj-XXXXXXXX", "sk-****", "$OPENAI_API_KEY", "api-key")
        ),
        ("", "is empty"),
        (' "" ', "is empty"),
    ],
)
def test_an_unusable_key_is_named_but_not_shown(key: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)) as refused:
        usable_key(SecretStr(key))
    assert "123456" not in str(refused.value)


@pytest.mark.parametrize(
    "key", ["ollama", "EMPTY", "none", "lm-studio", "sk-no-key-required", "token-abc123"]
)
def test_any_key_of_a_local_server_is_accepted(key: str) -> None:
    assert usable_key(SecretStr(key)).get_secret_value() == key


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/chat", "/api/generate"])
def test_the_own_address_of_ollama_is_named(path: str) -> None:
    with pytest.raises(ValueError, match="write http://localhost:11434/v1"):
        usable_address(f"http://localhost:11434{path}")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://api.deepseek.com", "https://api.deepseek.com/v1"),
        ("https://api.deepseek.com/", "https://api.deepseek.com/v1"),
        ("https://api.deepseek.com/v1/", "https://api.deepseek.com/v1"),
        (' "https://api.deepseek.com/v1" ', "https://api.deepseek.com/v1"),
        ("https://api.deepseek.com/v1/chat/completions", "https://api.deepseek.com/v1"),
        ("https://api.deepseek.com/chat/completions", "https://api.deepseek.com/v1"),
        ("https://proxy.example/openai/v1/responses", "https://proxy.example/openai/v1"),
        ("https://proxy.example/v1/v1", "https://proxy.example/v1"),
        ("https://proxy.example//v1//models", "https://proxy.example/v1"),
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://openrouter.ai", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/v1", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        (
            "https://generativelanguage.googleapis.com/v1beta",
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        ("https://my.openai.azure.com/?api-version=2024-10-21", "https://my.openai.azure.com/openai/v1"),
        ("https://my.openai.azure.com/openai/v1/", "https://my.openai.azure.com/openai/v1"),
    ],
)
def test_an_address_is_corrected_where_that_is_plain(given: str, address: str) -> None:
    assert usable_address(given) == address
    assert usable_address(address) == address


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("localhost:11434", "write http://localhost:11434/v1"),
        ("192.168.0.5:8000/v1", "write http://192.168.0.5:8000/v1"),
        ("api.deepseek.com/v1", "write https://api.deepseek.com/v1"),
        ("api.deepseek.com/v1/chat/completions", "write https://api.deepseek.com/v1"),
        ("http:/localhost/v1", "https:// or http://"),
        ("htps://api.deepseek.com", "begins with htps://"),
        ("ftp://api.deepseek.com", "begins with ftp://"),
        ("https://proxy.example/v1?api-version=2024-10-21", "write https://proxy.example/v1"),
        ("https://proxy.example/v1#top", "#"),
        (
            "https://my.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
            "write https://my.openai.azure.com/openai/v1 and OPENAI_MODEL=gpt",
        ),
        ("http://localhost:114340/v1", "a number from 1 to 65535"),
        ("http://localhost:port/v1", "a number from 1 to 65535"),
        ("http://localhost:0/v1", "a number from 1 to 65535"),
        ("http://localhost:/v1", "a number from 1 to 65535"),
        ("https://api.оpenai.com/v1", "the Russian letter 'о'"),
        ("https://api openai com/v1", "a space"),
        ("https://", "no usable host"),
        ("https://[::1/v1", "is not a web address"),
        ("", "is empty"),
        ("\\\\server\\v1", "http"),
    ],
)
def test_an_unusable_address_is_refused_with_what_would_be_right(given: str, right: str) -> None:
    with pytest.raises(ValueError, match=re.escape(right)) as refused:
        usable_address(given)
    assert "\n" not in str(refused.value)


def test_models_and_proxies_are_checked_too() -> None:
    assert usable_model(' "deepseek-chat"\n') == "deepseek-chat"
    assert usable_proxy("socks5h://user:pass@proxy:1080") == "socks5h://user:pass@proxy:1080"
    for check, value, named in (
        (usable_model, "gpt-4о", "the Russian letter 'о'"),
        (usable_model, " ", "is empty"),
        (usable_proxy, "proxy.example:3128", "is not a proxy's address"),
        (usable_proxy, "http://[::1", "is not a proxy's address"),
        (usable_proxy, "http://proxy:99999", "a number from 1 to 65535"),
        (usable_proxy, "socks4://proxy:1080", "is not a proxy's address"),
    ):
        with pytest.raises(ValueError, match=named):
            check(value)
