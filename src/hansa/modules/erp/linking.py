"""Telling beforehand what an ERP calls our things, so that its first files find them."""

from collections.abc import Mapping
from uuid import UUID

from hansa.modules.erp.model import Connection
from hansa.modules.erp.store import references
from hansa.runtime.database import Transaction


async def link_references(
    tx: Transaction, *, connection: Connection, kind: str, links: Mapping[str, UUID]
) -> None:
    """Keep outside ids of our things; `kind` is product, variant, warehouse, price_type or group.

    An id that is known is led to the thing named here.
    """
    count = len(links)
    await tx.execute(
        references.SAVE_REFERENCES,
        {
            "connection_id": connection.id,
            "kind": kind,
            "external_ids": list(links),
            "internal_ids": list(links.values()),
            "digests": [None] * count,
            "details": ["{}"] * count,
            "gone": [False] * count,
            "scope": "",
            "seen_in": None,
        },
    )
