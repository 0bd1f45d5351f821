"""People in pages about roll-out: their names for whoever may see them, and why one is nobody."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from hansa.modules import parties
from hansa.runtime.database import Snapshot
from hansa.runtime.http import Request

FAULTS: Mapping[str, str] = {
    "not_understood": "This is neither a number, nor an e-mail, nor a telephone.",
    "not_known": "Nobody is known by this e-mail or telephone.",
}


async def names_of_people(
    request: Request, snap: Snapshot, subject_ids: Iterable[UUID]
) -> list[dict[str, Any]]:
    """Give each with a name and a page, if it is a party and the viewer may see customers.

    Members of loyalty are known by number only.
    """
    ids = list(subject_ids)
    actor = request.actor
    may_see = actor is not None and actor.may("parties.view")
    known = await parties.get_parties(snap, party_ids=ids) if may_see and ids else {}
    return [
        {
            "id": one,
            "name": parties_name(known[one]) if one in known else str(one),
            "url": f"/office/customers/{known[one].id}" if one in known else "",
        }
        for one in ids
    ]


def parties_name(party: parties.Party) -> str:
    """Give what to call a party; without any name its number."""
    return party.display_name or party.legal_name or str(party.id)
