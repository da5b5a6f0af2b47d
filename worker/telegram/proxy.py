"""TELEGRAM_PROXY as Kurigram wants it, and the one line an operator reads when it is of no use."""

import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from pyrogram.connection.proxy import MTProxy, WebProxy, normalize_proxy
from python_socks import ProxyError

from shared.errors import ConfigError

FORMS = "socks5://user:password@host:port, http://host:port, or a tg://proxy or https://t.me/proxy link"
BAD_KEY = "the link's secret is none: 32 hex digits, alone, after dd, or after ee with a domain behind"
_LINKS = ("tg://", "https://t.me/", "http://t.me/", "t.me/", "https://telegram.me/", "https://telegram.dog/")
# socks5h is what curl calls SOCKS5 whose proxy looks names up: Kurigram's always does.
_SCHEMES = {"socks5": "socks5", "socks5h": "socks5", "socks4": "socks4", "http": "http"}


def parse(text: str | None) -> Any:
    """The proxy, or None; raises ConfigError, which never repeats a password or a secret."""
    if not text:
        return None
    try:
        proxy = _link(text) if text.startswith(_LINKS) else _address(text)
    except (ValueError, TypeError, KeyError) as error:
        is_secret = "secret" in str(error) and "must contain" not in str(error)
        why = BAD_KEY if is_secret else f"is no proxy: {FORMS}"
        raise ConfigError(f"TELEGRAM_PROXY: {why}") from None
    if not 0 < proxy.port < 65536:
        raise ConfigError("TELEGRAM_PROXY: the port is none")
    return proxy


def complaint(proxy: Any, error: Exception) -> str:
    """Why no connection comes about, for the operator."""
    if proxy is None:
        return f"Telegram cannot be reached ({type(error).__name__}); see TELEGRAM_PROXY"
    where = f"TELEGRAM_PROXY: {proxy.hostname}:{proxy.port}"
    match error:
        case ProxyError():
            return f"{where} refuses: {error}"
        case socket.gaierror():
            return f"{where}: there is no such host"
        case TimeoutError():
            return f"{where} does not answer"
        case _ if "fake-TLS" in str(error):
            return f"{where} does not know the link's secret"
        case _:
            return f"{where} cannot be reached ({type(error).__name__})"


def silence(proxy: Any) -> str | None:
    """What a connection without answers says of the proxy: one for Telegram alone ignores a wrong secret."""
    if not isinstance(proxy, MTProxy | WebProxy):
        return None
    where = f"{proxy.hostname}:{proxy.port}"
    return f"TELEGRAM_PROXY: nothing comes through {where}; is the link's secret right?"


def _link(text: str) -> Any:
    # Copied out of HTML, or out of a document that has made the ampersands safe.
    return normalize_proxy(text.strip().replace("&amp;", "&"))


def _address(text: str) -> Any:
    parts = urlsplit(text)
    fields: dict[str, Any] = {
        "scheme": _SCHEMES[parts.scheme.lower()],
        "hostname": parts.hostname,
        "port": parts.port,
        # A password may hold what an address may not.
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    return normalize_proxy(fields)
