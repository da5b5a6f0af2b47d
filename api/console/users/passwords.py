"""Hashes passwords with Argon2id, one at a time and in a thread: a hash needs 19 MiB and some 30 ms."""

import asyncio
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

MIN_LENGTH = 10
MAX_LENGTH = 200

_one_at_a_time = asyncio.Semaphore(1)


@cache
def _hasher() -> PasswordHash:
    # OWASP's second choice: less memory for a few milliseconds more.
    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


@cache
def _of_nobody() -> str:
    return _hasher().hash("no user has this password")


async def hash_password(password: str) -> str:
    """Return the hash to store."""
    async with _one_at_a_time:
        return await asyncio.to_thread(_hasher().hash, password)


async def verify(password: str, stored: str | None) -> bool:
    """Return True if the password is right; without a stored hash it takes as long and returns False."""
    if len(password) > MAX_LENGTH:
        return False
    async with _one_at_a_time:
        is_right = await asyncio.to_thread(_verify, password, stored)
    return is_right and stored is not None


def _verify(password: str, stored: str | None) -> bool:
    return _hasher().verify(password, stored or _of_nobody())
