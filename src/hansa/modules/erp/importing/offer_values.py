"""Prices and stock of offers whose variants exist."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import pricing, stock
from hansa.modules.erp.commerceml import Offer, PriceType, Warehouse
from hansa.modules.erp.commerceml import Price as OfferPrice
from hansa.modules.erp.importing import dictionaries, owning
from hansa.modules.erp.importing.desk import Desk, Reference
from hansa.modules.erp.model import Action
from hansa.runtime.database import Transaction

NOTES_OF_A_KIND_MAX = 1_000

Told = Mapping[str, Sequence[tuple[str | None, Decimal]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Offers whose goods are known, with the variants that stand behind them."""

    offers: Mapping[str, Offer]
    variant_ids: Mapping[str, UUID]


async def apply_prices(tx: Transaction, desk: Desk, batch: Batch, *, now: datetime) -> None:
    """Set the prices offers name; a price of zero takes the price away."""
    priced = {one: offer for one, offer in batch.offers.items() if offer.prices}
    if not priced or not owning.owned(desk, "prices"):
        return
    types = await desk.all_of(tx, "price_type")
    missing = {
        each.type_id or ""
        for offer in priced.values()
        for each in offer.prices or ()
        if (each.type_id or "") not in types
    }
    if missing:
        found = [PriceType(one, one or "Цена") for one in sorted(missing)]
        types = await dictionaries.ensure_price_types(tx, desk, found, now=now)
    wanted: list[pricing.Price] = []
    gone: list[pricing.PriceKey] = []
    external = {id_: one for one, id_ in batch.variant_ids.items()}
    for one, offer in priced.items():
        for each in offer.prices or ():
            price = _price(desk, one, each, types.get(each.type_id or ""), batch.variant_ids[one])
            if price is None:
                continue
            if price.amount == 0:
                gone.append(
                    pricing.PriceKey(price.price_list_id, price.variant_id, price.min_quantity)
                )
            else:
                wanted.append(price)
    if gone:
        removed = await pricing.remove_prices(tx, keys=gone, now=now)
        desk.counts["prices_removed"] += len(removed)
    result = await pricing.set_prices(tx, prices=wanted, now=now)
    desk.counts["prices"] += len(result.created) + len(result.changed)
    desk.counts["prices_kept"] += len(result.kept)
    for price in result.changed:
        desk.note(
            "price",
            Action.CHANGED,
            external_id=external[price.variant_id],
            internal_id=price.variant_id,
            title=priced[external[price.variant_id]].name or "",
            details={"amount": str(price.amount)},
        )
    for refusal in result.refused:
        desk.refuse("price", external[refusal.price.variant_id], refusal.error)


def _price(
    desk: Desk, external_id: str, price: OfferPrice, list_: Reference | None, variant_id: UUID
) -> pricing.Price | None:
    if list_ is None:
        desk.note(
            "price",
            Action.REFUSED,
            external_id=external_id,
            code="erp.price_type_refused",
            reason=f"There is no price list for the price type {price.type_id}.",
        )
        return None
    currency = list_.details.get("currency")
    if price.currency is not None and price.currency != currency:
        desk.note(
            "price",
            Action.REFUSED,
            external_id=external_id,
            code="erp.other_currency",
            reason=f"The price is in {price.currency}, its price list in {currency}.",
        )
        return None
    amount = price.amount
    if price.factor is not None and price.factor > 0 and price.factor != 1:
        # The price is of a pack; the shop sells by the base unit.
        amount = (amount / price.factor).quantize(Decimal("0.000001"))
    least = price.min_quantity
    return pricing.Price(
        price_list_id=list_.internal_id,
        variant_id=variant_id,
        amount=amount,
        min_quantity=least if least is not None and least > 0 else Decimal(1),
    )


async def apply_stock(
    tx: Transaction, desk: Desk, batch: Batch, *, as_of: datetime, now: datetime
) -> None:
    """Set the quantities offers name, as of the instant their file was formed."""
    told: Told = {
        one: offer.stock for one, offer in batch.offers.items() if offer.stock is not None
    }
    if not told or not owning.owned(desk, "stock"):
        return
    places = await _places(tx, desk, told.values(), now=now)
    if foreign := await owning.foreign_warehouses(tx, desk):
        told = _without(desk, told, places, foreign)
    levels = [
        stock.Level(
            warehouse_id=places[warehouse],
            variant_id=batch.variant_ids[one],
            on_hand=quantity,
            as_of=as_of,
        )
        for one, rows in told.items()
        for warehouse, quantity in rows
    ]
    result = await stock.set_levels(
        tx,
        source=desk.connection.source,
        levels=levels,
        now=now,
        policy=stock.Containment(desk.connection.stock_policy),
    )
    desk.counts["levels"] += result.changed
    desk.counts["levels_unchanged"] += result.unchanged
    desk.counts["levels_stale"] += result.stale
    if desk.is_full:
        known = set(desk.facts.get("warehouses", ()))
        known |= {str(places[warehouse]) for rows in told.values() for warehouse, _ in rows}
        desk.facts["warehouses"] = sorted(known)
        desk.facts["stocked"] = desk.facts.get("stocked", 0) + len(told)
    _note_levels(desk, batch, result)


def _without(
    desk: Desk, told: Told, places: Mapping[str | None, UUID], foreign: frozenset[UUID]
) -> Told:
    """Leave out the stock of warehouses that other connections tell."""
    noted = desk.facts.setdefault("foreign", [])
    for name in sorted(str(one) for one, place in places.items() if place in foreign):
        if name not in noted:
            noted.append(name)
            desk.note(
                "stock",
                Action.NOTED,
                external_id=name,
                code="erp.warehouse_not_owned",
                reason=f"The stock of the warehouse {name} is told by another connection.",
            )
    return {
        one: [(name, quantity) for name, quantity in rows if places[name] not in foreign]
        for one, rows in told.items()
    }


def _note_levels(desk: Desk, batch: Batch, result: stock.LevelResult) -> None:
    if not (result.negative or result.refused):
        return
    external = {id_: one for one, id_ in batch.variant_ids.items()}
    for level in result.negative:
        if desk.counts["negative"] < NOTES_OF_A_KIND_MAX:
            desk.note(
                "stock",
                Action.NOTED,
                external_id=external[level.variant_id],
                internal_id=level.variant_id,
                code="erp.negative_stock",
                reason=f"The quantity {level.on_hand} is below zero and counts as none.",
            )
        desk.counts["negative"] += 1
    for refusal in result.refused:
        desk.note(
            "stock",
            Action.REFUSED,
            external_id=external[refusal.level.variant_id],
            internal_id=refusal.level.variant_id,
            code=f"stock.{refusal.reason}",
            reason={
                "unknown_warehouse": "The warehouse does not exist.",
                "absurd_quantity": "The quantity is beyond all reason.",
                "from_the_future": "The file says that it was formed more than a day from now.",
            }.get(refusal.reason, refusal.reason),
        )


async def _places(
    tx: Transaction,
    desk: Desk,
    told: Iterable[Sequence[tuple[str | None, Decimal]]],
    *,
    now: datetime,
) -> dict[str | None, UUID]:
    """Give the warehouse of each outside id, making those that are not known."""
    named = {warehouse for rows in told for warehouse, _ in rows}
    known = await desk.all_of(tx, "warehouse")
    missing = sorted(one for one in named if one is not None and one not in known)
    if missing:
        unnamed = [Warehouse(one, one) for one in missing]
        known = await dictionaries.ensure_warehouses(tx, desk, unnamed, now=now)
    places: dict[str | None, UUID] = {
        one: known[one].internal_id for one in named if one is not None
    }
    if None in named:
        places[None] = await dictionaries.default_warehouse(tx, desk, now=now)
    return places
