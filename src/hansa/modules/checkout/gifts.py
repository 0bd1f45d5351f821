"""The gift that comes with a basket's goods."""

from datetime import datetime

from hansa.kernel.money import Money
from hansa.modules import catalog, promotions
from hansa.modules.checkout.model import Gift, GiftLine
from hansa.modules.checkout.offers import Offer
from hansa.modules.checkout.pictures import picture_of
from hansa.runtime.database import Snapshot


async def gift_for(snap: Snapshot, *, offer: Offer, goods: Money, now: datetime) -> Gift:
    """Say what comes with goods of so much now.

    Things that are not in the catalogue any more are left out. Whether the rest is in stock is
    found when the order is placed.
    """
    found = promotions.offer_for(goods, offer.gifts_at(now))
    lines = () if found.gift is None else await _lines(snap, found.gift)
    return Gift(
        name=found.gift.name if found.gift is not None and lines else None,
        lines=lines,
        next_name=None if found.next_gift is None else found.next_gift.name,
        missing=found.missing,
    )


async def _lines(snap: Snapshot, gift: promotions.GiftSet) -> tuple[GiftLine, ...]:
    wanted = {item.variant_id: item.quantity for item in gift.items}
    variants = await catalog.get_variants(snap, variant_ids=list(wanted))
    products = await catalog.get_products(
        snap, product_ids=list({variant.product_id for variant in variants.values()})
    )
    return tuple(
        GiftLine(
            variant_id=variant_id,
            product_id=product.id,
            sku=variant.sku,
            name=product.name,
            options=variant.options,
            unit=variant.unit,
            quantity=quantity,
            image=picture_of(product, variant),
        )
        for variant_id, quantity in wanted.items()
        if (variant := variants.get(variant_id)) is not None
        and variant.is_active
        and (product := products.get(variant.product_id)) is not None
    )
