"""The mark "sell on marketplace X", of a variant or of all variants of a card."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules import catalog
from hansa.modules.catalog import MarketplaceMark
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

MARKETPLACES_MAX = 50
_Marketplace = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{1,31}$")]


class MarkRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an item is to be sold, and where no longer; marketplaces not named stay."""

    marketplaces: Annotated[
        dict[_Marketplace, bool], msgspec.Meta(min_length=1, max_length=MARKETPLACES_MAX)
    ]


def parts(row: MarkRow) -> frozenset[str]:
    """Name the marketplaces of a row: each is ordered by itself."""
    return frozenset(row.marketplaces)


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[MarkRow]]) -> None:
    """Set marks; rows of unknown items wait for them."""
    found = await _variants(tx, intake, [message.row.key for message in messages])
    for message in messages:
        variant_ids = found.get(message.row.key)
        if variant_ids is None:
            intake.wait(message, waits_for=message.row.key)
            continue
        changed = await catalog.set_marketplace_marks(
            tx,
            marks=[
                MarketplaceMark(variant_id=variant_id, marketplace=marketplace, is_on=is_on)
                for variant_id in variant_ids
                for marketplace, is_on in message.row.marketplaces.items()
                if marketplace in message.takes
            ],
            source=intake.connection.source,
            now=intake.now,
        )
        message.fate.settle(Outcome.APPLIED if changed else Outcome.UNCHANGED)


async def _variants(
    tx: Transaction, intake: Intake, keys: Sequence[str]
) -> Mapping[str, Sequence[UUID]]:
    variants = await intake.variants(tx, keys)
    found: dict[str, Sequence[UUID]] = {key: [one.internal_id] for key, one in variants.items()}
    cards = await intake.desk.known(tx, "product", [key for key in keys if key not in found])
    of_cards = await catalog.get_variants_of_products(
        tx, product_ids=[one.internal_id for one in cards.values()]
    )
    return found | {
        key: [variant.id for variant in of_cards[one.internal_id]] for key, one in cards.items()
    }


MARKETPLACE_MARKS = Kind(
    name="marketplace-marks",
    title="Say on which marketplaces items are sold",
    owned="marketplace_marks",
    row=MarkRow,
    parts=parts,
    apply=apply,
    example={
        "key": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2",
        "sequence": 1,
        "as_of": "2026-11-22T09:00:00+03:00",
        "marketplaces": {"ozon": True, "wildberries": False},
    },
)
