"""Checks the signatures of schedulers' calls, in constant time. Pure."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

# https://developer.calendly.com/api-docs: a call may be three minutes old; clocks differ by some seconds.
CALENDLY_TOLERANCE = timedelta(minutes=3)
# https://github.com/standard-webhooks/standard-webhooks: five minutes in both directions.
STANDARD_TOLERANCE = timedelta(minutes=5)
_NO_SECRET = "no-secret-provided"  # noqa: S105 - what Cal.com sends without a secret


def is_calendlys(body: bytes, header: str | None, keys: Iterable[str], now: datetime) -> bool:
    """Check `Calendly-Webhook-Signature: t=…,v1=…`: the HMAC-SHA256 of "t.body" in hex."""
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"]
    if not _is_recent(stamp, now, CALENDLY_TOLERANCE):
        return False
    signed = stamp.encode() + b"." + body
    return _any_equal(given, (hmac.digest(key.encode(), signed, "sha256").hex() for key in keys if key))


def is_calcoms(body: bytes, header: str | None, secrets: Iterable[str]) -> bool:
    """Check `X-Cal-Signature-256`: the HMAC-SHA256 of the body in hex. It has no time."""
    given = (header or "").strip().removeprefix("sha256=")
    if not given or given == _NO_SECRET:
        return False
    return _any_equal([given], (hmac.digest(key.encode(), body, "sha256").hex() for key in secrets if key))


def is_standard(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], now: datetime) -> bool:
    """Check the headers of Standard Webhooks; a secret is `whsec_` and base64."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not _is_recent(stamp, now, STANDARD_TOLERANCE):
        return False
    signed = f"{message_id}.{stamp}.".encode("utf-8", "replace") + body
    given = [
        value
        for version, _, value in (one.partition(",") for one in headers.get("webhook-signature", "").split())
        if version == "v1"
    ]
    keys = (key for secret in secrets if (key := standard_key(secret)) is not None)
    return _any_equal(given, (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys))


def standard_key(secret: str) -> bytes | None:
    """Return the key of a Standard Webhooks secret; None if it is not base64."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _is_recent(stamp: str, now: datetime, tolerance: timedelta) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    return abs(now.timestamp() - int(stamp)) <= tolerance.total_seconds()


def _any_equal(given: Iterable[str], expected: Iterable[str]) -> bool:
    # All pairs are compared: the time of the answer tells nothing about a key.
    candidates = [value.encode("utf-8", "replace") for value in given]
    matches = [
        hmac.compare_digest(value.encode(), candidate) for value in expected for candidate in candidates
    ]
    return any(matches)
