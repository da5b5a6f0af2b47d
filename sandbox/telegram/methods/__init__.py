"""Telegram's methods, by name; importing this package fills the registry."""

from sandbox.telegram.methods import account, contacts, files, login_tokens, messages, updates, users
from sandbox.telegram.methods.registry import METHODS, Context

__all__ = [
    "METHODS",
    "Context",
    "account",
    "contacts",
    "files",
    "login_tokens",
    "messages",
    "updates",
    "users",
]
