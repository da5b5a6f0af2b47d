"""Formats amounts of money and of Stars. Pure."""

from typing import Any

from pyrogram import raw

# Currencies without hundredths that Telegram supports: core.telegram.org/bots/payments/currencies.json
_WITHOUT_HUNDREDTHS = frozenset({"CLP", "IDR", "JPY", "KRW", "PYG", "UGX", "VND", "XTR"})
_NANO = 10**9


def amount(number: int, currency: str) -> str:
    """Return an amount in the smallest units of a currency as text: (1050, "RUB") → "10.50 RUB"."""
    if currency == "XTR":
        return f"{number} Stars"
    if currency == "TON":
        return f"{number / _NANO:g} TON"
    return f"{number} {currency}" if currency in _WITHOUT_HUNDREDTHS else f"{number / 100:.2f} {currency}"


def stars(price: Any) -> str:
    """Return a StarsAmount, which may be in Stars or in TON."""
    if isinstance(price, raw.types.StarsTonAmount):
        return amount(price.amount, "TON")
    return f"{getattr(price, 'amount', price)} Stars"
