"""All methods by name: importing their modules fills the registry."""

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
