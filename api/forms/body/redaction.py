"""Pure: masks the secrets in a delivery."""

import json
import re
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
# Shorter secrets may be ordinary words: masking them everywhere would damage the text.
_MIN_LENGTH = 6
_IN_FORM = re.compile(r"((?:^|&)(?:[^=&]*(?:\[|%5B))?token(?:\]|%5D)?=)[^&\s]*", re.IGNORECASE)
_IN_JSON = re.compile(r'("token"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|-?[\d.]+)', re.IGNORECASE)
# The same inside a JSON string.
_IN_QUOTED_JSON = re.compile(r'(\\"token\\"\s*:\s*)\\"(?:[^"\\]|\\\\(?:\\.|[^"\\]))*\\"', re.IGNORECASE)
# With bounds: without them a body of many such lines takes minutes.
_IN_PART = re.compile(
    r'(\bname="?token"?[^\n]{0,200}\n(?:[^\r\n]{1,200}\r?\n){0,5}\r?\n)[^\r\n]*', re.IGNORECASE
)


def mask_body(body: str, secrets: list[str]) -> str:
    """Mask the values of `token` fields, and `secrets` in every spelling."""
    if "token" in body.lower():
        body = _IN_FORM.sub(rf"\1{MASK}", body)
        body = _IN_PART.sub(rf"\1{MASK}", body)
        body = _IN_JSON.sub(rf'\1"{MASK}"', body)
        body = _IN_QUOTED_JSON.sub(rf'\1\\"{MASK}\\"', body)
    for spelling in _spellings(secrets):
        body = body.replace(spelling, MASK)
    return body


def mask_json(value: Any, secrets: list[str]) -> Any:  # noqa: ANN401 - JSON
    """Mask `secrets` in the texts of a JSON value."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK) if len(secret) >= _MIN_LENGTH else value
        return value
    if isinstance(value, dict):
        return {key: mask_json(item, secrets) for key, item in value.items()}
    return [mask_json(item, secrets) for item in value] if isinstance(value, list) else value


def _spellings(secrets: list[str]) -> list[str]:
    """Return the spellings of `secrets`: plain, JSON, JSON inside JSON, and each of these URL-encoded."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) < _MIN_LENGTH:
            continue
        plain = {secret}
        for ascii_only in (True, False):
            escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
            plain |= {escaped, json.dumps(escaped, ensure_ascii=ascii_only)[1:-1]}
        quoted = {spell(text) for text in plain for spell in (quote, quote_plus, partial(quote, safe=""))}
        lower_case = {re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), text) for text in quoted}
        found |= plain | quoted | lower_case
    # The longest first: one spelling may contain another.
    return sorted(found, key=len, reverse=True)
