"""Parses TELEGRAM_PROXY for Kurigram, and describes its failures to the operator in one line."""

import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from pyrogram.connection.proxy import MTProxy, WebProxy, normalize_proxy
from python_socks import ProxyError

from shared.errors import ConfigError
from shared.localized_messages import joined, sentence

NO_PROXY = (
    "is no proxy: socks5://user:password@host:port, http://host:port,"
    " or a tg://proxy or https://t.me/proxy link"
)
MALFORMED_LINK = (
    "the link's secret is malformed: 32 hex digits, alone, after dd, or after ee with a domain behind"
)
_LINKS = ("tg://", "https://t.me/", "http://t.me/", "t.me/", "https://telegram.me/", "https://telegram.dog/")
# socks5h: curl's name for SOCKS5 where the proxy resolves host names. In Kurigram it always does.
_SCHEMES = {"socks5": "socks5", "socks5h": "socks5", "socks4": "socks4", "http": "http"}


def parse(text: str | None) -> Any:
    """Return the proxy, or None if `text` is empty.

    Raises ConfigError, whose text never contains a password or a secret.
    """
    if not text:
        return None
    try:
        proxy = _parse_link(text) if text.startswith(_LINKS) else _parse_address(text)
    except (ValueError, TypeError, KeyError) as error:
        is_secret = "secret" in str(error) and "must contain" not in str(error)
        why = MALFORMED_LINK if is_secret else NO_PROXY
        raise ConfigError(joined(": ", ["TELEGRAM_PROXY", why])) from None
    if not 0 < proxy.port < 65536:
        raise ConfigError("TELEGRAM_PROXY: the port must be from 1 to 65535")
    return proxy


def describe_failure(proxy: Any, error: Exception) -> str:
    """Return why a connection failed, for the operator."""
    if proxy is None:
        return sentence(
            "Telegram cannot be reached ({error}); see TELEGRAM_PROXY", error=type(error).__name__
        )
    address = f"{proxy.hostname}:{proxy.port}"
    match error:
        case ProxyError():
            return sentence("TELEGRAM_PROXY: {address} refuses: {why}", address=address, why=error)
        case socket.gaierror():
            return sentence("TELEGRAM_PROXY: {address}: there is no such host", address=address)
        case TimeoutError():
            return sentence("TELEGRAM_PROXY: {address} does not answer", address=address)
        case _ if "fake-TLS" in str(error):
            return sentence("TELEGRAM_PROXY: {address} does not know the link's secret", address=address)
        case _:
            text = "TELEGRAM_PROXY: {address} cannot be reached ({error})"
            return sentence(text, address=address, error=type(error).__name__)


def describe_silence(proxy: Any) -> str | None:
    """Return what is likely wrong if a connection stays without answers; None if the proxy is not the cause.

    An MTProto proxy ignores a client with a wrong secret.
    """
    if not isinstance(proxy, MTProxy | WebProxy):
        return None
    text = "TELEGRAM_PROXY: nothing comes through {address}; is the link's secret right?"
    return sentence(text, address=f"{proxy.hostname}:{proxy.port}")


def _parse_link(text: str) -> Any:
    # A link that was copied from HTML has escaped ampersands.
    return normalize_proxy(text.strip().replace("&amp;", "&"))


def _parse_address(text: str) -> Any:
    parts = urlsplit(text)
    fields: dict[str, Any] = {
        "scheme": _SCHEMES[parts.scheme.lower()],
        "hostname": parts.hostname,
        "port": parts.port,
        # A password may contain characters that are not allowed in a URL, so it is percent-encoded there.
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    return normalize_proxy(fields)
