"""Whether the ERP's numbers include the movement of an order: pure, and the heart of the matter.

A reservation is subtracted from what the ERP says until the ERP's own number has become smaller by
it. Lifted too early, the goods are sold twice; too late, they are not sold although they are there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hansa.modules.stock.model import ZERO, Containment

ANY_SOURCE = ""


class Told(NamedTuple):
    """What an ERP was told of an order, as far as it matters to its numbers.

    `position` is the number of the message that carried it, `received_at` the instant by the ERP's
    clock at which it took it, `sent_at` the one by ours at which we learned so. `is_complete`: it
    knows the bindings the order has. Of an empty `source` any ERP may have been meant.
    """

    source: str
    position: int | None
    received_at: datetime | None
    sent_at: datetime
    is_complete: bool

    @property
    def since(self) -> datetime:
        """Numbers formed from here on may include the order, by this ERP's clock."""
        return self.received_at or self.sent_at


class Reported(NamedTuple):
    """A warehouse's last word about a variant, and by which policy its source is read."""

    warehouse_id: UUID
    on_hand: Decimal
    as_of: datetime
    is_in_channel: bool
    source: str = ANY_SOURCE
    policy: Containment = Containment.ON_SHIPMENT
    watermark: int | None = None


class Moved(NamedTuple):
    """Goods of an order on their way out of the ERP's numbers.

    They come from the warehouse, else from any of the channel. `shipped_at` if they have left.
    """

    warehouse_id: UUID | None = None
    shipped_at: datetime | None = None
    ordered_at: datetime | None = None
    told: tuple[Told, ...] = ()


def contains(moved: Moved, *, reported: Sequence[Reported]) -> Containment | None:
    """Say by which policy the ERP's numbers of the variant include the movement, or None.

    Whatever the policy: a number includes every movement up to the instant its message was formed,
    so it cannot be counting goods that left at or before it. And for an order the ERP has taken
    (`sent`):

    - `on_watermark`: a number that accounts for the order's position, formed when it was taken or
      later;
    - `erp_nets_orders`: a number formed when the order was taken or later (by the ERP's clock if it
      tells, else when we learned that it was);
    - `on_any_fresh_stock`: any number of the variant formed after the order was placed, whatever
      made it.

    Where the goods may come from several warehouses, each must include the movement or count
    nothing at all, and one at least must include it. A number below zero counts as zero, so an
    order that it is net of would be subtracted nowhere: it contains none. What is contained puts up
    a fence (see `operations.containment`): numbers that cannot include it are no longer taken from
    those warehouses, however late they arrive.
    """
    places = [number for number in reported if _may_come_from(number, moved)]
    if moved.ordered_at is not None and any(
        number.policy is Containment.ON_ANY_FRESH_STOCK and number.as_of > moved.ordered_at
        for number in places
    ):
        return Containment.ON_ANY_FRESH_STOCK
    if moved.shipped_at is not None and _counts_what_left(places, moved, moved.shipped_at):
        return Containment.ON_SHIPMENT
    netting = [number for number in places if told_to(number, moved.told) is not None]
    if not all(_nets(number, moved) or number.on_hand == 0 for number in netting):
        return None
    return next((number.policy for number in netting if _nets(number, moved)), None)


def told_to(number: Reported, told: Sequence[Told]) -> Told | None:
    """Give what the ERP behind a number was told of the order; nothing if it does not know it."""
    if number.source == ANY_SOURCE:
        return None
    return next((one for one in told if one.source in (number.source, ANY_SOURCE)), None)


def _nets(number: Reported, moved: Moved) -> bool:
    told = told_to(number, moved.told)
    assert told is not None, "the caller has looked"
    if number.on_hand < 0:
        return False
    if number.policy is Containment.ERP_NETS_ORDERS:
        return number.as_of >= told.since
    return (
        number.policy is Containment.ON_WATERMARK
        and told.position is not None
        and number.watermark is not None
        and told.position <= number.watermark
        and (told.received_at is None or number.as_of >= told.received_at)
    )


def _counts_what_left(places: Sequence[Reported], moved: Moved, shipped_at: datetime) -> bool:
    if not all(number.as_of >= shipped_at or number.on_hand <= 0 for number in places):
        return False
    return moved.warehouse_id is not None or any(number.as_of >= shipped_at for number in places)


def _may_come_from(number: Reported, moved: Moved) -> bool:
    if moved.warehouse_id is not None:
        return number.warehouse_id == moved.warehouse_id
    return number.is_in_channel


class Shipped(NamedTuple):
    """Goods that left for an order, waiting until the ERP's numbers contain it."""

    reference: str
    warehouse_id: UUID | None
    quantity: Decimal
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """What is open of a reservation's line, and all that is known of where its goods are.

    `bound`: warehouse and quantity of each binding, the oldest first. `shipped`: what has left and
    waits, the oldest first. `listed`: warehouses whose numbers were said to include it before.
    """

    reservation_id: UUID
    order_id: UUID | None
    variant_id: UUID
    channel: str
    warehouse_id: UUID | None
    open: Decimal
    ordered_at: datetime | None
    told: tuple[Told, ...] = ()
    bound: tuple[tuple[UUID, Decimal], ...] = ()
    shipped: tuple[Shipped, ...] = ()
    listed: frozenset[UUID] = frozenset()


class Fence(NamedTuple):
    """Numbers a warehouse (or all of the channel) may no longer tell: too old to include it."""

    warehouse_id: UUID | None
    as_of: datetime
    watermark: int | None
    source: str


@dataclass(slots=True)
class Ended:
    """What of a line ends. `parts`: from which warehouse, if known, and how many."""

    line: OpenLine
    parts: list[tuple[UUID | None, Decimal]] = field(default_factory=list)
    shipped: dict[str, Decimal] = field(default_factory=dict)
    listed: list[tuple[UUID, Decimal]] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    policies: list[Containment] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        """How many end."""
        return sum((quantity for _, quantity in self.parts), ZERO)

    @property
    def left(self) -> Decimal:
        """What stays open."""
        return self.line.open - self.quantity

    def end(self, warehouse_id: UUID | None, quantity: Decimal, policy: Containment) -> Decimal:
        """End at most so many; give how many that was."""
        quantity = min(quantity, self.left)
        if quantity > 0:
            self.parts.append((warehouse_id, quantity))
            self.policies.append(policy)
        return quantity

    def settle(self, warehouse_id: UUID | None, quantity: Decimal) -> None:
        """Say that so many of what has left from there (or from anywhere) wait no more."""
        for one in self.line.shipped:
            if warehouse_id is not None and one.warehouse_id != warehouse_id:
                continue
            some = min(quantity, one.quantity - self.shipped.get(one.reference, ZERO))
            if some > 0:
                self.shipped[one.reference] = self.shipped.get(one.reference, ZERO) + some
                quantity -= some

    @property
    def waiting(self) -> Decimal:
        """What has left and still waits."""
        return sum((one.quantity for one in self.line.shipped), ZERO) - sum(
            self.shipped.values(), ZERO
        )


def decide(
    line: OpenLine, *, reported: Sequence[Reported], listing: Mapping[UUID, datetime]
) -> Ended:
    """Say what of a line the numbers contain; `listing`: warehouses whose message lists the order.

    The policies are asked of the whole line first, then of what is bound to each shelf if the ERP
    knows these bindings, then of each shipment.
    """
    ended = Ended(line)
    _end_listed(ended, listing)
    _end_whole(ended, reported)
    _end_bound(ended, reported)
    for one in line.shipped:
        quantity = one.quantity - ended.shipped.get(one.reference, ZERO)
        moved = Moved(one.warehouse_id, one.shipped_at, line.ordered_at)
        if quantity > 0 and (policy := contains(moved, reported=reported)):
            ended.shipped[one.reference] = one.quantity
            ended.end(one.warehouse_id, quantity, policy)
            ended.fences.append(Fence(one.warehouse_id, one.shipped_at, None, ANY_SOURCE))
    # Whatever is known of where it left: no more can wait than is open.
    if ended.waiting > ended.left:
        ended.settle(None, ended.waiting - ended.left)
    return ended


def _end_whole(ended: Ended, reported: Sequence[Reported]) -> None:
    line = ended.line
    # What is bound is netted where it is bound, once the ERP knows; until then it may be about to
    # move the goods from one warehouse's number to another's, and neither might include them.
    told = () if line.bound else line.told
    moved = Moved(line.warehouse_id, None, line.ordered_at, told)
    if ended.left and (policy := contains(moved, reported=reported)):
        ended.settle(None, ended.end(line.warehouse_id, ended.left, policy))
        ended.fences += _fences(line.warehouse_id, told, policy)


def _end_bound(ended: Ended, reported: Sequence[Reported]) -> None:
    line = ended.line
    told = _complete(line)
    listed = {warehouse_id for warehouse_id, _ in ended.listed}
    bound = [(place, quantity) for place, quantity in line.bound if place not in listed]
    if not told or sum((quantity for _, quantity in bound), ZERO) > ended.left:
        return
    for warehouse_id, quantity in bound:
        moved = Moved(warehouse_id, None, None, told)
        if policy := contains(moved, reported=reported):
            ended.settle(warehouse_id, ended.end(warehouse_id, quantity, policy))
            ended.fences += _fences(warehouse_id, told, policy)


def _complete(line: OpenLine) -> tuple[Told, ...]:
    return tuple(one for one in line.told if one.is_complete)


def _fences(warehouse_id: UUID | None, told: Sequence[Told], policy: Containment) -> list[Fence]:
    if policy is Containment.ON_ANY_FRESH_STOCK:
        return []
    by_position = policy is Containment.ON_WATERMARK
    return [
        Fence(warehouse_id, one.since, one.position if by_position else None, one.source)
        for one in told
    ]


def _end_listed(ended: Ended, listing: Mapping[UUID, datetime]) -> None:
    """End what a warehouse's number was said to include, once for each warehouse.

    What is bound to it or has left it; else what is bound to no other and has left no other.
    """
    line = ended.line
    bound = dict(line.bound)
    for warehouse_id in sorted(listing):
        if warehouse_id in line.listed or line.warehouse_id not in (None, warehouse_id):
            continue
        shipped: dict[UUID | None, Decimal] = {}
        for one in line.shipped:
            shipped[one.warehouse_id] = shipped.get(one.warehouse_id, ZERO) + one.quantity
        here = max(bound.get(warehouse_id, ZERO), shipped.get(warehouse_id, ZERO))
        if line.warehouse_id is not None:
            here = line.open
        elif not here:
            elsewhere = {*bound, *(place for place in shipped if place is not None)}
            here = ended.left - sum(
                (max(bound.get(one, ZERO), shipped.get(one, ZERO)) for one in elsewhere), ZERO
            )
        quantity = ended.end(warehouse_id, max(ZERO, here), Containment.ON_SHIPMENT)
        if quantity:
            ended.settle(warehouse_id, quantity)
            ended.listed.append((warehouse_id, quantity))
