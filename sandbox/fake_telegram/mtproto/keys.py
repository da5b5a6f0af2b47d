"""The server's RSA key, in the forms that clients accept."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pyrogram.raw.core.primitives import Bytes

from sandbox.fake_telegram.mtproto.private_files import write_private

BYTES = 256


@dataclass(frozen=True)
class ServerKey:
    """One RSA key of 2048 bits; `fingerprint` is a signed number, as in MTProto."""

    n: int
    e: int
    d: int
    fingerprint: int
    pkcs1_pem: str
    spki_pem: str

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt a client's plain RSA; return the 255 bytes of its content."""
        return pow(int.from_bytes(data, "big"), self.d, self.n).to_bytes(BYTES, "big")[1:]

    def secret(self, purpose: str) -> bytes:
        """Return a secret derived from the key, the same as long as the key exists."""
        return hashlib.sha256(purpose.encode() + self.d.to_bytes(BYTES, "big")).digest()


def load(path: Path | None) -> ServerKey:
    """Load the key from `path`, or create it there; without a path one key per process is used."""
    if path is None:
        return _process_key()
    if not path.exists():
        write_private(path, _private_pem(_generate()))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} does not hold an RSA key")
    return _server_key(key)


@functools.cache
def _process_key() -> ServerKey:
    return _server_key(_generate())


def _generate() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=BYTES * 8)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _server_key(key: rsa.RSAPrivateKey) -> ServerKey:
    numbers = key.private_numbers()
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    return ServerKey(
        n=n,
        e=e,
        d=numbers.d,
        fingerprint=_fingerprint(n, e),
        pkcs1_pem=_public_pem(key, serialization.PublicFormat.PKCS1),
        spki_pem=_public_pem(key, serialization.PublicFormat.SubjectPublicKeyInfo),
    )


def _public_pem(key: rsa.RSAPrivateKey, form: serialization.PublicFormat) -> str:
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _fingerprint(n: int, e: int) -> int:
    # https://core.telegram.org/mtproto/auth_key: the low 64 bits of SHA1 over the bare rsa_public_key.
    parts = b"".join(Bytes(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (n, e))
    digest = hashlib.sha1(parts, usedforsecurity=False).digest()
    return int.from_bytes(digest[-8:], "little", signed=True)
