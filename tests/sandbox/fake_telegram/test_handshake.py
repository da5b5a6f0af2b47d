"""Broken key exchanges."""

import os
import struct
from hashlib import sha1

import pytest
from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.mtproto.handshake import Handshake, HandshakeError, P, Q
from sandbox.fake_telegram.mtproto.keys import load

KEY = load(None)


def packet(query: TLObject) -> bytes:
    data = query.write()
    return bytes(16) + struct.pack("<i", len(data)) + data


def dh_params(fingerprint: int, encrypted: bytes) -> bytes:
    return packet(
        raw.functions.ReqDHParams(
            nonce=1,
            server_nonce=2,
            p=P.to_bytes(4, "big"),
            q=Q.to_bytes(4, "big"),
            public_key_fingerprint=fingerprint,
            encrypted_data=encrypted,
        )
    )


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (bytes(20) + b"\x01\x02\x03\x04", "unreadable"),
        (packet(raw.functions.Ping(ping_id=1)), "Ping without a key"),
        (dh_params(1, bytes(256)), "another server's key"),
        (dh_params(KEY.fingerprint, bytes(256)), "unreadable"),
        (
            packet(raw.functions.SetClientDHParams(nonce=1, server_nonce=2, encrypted_data=os.urandom(336))),
            "out of order",
        ),
    ],
)
def test_a_broken_exchange_is_refused(broken: bytes, reason: str) -> None:
    with pytest.raises(HandshakeError, match=reason):
        Handshake(KEY).answer(broken)


def test_hash_and_factors_are_checked() -> None:
    def attempt(p: int, digest: bytes | None = None) -> None:
        inner = raw.types.PQInnerData(
            pq=b"1",
            p=p.to_bytes(4, "big"),
            q=Q.to_bytes(4, "big"),
            nonce=1,
            server_nonce=2,
            new_nonce=3,
        ).write()
        plain = (digest or sha1(inner).digest()) + inner
        plain += bytes(255 - len(plain))
        sealed = pow(int.from_bytes(plain, "big"), KEY.e, KEY.n).to_bytes(256, "big")
        Handshake(KEY).answer(dh_params(KEY.fingerprint, sealed))

    attempt(P)
    with pytest.raises(HandshakeError, match="factored"):
        attempt(P + 2)
    with pytest.raises(HandshakeError, match="hash"):
        attempt(P, digest=bytes(19) + b"\x01")
