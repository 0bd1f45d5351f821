"""The invariants of stock, proven by reading (`hansa check stock`)."""

from typing import LiteralString

from hansa.modules.stock.store import checking as sql
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100


def _check(name: str, statement: LiteralString, message: str) -> Check:
    async def run(snap: Snapshot) -> list[Finding]:
        rows = await snap.all(statement, {"limit": FINDINGS_MAX})
        return [
            Finding(
                check=name,
                subject=", ".join(f"{column} {value}" for column, value in row._asdict().items()),
                message=message,
            )
            for row in rows
        ]

    return Check(area="stock", name=name, run=run)


CHECKS = (
    _check(
        "stock.counters",
        sql.COUNTERS_DIFFER,
        "A counter is not the sum of levels and open reservations.",
    ),
    _check(
        "stock.links",
        sql.LINKS_DIFFER,
        "Channels are not linked as their warehouses say. Save the warehouses again.",
    ),
    _check(
        "stock.shelves",
        sql.SHELVES_DIFFER,
        "What a warehouse has reserved or withheld is not the sum of what is bound and corrected.",
    ),
    _check(
        "stock.bindings",
        sql.BINDINGS_WRONG,
        "A shelf claims more of an order than is open of it.",
    ),
    _check(
        "stock.journal_shelves",
        sql.JOURNAL_DIFFERS_SHELVES,
        "The journal does not add up to what is bound and withheld.",
    ),
    _check(
        "stock.journal_on_hand",
        sql.JOURNAL_DIFFERS_ON_HAND,
        "The journal does not add up to the number on hand.",
    ),
    _check(
        "stock.journal_reserved",
        sql.JOURNAL_DIFFERS_RESERVED,
        "The journal does not add up to what is reserved.",
    ),
    _check(
        "stock.states",
        sql.STATES_WRONG,
        "A reservation's state does not fit what is open of its lines.",
    ),
    _check(
        "stock.shipments",
        sql.SHIPMENTS_WRONG,
        "More has left than is open of a reservation's line.",
    ),
    _check(
        "stock.warehouses",
        sql.WAREHOUSES_UNKNOWN,
        "Levels of a warehouse that does not exist.",
    ),
)
