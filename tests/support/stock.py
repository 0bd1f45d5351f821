"""Builders for stock: a chain with a warehouse and shops, goods in it, holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hansa.modules import stock
from hansa.modules.stock.checks import CHECKS
from hansa.modules.stock.reserver import Command, apply_holds
from hansa.runtime.database import Snapshot, Transaction

__all__ = ["Chain", "a_chain", "available", "findings", "hold", "hold_or_raise", "put"]


@dataclass(frozen=True)
class Chain:
    """Warehouses of a channel `ru`; the first also serves `kz`, the last serves only `kz`."""

    central: UUID = field(default_factory=uuid4)
    shop: UUID = field(default_factory=uuid4)
    abroad: UUID = field(default_factory=uuid4)

    def warehouses(self) -> list[stock.Warehouse]:
        return [
            stock.Warehouse(
                id=self.central,
                code=f"central-{self.central}",
                name={"ru": "Склад"},
                channels=("ru", "kz"),
            ),
            stock.Warehouse(
                id=self.shop,
                code=f"shop-{self.shop}",
                name={"ru": "Магазин"},
                kind=stock.WarehouseKind.SHOP,
                channels=("ru",),
            ),
            stock.Warehouse(
                id=self.abroad,
                code=f"abroad-{self.abroad}",
                name={"ru": "Алматы"},
                channels=("kz",),
            ),
        ]


async def a_chain(tx: Transaction, *, now: datetime) -> Chain:
    """Make the warehouses."""
    chain = Chain()
    await stock.save_warehouses(tx, warehouses=chain.warehouses(), now=now)
    return chain


async def put(
    tx: Transaction,
    warehouse_id: UUID,
    variant_id: UUID,
    on_hand: int | Decimal,
    *,
    as_of: datetime,
    now: datetime | None = None,
) -> stock.LevelResult:
    """Let the ERP say a number."""
    level = stock.Level(
        warehouse_id=warehouse_id, variant_id=variant_id, on_hand=Decimal(on_hand), as_of=as_of
    )
    return await stock.set_levels(tx, source="1c", levels=[level], now=now or as_of)


async def hold(
    tx: Transaction,
    lines: Sequence[tuple[UUID, int]],
    *,
    now: datetime,
    channel: str = "ru",
    key: str | None = None,
    warehouse_id: UUID | None = None,
) -> stock.Reservation | Exception:
    """Ask for goods; give the reservation or the refusal."""
    wish = stock.Hold(
        key=key or f"key-{uuid4()}",
        channel=channel,
        lines=tuple(stock.Line(variant, Decimal(quantity)) for variant, quantity in lines),
        expires_at=now + timedelta(minutes=15),
        owner="test",
        warehouse_id=warehouse_id,
    )
    [answer] = await apply_holds(tx, [Command(wish)], now=now)
    return answer


async def hold_or_raise(
    tx: Transaction,
    lines: Sequence[tuple[UUID, int]],
    *,
    now: datetime,
    channel: str = "ru",
    warehouse_id: UUID | None = None,
) -> stock.Reservation:
    """Ask for goods that are there."""
    answer = await hold(tx, lines, now=now, channel=channel, warehouse_id=warehouse_id)
    if isinstance(answer, Exception):
        raise answer
    return answer


async def available(snap: Snapshot, variant_id: UUID, *, channel: str = "ru") -> Decimal:
    """Give what the channel may sell."""
    found = await stock.availability(snap, channel=channel, variant_ids=[variant_id])
    return found[variant_id].available


async def findings(snap: Snapshot) -> list[str]:
    """Run every check of stock."""
    return [
        f"{finding.check}: {finding.subject}"
        for check in CHECKS
        for finding in await check.run(snap)
    ]
