"""Signatures of schedulers: the vectors of their documentation, and everything that must be refused."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from api.bookings import signatures

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BODY = '{"event": "invitee.created", "payload": {"name": "Анна"}}'.encode()
KEY = "5mEzn9C-I28UtwOjZJtFoob0sAAFZ95GbZkqj4y3i0I"


def calendlys(key: str = KEY, at: datetime = NOW, body: bytes = BODY) -> str:
    """As Calendly's own sample code checks it: the timestamp, a dot, and the raw body."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    return f"t={stamp},v1={digest}"


@pytest.mark.parametrize("age", [-170, 0, 170])
def test_calendlys_signature_is_accepted(age: int) -> None:
    header = calendlys(at=NOW - timedelta(seconds=age))
    assert signatures.is_calendlys(BODY, header, ["another", KEY], NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=",
        calendlys("another key"),
        calendlys(body=BODY + b" "),
        calendlys(at=NOW - timedelta(seconds=190)),
        calendlys(at=NOW + timedelta(seconds=190)),
        calendlys().replace("t=", "t=-"),
        calendlys().replace("v1=", "v0="),
        calendlys().upper(),
        "t=²,v1=ё",
        f"t={int(NOW.timestamp())},v1=",
    ],
)
def test_calendlys_other_signatures_are_refused(header: str | None) -> None:
    assert not signatures.is_calendlys(BODY, header, [KEY], NOW)
    assert not signatures.is_calendlys(BODY, calendlys(""), [""], NOW)
    assert not signatures.is_calendlys(BODY, calendlys(), [], NOW)


def test_calcoms_signature() -> None:
    good = hmac.new(b"secret", BODY, "sha256").hexdigest()
    assert signatures.is_calcoms(BODY, good, ["old", "secret"])
    for header in (None, "", "no-secret-provided", good[:-1], good.upper(), "ё" * 64):
        assert not signatures.is_calcoms(BODY, header, ["secret"])
    assert not signatures.is_calcoms(BODY, hmac.new(b"", BODY, "sha256").hexdigest(), [""])


# https://github.com/standard-webhooks/standard-webhooks, the test vector of its libraries.
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
VECTOR_SECRET, VECTOR_BODY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
VECTOR_TIME = datetime.fromtimestamp(1614265330, UTC)


def test_standard_webhooks() -> None:
    check = signatures.is_standard
    signed = VECTOR
    assert check(VECTOR_BODY, signed, [VECTOR_SECRET], VECTOR_TIME)
    rotated = signed | {"webhook-signature": f"v1,{'A' * 44} v2,x {signed['webhook-signature']}"}
    assert check(VECTOR_BODY, rotated, ["whsec_AAAA", VECTOR_SECRET], VECTOR_TIME + timedelta(minutes=4))
    for wrong in (
        {name: value for name, value in signed.items() if name != "webhook-id"},
        signed | {"webhook-id": "msg_other"},
        signed | {"webhook-signature": signed["webhook-signature"].replace("v1,", "v1a,")},
        signed | {"webhook-timestamp": "1614265331"},
        signed | {"webhook-timestamp": ""},
    ):
        assert not check(VECTOR_BODY, wrong, [VECTOR_SECRET], VECTOR_TIME)
    assert not check(VECTOR_BODY + b" ", signed, [VECTOR_SECRET], VECTOR_TIME)
    assert not check(VECTOR_BODY, signed, [VECTOR_SECRET], VECTOR_TIME + timedelta(minutes=6))
    assert not check(VECTOR_BODY, signed, ["whsec_not base64", ""], VECTOR_TIME)
