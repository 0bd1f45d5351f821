"""Why a part of an order cannot be given up."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid, NotFound, Rejected


@dataclass(eq=False)
class NotReducible(Rejected):
    """The order has arrived or ended: what is missing of it is a return."""

    code: ClassVar[str] = "orders.not_reducible"
    message: ClassVar[str] = "The order is {state}; no part of it can be given up any more."
    state: str


@dataclass(eq=False)
class GivenUpInvalid(Invalid):
    """What is to be given up is no whole number of pieces that were sold."""

    code: ClassVar[str] = "orders.given_up_invalid"
    message: ClassVar[str] = "Of this item from 1 to {most} pieces can be given up, in whole ones."
    variant_id: UUID
    most: str


@dataclass(eq=False)
class LineNotFound(NotFound):
    """The order has no such item."""

    code: ClassVar[str] = "orders.line_not_found"
    message: ClassVar[str] = "The order has no such item."
    variant_id: UUID
