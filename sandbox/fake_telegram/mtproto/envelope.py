"""MTProto 2.0 envelopes: decrypts client packets and encrypts server messages.

Source: https://core.telegram.org/mtproto/description
"""

import os
import struct
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from pyrogram.crypto import aes, mtproto
from pyrogram.raw.core import Message, TLObject


@dataclass(frozen=True)
class Opened:
    """One decrypted message of a client, with the fields of its envelope."""

    salt: int
    session_id: bytes
    msg_id: int
    seq_no: int
    body: TLObject


def open_packet(packet: bytes, auth_key: bytes) -> Opened:
    """Decrypt a client's packet; raises ValueError if it was not encrypted with this key."""
    msg_key = packet[8:24]
    key, iv = mtproto.kdf(auth_key, msg_key, True)
    plain = aes.ige256_decrypt(packet[24:], key, iv)
    if sha256(auth_key[88:120] + plain).digest()[8:24] != msg_key:
        raise ValueError("the message key does not match")
    message = Message.read(BytesIO(plain[16:]))
    salt: int = struct.unpack("<q", plain[:8])[0]
    return Opened(salt, plain[8:16], message.msg_id, message.seq_no, message.body)


def seal(auth_key: bytes, key_id: bytes, salt: int, session_id: bytes, message: bytes) -> bytes:
    """Encrypt one packed message for the client with this key."""
    plain = struct.pack("<q", salt) + session_id + message
    plain += os.urandom(-(len(plain) + 12) % 16 + 12)
    msg_key = sha256(auth_key[96:128] + plain).digest()[8:24]
    key, iv = mtproto.kdf(auth_key, msg_key, False)
    sealed: bytes = aes.ige256_encrypt(plain, key, iv)
    return key_id + msg_key + sealed


def pack_message(msg_id: int, seq_no: int, body: bytes) -> bytes:
    """Return a message as it is inside an envelope or a container."""
    return struct.pack("<qii", msg_id, seq_no, len(body)) + body
