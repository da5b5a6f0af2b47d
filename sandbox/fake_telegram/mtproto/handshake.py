"""The server side of the Diffie-Hellman key exchange.

Source: https://core.telegram.org/mtproto/auth_key
"""

import os
import struct
import time
from hashlib import sha1
from io import BytesIO

from pyrogram import raw
from pyrogram.crypto import aes, prime
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.mtproto.keys import ServerKey

# The pair from Telegram's sample key exchange; factoring it is the client's proof of work.
P, Q = 0x494C553B, 0x53911073
G = 3


class HandshakeError(Exception):
    """The client broke the exchange; the server disconnects, as the real one does."""


class Handshake:
    """One exchange on one connection; `auth_key` is set when it is complete."""

    def __init__(self, key: ServerKey) -> None:
        self._key = key
        self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        self._secret = int.from_bytes(os.urandom(256), "big")
        self._new_nonce = b""
        self.auth_key: bytes | None = None

    def answer(self, packet: bytes) -> bytes:
        """Return the unencrypted answer to a packet."""
        try:
            query = TLObject.read(BytesIO(packet[20:]))
        except (KeyError, IndexError) as error:
            raise HandshakeError(f"unreadable: {error}") from error
        if isinstance(query, raw.functions.ReqPqMulti):
            return _plain(self._pq(query))
        if isinstance(query, raw.functions.ReqDHParams):
            return _plain(self._dh_params(query))
        if isinstance(query, raw.functions.SetClientDHParams):
            return _plain(self._finish(query))
        raise HandshakeError(f"{type(query).__name__} without a key")

    def _pq(self, query: TLObject) -> TLObject:
        return raw.types.ResPQ(
            nonce=query.nonce,
            server_nonce=self._server_nonce,
            pq=(P * Q).to_bytes(8, "big"),
            server_public_key_fingerprints=[self._key.fingerprint],
        )

    def _dh_params(self, query: TLObject) -> TLObject:
        if query.public_key_fingerprint != self._key.fingerprint:
            raise HandshakeError("another server's key")
        inner = _checked(self._key.decrypt(query.encrypted_data))
        if (inner.p, inner.q) != (P.to_bytes(4, "big"), Q.to_bytes(4, "big")):
            raise HandshakeError("pq is factored wrongly")
        self._new_nonce = inner.new_nonce.to_bytes(32, "little", signed=True)
        answer = raw.types.ServerDHInnerData(
            nonce=query.nonce,
            server_nonce=self._server_nonce,
            g=G,
            dh_prime=prime.CURRENT_DH_PRIME.to_bytes(256, "big"),
            g_a=pow(G, self._secret, prime.CURRENT_DH_PRIME).to_bytes(256, "big"),
            server_time=int(time.time()),
        ).write()
        plain = _sha1(answer) + answer
        plain += os.urandom(-len(plain) % 16)
        return raw.types.ServerDHParamsOk(
            nonce=query.nonce,
            server_nonce=self._server_nonce,
            encrypted_answer=aes.ige256_encrypt(plain, *self._temporary_key()),
        )

    def _finish(self, query: TLObject) -> TLObject:
        if not self._new_nonce:
            raise HandshakeError("out of order")
        inner = _checked(aes.ige256_decrypt(query.encrypted_data, *self._temporary_key()))
        g_b = int.from_bytes(inner.g_b, "big")
        auth_key = pow(g_b, self._secret, prime.CURRENT_DH_PRIME).to_bytes(256, "big")
        self.auth_key = auth_key
        new_nonce_hash = _sha1(self._new_nonce + b"\x01" + _sha1(auth_key)[:8])[4:]
        return raw.types.DhGenOk(
            nonce=query.nonce,
            server_nonce=self._server_nonce,
            new_nonce_hash1=int.from_bytes(new_nonce_hash, "little", signed=True),
        )

    def _temporary_key(self) -> tuple[bytes, bytes]:
        new, server = self._new_nonce, self._server_nonce.to_bytes(16, "little", signed=True)
        middle = _sha1(server + new)
        return _sha1(new + server) + middle[:12], middle[12:] + _sha1(new + new) + new[:4]


def _checked(plain: bytes) -> TLObject:
    """Parse an object after its SHA1; the hash does not cover the padding."""
    try:
        inner = TLObject.read(BytesIO(plain[20:]))
    except (KeyError, IndexError) as error:
        raise HandshakeError(f"unreadable: {error}") from error
    if _sha1(inner.write()) != plain[:20]:
        raise HandshakeError("the hash does not match")
    return inner


def _plain(body: TLObject) -> bytes:
    data: bytes = body.write()
    msg_id = int(time.time() * 2**32) & ~0b11 | 1
    return bytes(8) + struct.pack("<qi", msg_id, len(data)) + data


def _sha1(data: bytes) -> bytes:
    return sha1(data, usedforsecurity=False).digest()
