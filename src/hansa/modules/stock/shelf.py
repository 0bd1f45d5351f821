"""Shelves: what of one variant lies in one warehouse, who claims it, and what is not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound
from hansa.modules.stock.model import ZERO


class CorrectionKind(StrEnum):
    """What a shop says of pieces that the ERP counts: not there, or not fit for sale."""

    MISSING = "missing"
    DEFECTIVE = "defective"


class CorrectionEnd(StrEnum):
    """Why a correction ended: the ERP's number fell, its message named it, or a person said so."""

    NUMBER = "number"
    NAMED = "named"
    PERSON = "person"


class Binding(NamedTuple):
    """So many of a variant on the shelf of a warehouse."""

    variant_id: UUID
    warehouse_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundPart:
    """Pieces of an order that are bound to a shelf."""

    order_id: UUID
    variant_id: UUID
    warehouse_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What a warehouse of a channel has of a variant.

    `withheld` is what shops say is missing or defective, `reserved` what holds and bindings claim
    here. `available` may still be bound: it is not lessened by orders bound to no shelf yet.
    """

    warehouse_id: UUID
    variant_id: UUID
    on_hand: Decimal
    safety: Decimal
    withheld: Decimal
    reserved: Decimal
    available: Decimal


def take_down(
    bound: Sequence[tuple[UUID, Decimal]], *, taken: Mapping[UUID, Decimal], open_: Decimal
) -> dict[UUID, Decimal]:
    """Say by how much each binding of a line (the oldest first) shrinks when parts of it end.

    What was taken from a shelf is no longer bound to it; of the others the newest go first, until
    no more is bound than is open.
    """
    left = dict(bound)
    for warehouse_id, quantity in taken.items():
        if warehouse_id in left:
            left[warehouse_id] = max(ZERO, left[warehouse_id] - quantity)
    beyond = sum(left.values(), ZERO) - open_
    for warehouse_id, _ in reversed(bound):
        some = max(ZERO, min(beyond, left[warehouse_id]))
        left[warehouse_id] -= some
        beyond -= some
    return {
        warehouse_id: quantity - left[warehouse_id]
        for warehouse_id, quantity in bound
        if quantity > left[warehouse_id]
    }


class ShortShelf(NamedTuple):
    """So many were to be bound on a shelf, so many could have been."""

    variant_id: UUID
    warehouse_id: UUID
    wanted: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """So many of what the ERP counts are not there or not fit for sale.

    `on_hand_against` is the ERP's number it was said against.
    """

    id: UUID
    reference: str
    warehouse_id: UUID
    variant_id: UUID
    kind: CorrectionKind
    quantity: Decimal
    note: str
    on_hand_against: Decimal
    made_at: datetime
    made_by: UUID | None
    ended_at: datetime | None = None
    ended_why: CorrectionEnd | None = None
    ended_by: UUID | None = None


@dataclass(eq=False)
class ShelfShort(Conflict):
    """Not all of it is on the shelves; nothing was bound."""

    code: ClassVar[str] = "stock.shelf_short"
    message: ClassVar[str] = "Some of the goods are no longer on this shelf."

    short: tuple[ShortShelf, ...]


@dataclass(eq=False)
class OrderNeedsLess(Conflict):
    """A shelf would claim more of an order than is open of it (it was cancelled, or has left)."""

    code: ClassVar[str] = "stock.order_needs_less"
    message: ClassVar[str] = "The order does not need that many any more."

    variant_id: UUID
    open: Decimal = ZERO


@dataclass(eq=False)
class NoReservation(NotFound):
    """The order has no reservation."""

    code: ClassVar[str] = "stock.no_reservation"
    message: ClassVar[str] = "Nothing is reserved for this order."

    order_id: UUID


@dataclass(eq=False)
class BindingInvalid(Invalid):
    """A binding is a quantity above zero."""

    code: ClassVar[str] = "stock.binding_invalid"
    message: ClassVar[str] = "The quantity to bind must be more than zero."


@dataclass(eq=False)
class CorrectionInvalid(Invalid):
    """A correction is a quantity above zero in a warehouse that exists, with a reference."""

    code: ClassVar[str] = "stock.correction_invalid"
    message: ClassVar[str] = (
        "A correction needs a reference, a warehouse that exists and a quantity above zero."
    )


@dataclass(eq=False)
class CorrectionReferenceTaken(Conflict):
    """Something else was corrected under this reference."""

    code: ClassVar[str] = "stock.correction_reference_taken"
    message: ClassVar[str] = "Another correction has this reference already."

    reference: str


@dataclass(eq=False)
class CorrectionNotFound(NotFound):
    """No such correction."""

    code: ClassVar[str] = "stock.correction_not_found"
    message: ClassVar[str] = "There is no such correction."

    correction_id: UUID
