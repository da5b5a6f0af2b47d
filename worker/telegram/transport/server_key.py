"""Reads the RSA key of another Telegram server from PEM, and computes its fingerprint."""

import base64
import re
from hashlib import sha1
from pathlib import Path

from pyrogram.crypto import rsa

from shared.errors import ConfigError

_PEM = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----(.+?)-----END (?:RSA )?PUBLIC KEY-----", re.DOTALL)
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03


def trust(text_or_path: str) -> None:
    """Let the key exchange accept a server with this key: PEM text (`\\n` escapes allowed) or a file's path.

    Reads PKCS#1 and SPKI. Raises ConfigError that names TELEGRAM_SERVER_KEY.
    """
    try:
        modulus, exponent = parse(_read_pem(text_or_path))
    except (ValueError, IndexError, OSError):
        raise ConfigError(
            "TELEGRAM_SERVER_KEY: is neither an RSA public key in PEM nor the path of a file with one"
        ) from None
    rsa.server_public_keys[fingerprint(modulus, exponent)] = rsa.PublicKey(modulus, exponent)


def parse(pem: str) -> tuple[int, int]:
    """Return modulus and exponent of a PEM key; raises ValueError or IndexError if it is not an RSA key."""
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("no PEM block")
    fields = _parse_children(_parse_first(base64.b64decode("".join(found.group(1).split())), _SEQUENCE))
    if fields[0][0] != _INTEGER:
        # SPKI wraps the PKCS#1 key in a bit string, whose first byte is the number of unused bits.
        wrapped = next(value for tag, value in fields if tag == _BIT_STRING)
        fields = _parse_children(_parse_first(wrapped[1:], _SEQUENCE))
    modulus, exponent = (int.from_bytes(value, "big") for tag, value in fields[:2] if tag == _INTEGER)
    return modulus, exponent


def fingerprint(modulus: int, exponent: int) -> int:
    """Return the lower 64 bits of the key's SHA-1, signed (core.telegram.org/mtproto/auth_key, step 2)."""
    digest = sha1(_tl_bytes(modulus) + _tl_bytes(exponent)).digest()  # noqa: S324 - required by the protocol
    return int.from_bytes(digest[-8:], "little", signed=True)


def _read_pem(text_or_path: str) -> str:
    text = text_or_path.replace("\\n", "\n")
    return text if "-----BEGIN" in text else Path(text_or_path).read_text(encoding="ascii")


def _parse_children(body: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    while body:
        tag, value, body = _parse_element(body)
        found.append((tag, value))
    return found


def _parse_first(body: bytes, tag: int) -> bytes:
    found, value, _ = _parse_element(body)
    if found != tag:
        raise ValueError("not the expected ASN.1")
    return value


def _parse_element(body: bytes) -> tuple[int, bytes, bytes]:
    """Return the tag, the value and the rest of a DER encoding."""
    tag, length, start = body[0], body[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(body[2:start], "big")
    if len(body) < start + length:
        raise ValueError("cut off")
    return tag, body[start : start + length], body[start + length :]


def _tl_bytes(number: int) -> bytes:
    """Serialize a big number as TL's `bytes` (core.telegram.org/mtproto/serialize)."""
    value = number.to_bytes((number.bit_length() + 7) // 8, "big")
    head = bytes([len(value)]) if len(value) < 254 else b"\xfe" + len(value).to_bytes(3, "little")
    return head + value + b"\0" * (-(len(head) + len(value)) % 4)
