"""The authorization keys of clients, and the account of each key."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.fake_telegram.mtproto.private_files import write_private

KEY_BYTES = 256
HOME_DC = 2


@dataclass
class AuthKey:
    """One key; `revoked_by` is the error of every call after the key was revoked."""

    key: bytes
    account_id: int | None = None
    revoked_by: str | None = None
    # The account whose login code was correct but whose password is still missing.
    awaiting_password: int | None = None
    # The data centre of the key; PHONE_MIGRATE_n redirects a client to another one.
    dc: int = HOME_DC
    id: bytes = field(init=False)
    salt: int = field(init=False)

    def __post_init__(self) -> None:
        self.id = hashlib.sha1(self.key, usedforsecurity=False).digest()[-8:]
        self.salt = int.from_bytes(hashlib.sha256(b"salt" + self.key).digest()[:8], "little", signed=True)


class AuthKeys:
    """All keys. With a file, a restarted server still knows its clients."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._keys: dict[bytes, AuthKey] = {}
        if path is not None and path.exists():
            for row in json.loads(path.read_text()):
                key = AuthKey(bytes.fromhex(row["key"]), row["account_id"], row["dead"])
                self._keys[key.id] = key

    def get(self, key_id: bytes) -> AuthKey | None:
        """Return the key with this id, or None."""
        return self._keys.get(key_id)

    def add(self, key: bytes, account_id: int | None = None) -> AuthKey:
        """Add a key; after a key exchange it has no account."""
        auth = AuthKey(key, account_id)
        self._keys[auth.id] = auth
        self.save()
        return auth

    def issue(self, account_id: int) -> AuthKey:
        """Return a new key that is already signed in."""
        return self.add(os.urandom(KEY_BYTES), account_id)

    def bind(self, auth: AuthKey, account_id: int | None) -> None:
        """Sign the key in, or sign it out with None."""
        auth.account_id = account_id
        auth.awaiting_password = None
        self.save()

    def revoke(self, auth: AuthKey, error: str) -> None:
        """Revoke a key: every later call with it gets `error`."""
        auth.revoked_by = error
        self.save()

    def of(self, account_id: int) -> list[AuthKey]:
        """Return all keys that are signed in to the account."""
        return [auth for auth in self._keys.values() if auth.account_id == account_id]

    def save(self) -> None:
        """Write the file, if the server has a state folder."""
        if self._path is None:
            return
        rows = [
            {"key": auth.key.hex(), "account_id": auth.account_id, "dead": auth.revoked_by}
            for auth in self._keys.values()
        ]
        write_private(self._path, json.dumps(rows).encode())
