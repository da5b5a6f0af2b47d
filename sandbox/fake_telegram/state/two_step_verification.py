"""Two-step verification: the server side of SRP.

Source: https://core.telegram.org/api/srp
"""

import os
import secrets
from hashlib import sha256

from pyrogram import raw
from pyrogram.crypto import prime
from pyrogram.raw.core import TLObject
from pyrogram.utils import compute_password_hash

G = 3
_PRIME = prime.CURRENT_DH_PRIME
_BYTES = 256


class PasswordCheck:
    """One challenge; it is valid for one answer."""

    def __init__(self, password: str) -> None:
        self.id = secrets.randbits(62)
        self.algo = raw.types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            salt1=os.urandom(8), salt2=os.urandom(16), g=G, p=_pad(_PRIME)
        )
        x = int.from_bytes(compute_password_hash(self.algo, password), "big")
        k = _number(_pad(_PRIME), _pad(G))
        self._verifier = pow(G, x, _PRIME)
        self._secret = secrets.randbits(2048)
        self._b = (k * self._verifier + pow(G, self._secret, _PRIME)) % _PRIME

    def challenge(self) -> TLObject:
        """Return the account.Password that a client answers."""
        return raw.types.account.Password(
            has_password=True,
            current_algo=self.algo,
            srp_B=_pad(self._b),
            srp_id=self.id,
            hint="sandbox",
            new_algo=raw.types.PasswordKdfAlgoUnknown(),
            new_secure_algo=raw.types.SecurePasswordKdfAlgoUnknown(),
            secure_random=os.urandom(32),
        )

    def accepts(self, answer: TLObject) -> bool:
        """True if the client knows the password."""
        a = int.from_bytes(answer.A, "big")
        if not 0 < a < _PRIME:
            return False
        u = _number(_pad(a), _pad(self._b))
        shared = pow(a * pow(self._verifier, u, _PRIME), self._secret, _PRIME)
        expected = _hash(
            _xor(_hash(_pad(_PRIME)), _hash(_pad(G))),
            _hash(self.algo.salt1),
            _hash(self.algo.salt2),
            _pad(a),
            _pad(self._b),
            _hash(_pad(shared)),
        )
        return secrets.compare_digest(expected, bytes(answer.M1))


def no_password() -> TLObject:
    """Return the account.Password of an account without a password."""
    return raw.types.account.Password(
        new_algo=raw.types.PasswordKdfAlgoUnknown(),
        new_secure_algo=raw.types.SecurePasswordKdfAlgoUnknown(),
        secure_random=os.urandom(32),
    )


def _pad(number: int) -> bytes:
    return number.to_bytes(_BYTES, "big")


def _hash(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def _number(*parts: bytes) -> int:
    return int.from_bytes(_hash(*parts), "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
