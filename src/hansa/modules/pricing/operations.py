"""Changes of prices: lists, groups, and bulk saves by imports and persons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.contracts.pricing import PricesChanged, ProfilesChanged
from hansa.modules import accounts
from hansa.modules.pricing import store
from hansa.modules.pricing.model import (
    GROUP_CODE,
    CodeTaken,
    CustomerGroup,
    GroupInvalid,
    NoSuchGroup,
    NoSuchPriceList,
    OtherCurrency,
    Price,
    PriceKey,
    PriceList,
    PriceRefusal,
    SaveResult,
    price_error,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

VARIANTS_PER_EVENT = 500
PRICES_PER_ENTRY = 50


async def save_groups(
    tx: Transaction,
    *,
    groups: Sequence[CustomerGroup],
    now: datetime,
    by: Actor | None = None,
) -> None:
    """Create customer groups or rename them, by code.

    Raises:
        GroupInvalid: a code is not letters, digits, dots, hyphens and underscores, 64 at most.
    """
    for group in groups:
        if not GROUP_CODE.fullmatch(group.code):
            raise GroupInvalid(group.code[:80])
    before = {row.code: row.name for row in await tx.all(store.GROUPS)}
    await tx.execute(
        store.SAVE_GROUPS,
        {
            "codes": [group.code for group in groups],
            "names": [msgspec.json.encode(group.name).decode() for group in groups],
            "now": now,
        },
    )
    for group in groups if by is not None else ():
        if before.get(group.code) != group.name:
            await accounts.record(
                tx,
                actor=by,
                action="pricing.group_saved",
                subject_kind="customer_group",
                subject_id=group.code,
                before={"name": before.get(group.code)},
                after={"name": dict(group.name)},
                now=now,
            )


async def set_group(
    tx: Transaction,
    *,
    party_id: UUID,
    group: str | None,
    now: datetime,
    by: Actor | None = None,
) -> None:
    """Put a party into a customer group, or into none.

    Raises:
        NoSuchGroup: there is no group with this code.
    """
    before = await tx.scalar(store.GROUP_OF_PARTY, {"party_id": party_id})
    if group is None:
        await tx.execute(store.REMOVE_MEMBER, {"party_id": party_id})
    elif group not in {row.code for row in await tx.all(store.GROUPS)}:
        raise NoSuchGroup(group)
    else:
        await tx.execute(store.SET_MEMBER, {"party_id": party_id, "group": group, "now": now})
    if by is not None and before != group:
        await accounts.record(
            tx,
            actor=by,
            action="pricing.group_set",
            subject_kind="party",
            subject_id=party_id,
            before={"group": before},
            after={"group": group},
            now=now,
        )


async def save_price_lists(
    tx: Transaction,
    *,
    price_lists: Sequence[PriceList],
    now: datetime,
    by: Actor | None = None,
) -> None:
    """Create or change price lists by id; what that changes for shoppers is published.

    Raises:
        NoSuchGroup: a list is for a group that does not exist.
        OtherCurrency: another list of the market is in another currency.
        CodeTaken: another list has the code.
    """
    await tx.execute(store.LOCK_LISTS)
    held = {row.id: store.list_of(row) for row in await tx.all(store.LISTS)}
    groups = {row.code for row in await tx.all(store.GROUPS)}
    for price_list in price_lists:
        before = held.get(price_list.id)
        if before == price_list:
            continue
        _check_list(price_list, held, groups)
        held[price_list.id] = price_list
        await tx.execute(store.SAVE_LIST, _list_columns(price_list, now))
        if before is not None:
            await publish_lists(tx, [price_list.id], {before.market, price_list.market})
        if by is not None:
            await accounts.record(
                tx,
                actor=by,
                action="pricing.list_saved",
                subject_kind="price_list",
                subject_id=price_list.id,
                before=None if before is None else msgspec.to_builtins(before),
                after=msgspec.to_builtins(price_list),
                now=now,
            )
    made = await tx.all(store.ENSURE_PROFILES)
    if made:
        await tx.publish(ProfilesChanged(profile_ids=tuple(row.id for row in made)))


def _check_list(price_list: PriceList, held: dict[UUID, PriceList], groups: set[str]) -> None:
    if price_list.customer_group is not None and price_list.customer_group not in groups:
        raise NoSuchGroup(price_list.customer_group)
    for other in held.values():
        if other.id == price_list.id:
            continue
        if other.market == price_list.market and other.currency != price_list.currency:
            raise OtherCurrency(other.market, other.currency)
        if other.code == price_list.code:
            raise CodeTaken(price_list.code)


def _list_columns(price_list: PriceList, now: datetime) -> dict[str, object]:
    return {
        "id": price_list.id,
        "code": price_list.code,
        "name": msgspec.json.encode(price_list.name).decode(),
        "market": price_list.market,
        "currency": price_list.currency,
        "customer_group": price_list.customer_group,
        "priority": price_list.priority,
        "is_active": price_list.is_active,
        "valid_from": price_list.valid.starts_at,
        "valid_until": price_list.valid.ends_at,
        "was_effective": price_list.is_effective_at(now),
        "now": now,
    }


async def publish_lists(tx: Transaction, list_ids: Sequence[UUID], markets: Iterable[str]) -> None:
    """Publish that every price of these lists may count differently now."""
    found = await tx.all(store.VARIANTS_OF_LISTS, {"ids": list(list_ids)})
    await _publish(tx, {market: {row.variant_id for row in found} for market in markets})


async def _publish(tx: Transaction, variants_by_market: dict[str, set[UUID]]) -> None:
    events = []
    for market, variant_ids in sorted(variants_by_market.items()):
        ids = sorted(variant_ids)
        events += [
            PricesChanged(market=market, variant_ids=tuple(ids[start : start + VARIANTS_PER_EVENT]))
            for start in range(0, len(ids), VARIANTS_PER_EVENT)
        ]
    await tx.publish(*events)


async def flip_lists(tx: Transaction, *, now: datetime) -> None:
    """Publish the prices of lists whose period began or ended since the last call."""
    flipped = await tx.all(store.FLIP_LISTS, {"now": now})
    for row in flipped:
        await publish_lists(tx, [row.id], {row.market})


async def set_prices(
    tx: Transaction, *, prices: Sequence[Price], now: datetime, by: Actor | None = None
) -> SaveResult:
    """Set prices, thousands at a time; only real changes are written, remembered and published.

    A price set by a person (`by`) is marked as overridden: an import (no `by`) leaves it alone
    until `reset_price_overrides`. An absurd price, or one of an unknown list, is refused alone.
    The last of several for the same key counts.
    """
    lists = {row.id: store.list_of(row) for row in await tx.all(store.LISTS)}
    refused = []
    wanted: dict[PriceKey, Price] = {}
    for price in prices:
        error = price_error(price)
        if error is None and price.price_list_id not in lists:
            error = NoSuchPriceList(price.price_list_id)
        if error is None:
            wanted[_key(price)] = price
        else:
            refused.append(PriceRefusal(price=price, error=error))
    before = await _lock(tx, wanted)
    created, changed, unchanged, kept = [], [], [], []
    for key, price in wanted.items():
        held = before.get(key)
        if held is None:
            created.append(price)
        elif by is None and held.is_overridden:
            kept.append(price)
        elif (held.amount, held.compare_at) == (price.amount, price.compare_at):
            unchanged.append(price)
        else:
            changed.append(price)
    await _write(tx, created + changed, before, now=now, by=by)
    await _publish_keys(tx, [_key(price) for price in created + changed], lists)
    if by is not None and created + changed:
        await _record_prices(tx, created + changed, before, by=by, now=now)
    return SaveResult(
        created=tuple(created),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        kept=tuple(kept),
        refused=tuple(refused),
    )


async def _record_prices(
    tx: Transaction,
    prices: Sequence[Price],
    before: dict[PriceKey, Price],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Write one entry for each list; the history of each price has the rest."""
    for list_id in sorted({price.price_list_id for price in prices}):
        own = [price for price in prices if price.price_list_id == list_id]
        told = own[:PRICES_PER_ENTRY]
        await accounts.record(
            tx,
            actor=by,
            action="pricing.prices_set",
            subject_kind="price_list",
            subject_id=list_id,
            before={
                str(price.variant_id): str(held.amount)
                for price in told
                if (held := before.get(_key(price))) is not None
            },
            after={"count": len(own)}
            | {str(price.variant_id): str(price.amount) for price in told},
            now=now,
        )


def _key(price: Price) -> PriceKey:
    return PriceKey(price.price_list_id, price.variant_id, price.min_quantity)


def _key_columns(keys: Iterable[PriceKey]) -> dict[str, object]:
    listed = list(keys)
    return {
        "list_ids": [key.price_list_id for key in listed],
        "variant_ids": [key.variant_id for key in listed],
        "quantities": [key.min_quantity for key in listed],
    }


async def _lock(tx: Transaction, keys: Iterable[PriceKey]) -> dict[PriceKey, Price]:
    found = await tx.all(store.LOCK_PRICES, _key_columns(keys))
    return {_key(price): price for price in map(store.price_of, found)}


async def _write(
    tx: Transaction,
    prices: Sequence[Price],
    before: dict[PriceKey, Price],
    *,
    now: datetime,
    by: Actor | None,
) -> None:
    if not prices:
        return
    keys = [_key(price) for price in prices]
    columns = _key_columns(keys)
    await tx.execute(
        store.SAVE_PRICES,
        columns
        | {
            "amounts": [price.amount for price in prices],
            "compare_at": [price.compare_at for price in prices],
            "by_person": by is not None,
            "now": now,
        },
    )
    after = {_key(price): price for price in prices}
    await _remember(tx, keys, before, after, now=now, by=by)


async def _remember(
    tx: Transaction,
    keys: Sequence[PriceKey],
    before: dict[PriceKey, Price],
    after: dict[PriceKey, Price],
    *,
    now: datetime,
    by: Actor | None,
) -> None:
    def amounts(prices: dict[PriceKey, Price], field: str) -> list[Decimal | None]:
        return [getattr(prices[key], field) if key in prices else None for key in keys]

    await tx.execute(
        store.REMEMBER_CHANGES,
        _key_columns(keys)
        | {
            "amounts_before": amounts(before, "amount"),
            "amounts_after": amounts(after, "amount"),
            "compare_at_before": amounts(before, "compare_at"),
            "compare_at_after": amounts(after, "compare_at"),
            "by": None if by is None else by.id,
            "now": now,
        },
    )


async def _publish_keys(
    tx: Transaction, keys: Sequence[PriceKey], lists: dict[UUID, PriceList]
) -> None:
    variants: dict[str, set[UUID]] = {}
    for key in keys:
        variants.setdefault(lists[key.price_list_id].market, set()).add(key.variant_id)
    await _publish(tx, variants)


async def remove_prices(
    tx: Transaction, *, keys: Sequence[PriceKey], now: datetime, by: Actor | None = None
) -> tuple[PriceKey, ...]:
    """Take prices away; an import leaves those alone that a person has set. Give the removed."""
    before = await _lock(tx, keys)
    removed = [key for key, held in before.items() if by is not None or not held.is_overridden]
    if removed:
        await tx.execute(store.DELETE_PRICES, _key_columns(removed))
        await _remember(tx, removed, before, {}, now=now, by=by)
        lists = {row.id: store.list_of(row) for row in await tx.all(store.LISTS)}
        await _publish_keys(tx, removed, lists)
    return tuple(removed)


async def reset_price_overrides(
    tx: Transaction, *, keys: Sequence[PriceKey], by: Actor, now: datetime
) -> None:
    """Let imports set these prices again; they stay as they are until the next import."""
    await tx.execute(store.RESET_OVERRIDES, _key_columns(keys))
    for key in keys:
        await accounts.record(
            tx,
            actor=by,
            action="pricing.override_reset",
            subject_kind="variant",
            subject_id=key.variant_id,
            before=None,
            after={
                "price_list_id": str(key.price_list_id),
                "min_quantity": str(key.min_quantity),
            },
            now=now,
        )
