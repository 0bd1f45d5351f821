"""Is something of a partner kept here? Asked by a front, which sends a request to where it is."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.modules import ledger
from hansa.modules.loyalty.members import MemberRef, RefKind, normalised, reference_value
from hansa.modules.loyalty.points.store import reading as sql
from hansa.runtime.database import Snapshot


async def receipts_here(
    snap: Snapshot, *, partner_id: UUID, receipts: Sequence[str]
) -> frozenset[str]:
    """Give those of these receipts that are here, posted or waiting for their buyer."""
    asked = {"partner_id": partner_id, "receipts": list(receipts)}
    return frozenset(row.receipt for row in await snap.all(sql.RECEIPTS_HERE, asked))


async def buyers_awaited(
    snap: Snapshot, *, partner_id: UUID, partner_refs: Sequence[str]
) -> frozenset[str]:
    """Give those of a partner's own ids of people whose receipts wait here for them."""
    values: dict[bytes, str] = {}
    for one in partner_refs:
        with suppress(HansaError):  # what can name nobody is awaited by nobody
            ref = normalised(MemberRef(RefKind.PARTNER, one), partner_id)
            values[reference_value(ref, partner_id)] = one
    rows = await snap.all(sql.BUYERS_AWAITED, {"refs": list(values)})
    return frozenset(values[bytes(row.ref)] for row in rows)


async def keys_here(snap: Snapshot, *, owner: UUID, keys: Sequence[str]) -> frozenset[str]:
    """Give those of these keys that have an outcome here."""
    return frozenset(key for _, key in await ledger.find_keys(snap, [(owner, one) for one in keys]))


async def holds_here(snap: Snapshot, *, owner: UUID, keys: Sequence[str]) -> frozenset[str]:
    """Give those of these keys whose holds are here."""
    found = await ledger.load_holds(snap, [(owner, one) for one in keys])
    return frozenset(key for _, key in found)
