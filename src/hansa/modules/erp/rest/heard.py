"""The last words about things: read before a batch is compared with them, kept after it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules.erp.rest.intake import Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import Heard, digest_of_parts, hear
from hansa.modules.erp.rest.rows import Row
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Transaction


def digest_of_row(row: Row) -> bytes:
    """Give a short digest of what a row says."""
    text = msgspec.json.encode(row, order="deterministic")
    return hashlib.blake2b(text, digest_size=12).digest()


async def load(
    tx: Transaction, *, connection_id: UUID, kind: str, keys: Sequence[str]
) -> dict[str, Heard]:
    """Give the last words about these keys."""
    if not keys:
        return {}
    rows = await tx.all(
        sql.HEARD, {"connection_id": connection_id, "kind": kind, "keys": list(keys)}
    )
    sets: dict[bytes, frozenset[str]] = {}
    found: dict[str, Heard] = {}
    for row in rows:
        parts = sets.get(row.parts_digest)
        if parts is None:
            parts = sets[row.parts_digest] = frozenset(row.parts)
        older = {} if row.older == "{}" else msgspec.json.decode(row.older, type=dict[str, int])
        found[row.key] = Heard(row.sequence, row.digest, parts, older)
    return found


async def keep(
    tx: Transaction,
    *,
    connection_id: UUID,
    kind: Kind[Any],
    messages: Sequence[Message[Any]],
    now: datetime,
) -> None:
    """Keep the last words after these rows were taken."""
    if not messages:
        return
    sets: dict[frozenset[str], bytes] = {}
    words: list[Heard] = []
    for message in messages:
        word = hear(
            message.heard,
            sequence=message.row.sequence,
            digest=None if message.fate.is_partial else message.digest,
            parts=kind.parts(message.row),
            takes=message.takes,
        )
        words.append(word)
        if word.parts not in sets:
            sets[word.parts] = digest_of_parts(word.parts)
    await tx.execute(
        sql.ADD_PART_SETS,
        {
            "digests": list(sets.values()),
            "parts": [msgspec.json.encode(sorted(parts)).decode() for parts in sets],
        },
    )
    await tx.execute(
        sql.HEAR,
        {
            "connection_id": connection_id,
            "kind": kind.name,
            "keys": [message.row.key for message in messages],
            "sequences": [word.sequence for word in words],
            "digests": [word.digest for word in words],
            "parts": [sets[word.parts] for word in words],
            "older": [msgspec.json.encode(word.older).decode() for word in words],
            "instants": [message.as_of for message in messages],
            "now": now,
        },
    )
