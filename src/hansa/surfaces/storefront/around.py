"""What stands around a product and may be a few seconds old: shops, and more goods of its kind.

Price and stock of the product itself are read with its page. Which shops there are changes once a
month; the goods below are an offer to look, and their own pages tell the truth.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from markupsafe import Markup

from hansa.modules import search, stock
from hansa.runtime.context import Context
from hansa.runtime.http import Request
from hansa.surfaces.storefront.cards import draw_cards

SHOPS_FRESH_SECONDS = 10.0
RELATED_FRESH_SECONDS = 5.0
RELATED = 4
KEPT_MAX = 2_000


class Shops:
    """The shops of each market that are open, in order: ten seconds old at most."""

    def __init__(self, context: Context) -> None:
        self._database = context.database
        self._places: Sequence[stock.Warehouse] = ()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to prepare: read when first asked for."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def of(self, market: str) -> Sequence[stock.Warehouse]:
        """Give the shops that sell in a market."""
        if monotonic() - self._read_at >= SHOPS_FRESH_SECONDS:
            async with self._reading:
                if monotonic() - self._read_at >= SHOPS_FRESH_SECONDS:
                    async with self._database.snapshot(single=True) as snap:
                        self._places = await stock.list_warehouses(snap)
                    self._read_at = monotonic()
        return [
            place
            for place in self._places
            if place.kind is stock.WarehouseKind.SHOP
            and place.is_active
            and market in place.channels
        ]


class Related:
    """Popular goods of each category as cards: five seconds old at most."""

    def __init__(self, context: Context) -> None:
        del context
        self._kept: dict[tuple[int, str, str], tuple[float, list[tuple[UUID, Markup]]]] = {}

    async def start(self) -> None:
        """Nothing to prepare: read when first asked for."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def to(self, request: Request, item: search.ProductView, *, profile_id: int) -> Markup:
        """Draw some goods of a product's own category, without itself."""
        if not item.text.breadcrumbs:
            return Markup()
        category = item.text.breadcrumbs[-1].slug
        key = (profile_id, request.language, category)
        kept = self._kept.get(key)
        if kept is None or monotonic() - kept[0] >= RELATED_FRESH_SECONDS:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            began = monotonic()
            kept = self._kept[key] = (began, await _popular(request, profile_id, category))
        others = [card for product, card in kept[1] if product != item.product_id]
        return Markup("").join(others[:RELATED])


async def _popular(request: Request, profile_id: int, category: str) -> list[tuple[UUID, Markup]]:
    try:
        listing = await search.list_items(
            request.context.service(search.Shelf),
            query=search.ListingQuery(
                profile_id=profile_id,
                language=request.language,
                category_slug=category,
                in_stock=True,
                sort=search.Sort.POPULAR,
                limit=RELATED + 1,
            ),
        )
    except search.NoSuchBranch:
        return []
    drawn = draw_cards(request, listing.items, listing.currency, level=3)
    return [(card.text.id, text) for card, text in zip(listing.items, drawn, strict=True)]
