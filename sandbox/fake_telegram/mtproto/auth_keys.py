"""The authorization keys that clients hold, and whose account each one opened."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.fake_telegram.mtproto.files import write_private

KEY_BYTES = 256
HOME_DC = 2


@dataclass
class AuthKey:
    """One key; `dead` holds the error that its every call gets once Telegram has given it up."""

    key: bytes
    account_id: int | None = None
    dead: str | None = None
    # Signed in with the right code, but the password is still to come.
    half_open: int | None = None
    # The data centre it was made in; PHONE_MIGRATE_n sends a client to another.
    dc: int = HOME_DC
    id: bytes = field(init=False)
    salt: int = field(init=False)

    def __post_init__(self) -> None:
        self.id = hashlib.sha1(self.key, usedforsecurity=False).digest()[-8:]
        self.salt = int.from_bytes(hashlib.sha256(b"salt" + self.key).digest()[:8], "little", signed=True)


class AuthKeys:
    """Kept in a file when there is one, so that a restarted server still knows its clients."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._keys: dict[bytes, AuthKey] = {}
        if path is not None and path.exists():
            for row in json.loads(path.read_text()):
                key = AuthKey(bytes.fromhex(row["key"]), row["account_id"], row["dead"])
                self._keys[key.id] = key

    def get(self, key_id: bytes) -> AuthKey | None:
        """The key with this id, if the server knows it."""
        return self._keys.get(key_id)

    def add(self, key: bytes, account_id: int | None = None) -> AuthKey:
        """Register a key, as yet without an account after a key exchange."""
        auth = AuthKey(key, account_id)
        self._keys[auth.id] = auth
        self.save()
        return auth

    def issue(self, account_id: int) -> AuthKey:
        """A new key that is already signed in."""
        return self.add(os.urandom(KEY_BYTES), account_id)

    def bind(self, auth: AuthKey, account_id: int | None) -> None:
        """Sign the key in, or out with None."""
        auth.account_id = account_id
        auth.half_open = None
        self.save()

    def kill(self, auth: AuthKey, error: str) -> None:
        """From now on every call with this key gets `error`."""
        auth.dead = error
        self.save()

    def of(self, account_id: int) -> list[AuthKey]:
        """Every key that is signed in to the account."""
        return [auth for auth in self._keys.values() if auth.account_id == account_id]

    def save(self) -> None:
        """Write the file, if the server has a state folder."""
        if self._path is None:
            return
        rows = [
            {"key": auth.key.hex(), "account_id": auth.account_id, "dead": auth.dead}
            for auth in self._keys.values()
        ]
        write_private(self._path, json.dumps(rows).encode())
