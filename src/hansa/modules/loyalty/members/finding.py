"""Is somebody kept here? Asked by a front, which sends a request to the cell that knows."""

from collections.abc import Sequence
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty.members import names
from hansa.modules.loyalty.members.model import MemberRef, RefKind
from hansa.modules.loyalty.members.store import cards as store
from hansa.runtime.database import Snapshot


async def knows(
    snap: Snapshot, *, refs: Sequence[MemberRef], partner_id: UUID | None
) -> list[bool]:
    """Tell for each name, in any spelling, whether it is a member's who is kept here.

    A card that was printed here and is nobody's yet counts too; what can name nobody does not.
    """
    named = [_name(ref, partner_id) for ref in refs]
    wanted = list({name for name in named if name is not None})
    if not wanted:
        return [False] * len(refs)
    found = set(await names.owners(snap, wanted))
    free = {name.value: name for name in wanted if name.kind is RefKind.CARD}
    if free:
        rows = await snap.all(store.PRINTED_OF, {"values": list(free)})
        found |= {free[bytes(row.value)] for row in rows}
    return [name in found for name in named]


def _name(ref: MemberRef, partner_id: UUID | None) -> names.Name | None:
    try:
        return names.name_of(ref, partner_id)
    except HansaError:
        return None
