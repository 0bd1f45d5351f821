"""What changes baskets and the ways of delivery."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.contracts.checkout import BasketsMerged
from hansa.kernel.identifiers import new_id
from hansa.kernel.quantity import PIECE
from hansa.modules import catalog, drops, pricing
from hansa.modules.checkout import model, store
from hansa.modules.checkout.form import DeliveryMethod, Details
from hansa.modules.checkout.model import (
    QUANTITY_MAX,
    BasketFull,
    BasketId,
    BasketView,
    NotSold,
    Owner,
    QuantityInvalid,
)
from hansa.runtime.database import Transaction


async def add_line(
    tx: Transaction,
    *,
    owner: Owner,
    market: str,
    variant_id: UUID,
    quantity: Decimal,
    profile: pricing.PriceProfile,
    now: datetime,
) -> BasketId:
    """Add so many of a variant to somebody's basket, which is made if need be.

    Raises:
        NotSold: the variant does not exist or has no price for this person.
        drops.NotOpenYet: it belongs to a drop that has not opened.
        QuantityInvalid: not from 1 to 9999, or a part of a piece.
        BasketFull: 100 different items are in it.
    """
    return await _put(
        tx,
        owner=owner,
        market=market,
        variant_id=variant_id,
        quantity=quantity,
        is_addition=True,
        profile=profile,
        now=now,
    )


async def set_quantity(
    tx: Transaction,
    *,
    owner: Owner,
    market: str,
    variant_id: UUID,
    quantity: Decimal,
    profile: pricing.PriceProfile,
    now: datetime,
) -> BasketId | None:
    """Set how many of a variant are in somebody's basket; zero takes the line out.

    Raises: as `add_line`.
    """
    if quantity == 0:
        await remove_line(tx, owner=owner, market=market, variant_id=variant_id, now=now)
        return None
    return await _put(
        tx,
        owner=owner,
        market=market,
        variant_id=variant_id,
        quantity=quantity,
        is_addition=False,
        profile=profile,
        now=now,
    )


async def _put(  # noqa: PLR0913 - what a line is made of
    tx: Transaction,
    *,
    owner: Owner,
    market: str,
    variant_id: UUID,
    quantity: Decimal,
    is_addition: bool,
    profile: pricing.PriceProfile,
    now: datetime,
) -> BasketId:
    if not 0 < quantity <= QUANTITY_MAX:
        raise QuantityInvalid
    variant = (await catalog.get_variants(tx, variant_ids=[variant_id])).get(variant_id)
    if variant is None or not variant.is_active:
        raise NotSold(variant_id)
    await drops.check_open(tx, product_ids=[variant.product_id], now=now)
    if variant.unit == PIECE and quantity != quantity.to_integral_value():
        raise QuantityInvalid
    quotes = await pricing.quote(tx, profile=profile, lines=[(variant_id, quantity)], now=now)
    if variant_id not in quotes:
        raise NotSold(variant_id)
    basket_id = await store.put_line(
        tx,
        basket_id=BasketId(new_id(now)),
        owner=owner,
        market=market,
        variant_id=variant_id,
        quantity=quantity,
        quantity_max=QUANTITY_MAX,
        is_addition=is_addition,
        shown_price=quotes[variant_id].unit.amount,
        now=now,
    )
    if basket_id is None:
        raise BasketFull
    return basket_id


async def remove_line(
    tx: Transaction, *, owner: Owner, market: str, variant_id: UUID, now: datetime
) -> None:
    """Take a variant out of somebody's basket. What is not in it needs no taking out."""
    await store.remove_line(tx, owner=owner, market=market, variant_id=variant_id, now=now)


async def save_details(
    tx: Transaction, *, owner: Owner, market: str, details: Details, now: datetime
) -> bool:
    """Keep what was typed into the checkout form so far; False if there is no basket yet."""
    return await store.save_details(tx, owner=owner, market=market, details=details, now=now)


async def confirm_prices(tx: Transaction, *, view: BasketView) -> None:
    """Note that the shopper has seen today's prices: from now on they are not told as changed."""
    if view.id is not None:
        await store.confirm_prices(
            tx,
            basket_id=view.id,
            prices=[
                (line.variant_id, line.unit_price.amount)
                for line in view.lines
                if line.unit_price is not None
            ],
        )


async def merge_baskets(
    tx: Transaction, *, guest: Owner, party_id: UUID, market: str, now: datetime
) -> BasketId | None:
    """Make a guest's basket part of the party's own one, at sign-in; give the own basket.

    Of an item in both the greater quantity counts. Calling again changes nothing.
    """
    found = await store.find_basket(tx, owner=guest, market=market)
    own = await store.find_basket(tx, owner=Owner(party_id=party_id), market=market)
    if found is None:
        return None if own is None else own.id
    if own is None:
        await store.give_to_party(tx, basket_id=found.id, party_id=party_id, now=now)
        return found.id
    for basket_id in sorted((found.id, own.id)):
        await store.lock_basket(tx, basket_id=basket_id)
    if found.lines:
        lines = model.merge_lines(own.lines, found.lines)
        await store.replace_lines(tx, basket_id=own.id, lines=lines)
    details = own.details if own.details != Details() else found.details
    await store.save_details(
        tx, owner=Owner(party_id=party_id), market=market, details=details, now=now
    )
    await store.delete_basket(tx, basket_id=found.id)
    await tx.publish(
        BasketsMerged(basket_id=own.id, absorbed_id=found.id, market=market, party_id=party_id)
    )
    return own.id


async def save_delivery_methods(tx: Transaction, *, methods: Iterable[DeliveryMethod]) -> None:
    """Create or change ways of delivery, by market and code."""
    await store.save_delivery_methods(tx, methods)


async def forget_baskets(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Remove baskets nobody has touched since an instant; give how many."""
    return await store.forget_baskets(tx, before=before, limit=limit)
