"""Reads of prices; those that take several ids are one statement however many."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.kernel.money import exponent
from hansa.modules.pricing import store
from hansa.modules.pricing.model import (
    CustomerGroup,
    PiecePrice,
    Price,
    PriceChange,
    PriceKey,
    PriceList,
    PriceProfile,
    QuotedPrice,
    in_order,
    levels,
    quoted,
)
from hansa.runtime.database import Snapshot

_NEWEST = 2**62


async def list_groups(snap: Snapshot) -> tuple[CustomerGroup, ...]:
    """Give every customer group."""
    return tuple(store.group_of(row) for row in await snap.all(store.GROUPS))


async def group_of_party(snap: Snapshot, *, party_id: UUID) -> str | None:
    """Give the code of the customer group a party is in, if any."""
    group: str | None = await snap.scalar(store.GROUP_OF_PARTY, {"party_id": party_id})
    return group


async def list_price_lists(snap: Snapshot) -> tuple[PriceList, ...]:
    """Give every price list, by market and code."""
    return tuple(store.list_of(row) for row in await snap.all(store.LISTS))


async def list_profiles(snap: Snapshot) -> tuple[PriceProfile, ...]:
    """Give every profile with its lists in the order they are asked."""
    lists = await list_price_lists(snap)
    return tuple(
        PriceProfile(
            id=row.id,
            market=row.market,
            customer_group=row.customer_group,
            lists=in_order(
                each
                for each in lists
                if each.market == row.market and each.customer_group in {None, row.customer_group}
            ),
        )
        for row in await snap.all(store.PROFILES)
    )


def choose_profile(
    profiles: Iterable[PriceProfile], *, market: str, group: str | None
) -> PriceProfile:
    """Choose the group's profile in the market, else everybody's, else one without prices."""
    found = {each.customer_group: each for each in profiles if each.market == market}
    if group in found:
        return found[group]
    return found.get(None) or PriceProfile(id=0, market=market, customer_group=None, lists=())


async def profile_of(snap: Snapshot, *, market: str, party_id: UUID | None) -> PriceProfile:
    """Give what a person's prices depend on, read afresh. Pages use the `Profiles` service."""
    group = None if party_id is None else await group_of_party(snap, party_id=party_id)
    return choose_profile(await list_profiles(snap), market=market, group=group)


async def quote(
    snap: Snapshot,
    *,
    profile: PriceProfile,
    lines: Sequence[tuple[UUID, Decimal]],
    now: datetime,
) -> dict[UUID, QuotedPrice]:
    """Price variants at quantities; a variant without a price is absent. One statement.

    A variant named twice is priced at the last quantity: merge the lines of a basket first.
    """
    found = await snap.all(
        store.PRICES_OF_VARIANTS,
        {
            "variant_ids": [variant_id for variant_id, _ in lines],
            "list_ids": [each.id for each in profile.lists],
        },
    )
    prices: dict[UUID, dict[UUID, list[Price]]] = {}
    for row in found:
        by_list = prices.setdefault(row.variant_id, {})
        by_list.setdefault(row.price_list_id, []).append(store.price_of(row))
    quotes = {
        variant_id: quoted(profile, prices.get(variant_id, {}), quantity, now)
        for variant_id, quantity in lines
    }
    return {variant_id: price for variant_id, price in quotes.items() if price is not None}


async def piece_prices(
    snap: Snapshot,
    *,
    profiles: Sequence[PriceProfile],
    variant_ids: Sequence[UUID],
    now: datetime,
) -> dict[int, dict[UUID, PiecePrice]]:
    """Price single pieces for several profiles at once, by profile id and variant id.

    The same rule as `quote`, in whole minor units; made for projections of many thousands.
    """
    currency = {each.id: each.currency for profile in profiles for each in profile.lists}
    found = await snap.all(
        store.PIECE_PRICES,
        {
            "variant_ids": list(variant_ids),
            "list_ids": list(currency),
            "minor_per_unit": [10 ** exponent(code) for code in currency.values()],
        },
    )
    by_list: dict[UUID, dict[UUID, tuple[Decimal, int, int | None]]] = {}
    for variant_id, list_id, min_quantity, minor, compare_at in found:
        prices = by_list.setdefault(list_id, {})
        held = prices.get(variant_id)
        if held is None or held[0] < min_quantity:
            prices[variant_id] = (min_quantity, minor, compare_at)
    return {profile.id: _priced(profile, by_list, variant_ids, now) for profile in profiles}


def _priced(
    profile: PriceProfile,
    by_list: dict[UUID, dict[UUID, tuple[Decimal, int, int | None]]],
    variant_ids: Sequence[UUID],
    now: datetime,
) -> dict[UUID, PiecePrice]:
    ranked = [
        (level[0].customer_group is None, [(each.id, by_list.get(each.id, {})) for each in level])
        for level in levels(profile.lists, now)
    ]
    priced: dict[UUID, PiecePrice] = {}
    for variant_id in variant_ids:
        winner: tuple[int, int | None, UUID] | None = None
        base: int | None = None
        for is_for_everybody, level in ranked:
            best: tuple[int, int | None, UUID] | None = None
            for list_id, prices in level:
                held = prices.get(variant_id)
                if held is not None and (best is None or held[1] < best[0]):
                    best = (held[1], held[2], list_id)
            if best is None:
                continue
            winner = winner or best
            if is_for_everybody:
                base = best[0]
                break
        if winner is None:
            continue
        minor, was, list_id = winner
        if was is None or was <= minor:
            was = base if base is not None and base > minor else None
        priced[variant_id] = PiecePrice(minor, was, list_id)
    return priced


async def list_prices_of_variants(
    snap: Snapshot, *, variant_ids: Sequence[UUID]
) -> tuple[Price, ...]:
    """Give every price of some variants, of all lists."""
    found = await snap.all(
        store.PRICES_OF_VARIANTS, {"variant_ids": list(variant_ids), "list_ids": None}
    )
    return tuple(store.price_of(row) for row in found)


async def list_prices(
    snap: Snapshot, *, price_list_id: UUID, after: PriceKey | None = None, limit: int = 50
) -> tuple[Price, ...]:
    """Give the prices of a list in the order of variants, from after a key on."""
    found = await snap.all(
        store.PRICES_OF_LIST,
        {
            "list_id": price_list_id,
            "after_variant": after.variant_id if after else UUID(int=0),
            "after_quantity": after.min_quantity if after else Decimal(0),
            "limit": limit,
        },
    )
    return tuple(store.price_of(row) for row in found)


async def list_price_changes(
    snap: Snapshot, *, variant_ids: Sequence[UUID], before: int | None = None, limit: int = 50
) -> tuple[PriceChange, ...]:
    """Give the history of prices of variants, newest first; `before` is the last id seen."""
    found = await snap.all(
        store.PRICE_CHANGES,
        {
            "variant_ids": list(variant_ids),
            "before": _NEWEST if before is None else before,
            "limit": limit,
        },
    )
    return tuple(store.change_of(row) for row in found)
