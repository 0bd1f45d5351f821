"""Passwords: argon2id in threads of its own, so that no request waits behind a hash.

The numbers are those of OWASP's second choice (19 MiB, 2 passes): about 20 ms on a slow core.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from hansa.modules.accounts.model import HashingBusy

MEMORY_KIBIBYTES = 19_456
PASSES = 2
WAITING_MAX = 200

T = TypeVar("T")

_hasher = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIBIBYTES, parallelism=1)
_threads = ThreadPoolExecutor(
    max_workers=max(1, (os.cpu_count() or 2) // 2), thread_name_prefix="argon2"
)
_waiting = 0

# Checked when there is no such user, so that the time taken does not tell that there is none.
_OF_NOBODY = _hasher.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """Give the text that is kept instead of the password."""
    return await _in_thread(_hasher.hash, password)


async def verify_password(kept: str | None, password: str) -> bool:
    """Tell whether a password is the one whose hash was kept; takes as long if there is none."""
    right = await _in_thread(_verify, kept or _OF_NOBODY, password)
    return right and kept is not None


def needs_new_hash(kept: str) -> bool:
    """Tell whether the hash was made with weaker numbers than today's."""
    return _hasher.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _in_thread(function: Callable[..., T], *arguments: str) -> T:
    global _waiting  # noqa: PLW0603 - a count of this process
    if _waiting >= WAITING_MAX:
        raise HashingBusy
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
    finally:
        _waiting -= 1
