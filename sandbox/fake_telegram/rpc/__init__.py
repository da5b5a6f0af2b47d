"""Telegram's methods by name; importing this package fills the registry.
It may import `sandbox.fake_telegram.state`, `tl`, `mtproto`, the settings and the faults.
It must not import the server or the control API."""

from sandbox.fake_telegram.rpc import (
    account,
    channels,
    contacts,
    files,
    login_tokens,
    messages,
    updates,
    users,
)
from sandbox.fake_telegram.rpc.registry import METHODS, Context

__all__ = [
    "METHODS",
    "Context",
    "account",
    "channels",
    "contacts",
    "files",
    "login_tokens",
    "messages",
    "updates",
    "users",
]
