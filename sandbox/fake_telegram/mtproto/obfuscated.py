"""The proxy side of obfuscated2 and fake-TLS, with which an MTProxy recognises its clients.

Source: https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation
"""

import asyncio
import hashlib
import hmac
import os

from pyrogram.crypto import aes

HEADER_BYTES = 64
TAGS = {b"\xef" * 4: b"\xef", b"\xdd" * 4: b"\xdd" * 4}
RANDOM = slice(11, 43)
GREETING, CIPHER_CHANGE, DATA = b"\x16\x03\x01", b"\x14\x03\x03\x00\x01\x01", b"\x17\x03\x03"
MAX_RECORD_BYTES = 2878


class WrongSecretError(Exception):
    """The client does not know the secret."""


class Cipher:
    """Both directions of a client's stream, with the keys from its header; `tag` starts the plain stream."""

    def __init__(self, header: bytes, secret: bytes) -> None:
        back = header[55:7:-1]
        self._in = (_key(header[8:40], secret), bytearray(header[40:56]), bytearray(1))
        self._out = (_key(back[:32], secret), bytearray(back[32:48]), bytearray(1))
        tag = self.decrypt(header)[56:60]
        if tag not in TAGS:
            raise WrongSecretError("another secret")
        self.tag = TAGS[tag]

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt data from the client."""
        return bytes(aes.ctr256_decrypt(data, *self._in)) if data else b""

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt data for the client."""
        return bytes(aes.ctr256_encrypt(data, *self._out))


class Records:
    """A stream in records that look like TLS; `hello` answers first, as a web server would."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def hello(self, begun: bytes, secret: bytes) -> bytes:
        """Return the answer to a greeting that starts with `begun`; its random field proves the secret."""
        left = 5 + int.from_bytes(begun[3:5], "big") - len(begun)
        greeting = begun + await self._reader.readexactly(left)
        proof = hmac.digest(secret, _without_random(greeting), hashlib.sha256)
        # The last four bytes also contain the time.
        if proof[:28] != greeting[RANDOM][:28]:
            raise WrongSecretError("another secret")
        body = b"\x02\x00\x00\x76\x03\x03" + bytes(32) + os.urandom(84)
        noise = os.urandom(1_500)
        answer = b"\x16\x03\x03" + len(body).to_bytes(2, "big") + body
        answer += CIPHER_CHANGE + DATA + len(noise).to_bytes(2, "big") + noise
        mine = hmac.digest(secret, greeting[RANDOM] + answer, hashlib.sha256)
        return answer[: RANDOM.start] + mine + answer[RANDOM.stop :]

    async def read(self) -> bytes:
        """Return the content of the next record."""
        head = await self._reader.readexactly(5)
        content = await self._reader.readexactly(int.from_bytes(head[3:], "big"))
        return await self.read() if head[:1] == CIPHER_CHANGE[:1] else content

    @staticmethod
    def wrap(data: bytes) -> bytes:
        """Return the data in records."""
        pieces = (data[start : start + MAX_RECORD_BYTES] for start in range(0, len(data), MAX_RECORD_BYTES))
        return b"".join(DATA + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def _key(part: bytes, secret: bytes) -> bytes:
    return hashlib.sha256(part + secret).digest()


def _without_random(greeting: bytes) -> bytes:
    return greeting[: RANDOM.start] + bytes(32) + greeting[RANDOM.stop :]
