"""Prices of known models in US dollars per million tokens. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from worker.domain.config.setting_checks import Price

# https://openai.com/api/pricing, standard processing: input, cached input, output.
PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-4.1": Price(2.00, 0.50, 8.00),
        "gpt-4.1-mini": Price(0.40, 0.10, 1.60),
        "gpt-4.1-nano": Price(0.10, 0.025, 0.40),
        "gpt-4o": Price(2.50, 1.25, 10.00),
        "gpt-4o-mini": Price(0.15, 0.075, 0.60),
        "gpt-5.4": Price(2.50, 0.25, 15.00),
        "gpt-5.4-mini": Price(0.75, 0.075, 4.50),
        "gpt-5": Price(1.25, 0.125, 10.00),
        "gpt-5-mini": Price(0.25, 0.025, 2.00),
        "gpt-5-nano": Price(0.05, 0.005, 0.40),
    }
)
_DATED = re.compile(r"-20\d\d-\d\d-\d\d$")


def find_price(model: str) -> Price | None:
    """Return the price of a model, also of a dated version of it; None if it is not listed."""
    return PRICES.get(_DATED.sub("", model))
