"""What rows and batches are refused for."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Rejected


@dataclass(eq=False)
class KeyWithoutConnection(Forbidden):
    """The caller is no key of a connection."""

    code: ClassVar[str] = "erp.key_without_connection"
    message: ClassVar[str] = (
        "This key belongs to no connection. Make a key on the page of the connection."
    )


@dataclass(eq=False)
class BatchTooLarge(Invalid):
    """More bytes or rows than one batch may have."""

    code: ClassVar[str] = "erp.batch_too_large"
    message: ClassVar[str] = (
        "One batch may have {limit_bytes} bytes and {limit_rows} rows at most. Cut it into several."
    )
    limit_bytes: int
    limit_rows: int


@dataclass(eq=False)
class BatchCutOff(Invalid):
    """The body broke off."""

    code: ClassVar[str] = "erp.batch_cut_off"
    message: ClassVar[str] = "The body broke off. Send the batch again."


@dataclass(eq=False)
class BatchWithoutRows(Invalid):
    """The body is JSON, but no batch."""

    code: ClassVar[str] = "erp.no_rows"
    message: ClassVar[str] = "The body must be an object with an array “rows”."


@dataclass(eq=False)
class RowInvalid(Invalid):
    """A row is not an object with a key."""

    code: ClassVar[str] = "erp.row_invalid"
    message: ClassVar[str] = "The row cannot be read: {reason}."
    reason: str


@dataclass(eq=False)
class SequenceReused(Conflict):
    """A number came before with another content."""

    code: ClassVar[str] = "erp.sequence_reused"
    message: ClassVar[str] = (
        "The sequence {sequence} of this key came before with another content. Use a higher one."
    )
    sequence: int


@dataclass(eq=False)
class OutOfOrder(Rejected):
    """A later row came before."""

    code: ClassVar[str] = "erp.stale"
    message: ClassVar[str] = "A row with the sequence {known} came before; this one is older."
    known: int


@dataclass(eq=False)
class OlderThanKnown(Rejected):
    """What is known was formed later."""

    code: ClassVar[str] = "erp.older_than_known"
    message: ClassVar[str] = "What is known was formed later than this row (as_of)."


@dataclass(eq=False)
class ClockAhead(Invalid):
    """The message says that it was formed in the future."""

    code: ClassVar[str] = "erp.clock_ahead"
    message: ClassVar[str] = (
        "as_of is more than a day ahead of our clock. Set the clock of the sender right."
    )


@dataclass(eq=False)
class InstantMissing(Invalid):
    """A number of stock came without its instant."""

    code: ClassVar[str] = "erp.as_of_missing"
    message: ClassVar[str] = "Say in as_of at which instant the numbers were formed."


@dataclass(eq=False)
class NotOwned(Rejected):
    """The connection does not own the field."""

    code: ClassVar[str] = "erp.not_owned"
    message: ClassVar[str] = "“{field}” is not owned by this connection and was left as it is."
    field: str


@dataclass(eq=False)
class WarehouseNotOwned(Rejected):
    """The stock of the warehouse is told by another connection."""

    code: ClassVar[str] = "erp.warehouse_not_owned"
    message: ClassVar[str] = "The stock of the warehouse {warehouse} is told by another connection."
    warehouse: str


@dataclass(eq=False)
class UnknownWarehouse(NotFound):
    """Nothing is known under the outside id."""

    code: ClassVar[str] = "erp.unknown_warehouse"
    message: ClassVar[str] = "The warehouse {warehouse} is not known. Link it in the back office."
    warehouse: str


@dataclass(eq=False)
class UnknownItem(NotFound):
    """Nothing is known under the outside id."""

    code: ClassVar[str] = "erp.unknown_item"
    message: ClassVar[str] = "The item {item} is not known."
    item: str


@dataclass(eq=False)
class ItemAwaited(NotFound):
    """The row is kept until its item comes."""

    code: ClassVar[str] = "erp.item_awaited"
    message: ClassVar[str] = "The item {item} is not known yet; the row is kept until it comes."
    item: str


@dataclass(eq=False)
class NameMissing(Invalid):
    """A new item needs a name."""

    code: ClassVar[str] = "erp.name_missing"
    message: ClassVar[str] = "A new item needs a name."


@dataclass(eq=False)
class FieldOfCard(Invalid):
    """A variant has no such field."""

    code: ClassVar[str] = "erp.field_of_card"
    message: ClassVar[str] = "“{field}” is told of the card, not of its variant; it was left out."
    field: str


@dataclass(eq=False)
class FieldOfVariants(Invalid):
    """A card with variants has no such field."""

    code: ClassVar[str] = "erp.field_of_variants"
    message: ClassVar[str] = (
        "“{field}” is told of the variants, not of their card; it was left out."
    )
    field: str


@dataclass(eq=False)
class UnknownGroup(NotFound):
    """No category is linked with the outside id."""

    code: ClassVar[str] = "erp.unknown_group"
    message: ClassVar[str] = "The group {group} is not known and was left out."
    group: str


@dataclass(eq=False)
class NegativeQuantity(Rejected):
    """A number below zero was kept and counts as none."""

    code: ClassVar[str] = "erp.negative_quantity"
    message: ClassVar[str] = "The quantity {quantity} is below zero; it is kept and counts as none."
    quantity: str


@dataclass(eq=False)
class QuantityAbsurd(Invalid):
    """A number is none, or beyond all reason."""

    code: ClassVar[str] = "erp.quantity_absurd"
    message: ClassVar[str] = "{quantity} is no quantity of goods."
    quantity: str


@dataclass(eq=False)
class QuantityFractional(Invalid):
    """Pieces come whole."""

    code: ClassVar[str] = "erp.quantity_fractional"
    message: ClassVar[str] = (
        "The item is counted in pieces, which come whole; {quantity} was left out."
    )
    quantity: str


@dataclass(eq=False)
class QuantityTooFine(Invalid):
    """Quantities have three places after the point."""

    code: ClassVar[str] = "erp.quantity_too_fine"
    message: ClassVar[str] = "A quantity has three places after the point at most: {quantity}."
    quantity: str


@dataclass(eq=False)
class UnknownPriceType(NotFound):
    """No price list is linked with the outside id."""

    code: ClassVar[str] = "erp.unknown_price_type"
    message: ClassVar[str] = "The price type {price_type} is not known. Link it with a price list."
    price_type: str


@dataclass(eq=False)
class OtherCurrency(Invalid):
    """The list of the price has another currency."""

    code: ClassVar[str] = "erp.other_currency"
    message: ClassVar[str] = "The price is in {sent}, its price list in {wanted}."
    sent: str
    wanted: str


@dataclass(eq=False)
class PriceKept(Rejected):
    """A person set this price."""

    code: ClassVar[str] = "erp.price_kept"
    message: ClassVar[str] = "A person has set this price; it was left as it is."


@dataclass(eq=False)
class UnknownOrder(NotFound):
    """The site never had such an order."""

    code: ClassVar[str] = "erp.unknown_order"
    message: ClassVar[str] = "There is no order {order} here."
    order: str


@dataclass(eq=False)
class NotInOrder(Rejected):
    """The order does not have so much of the item."""

    code: ClassVar[str] = "erp.not_in_order"
    message: ClassVar[str] = "The order does not hold the item {item}."
    item: str


@dataclass(eq=False)
class ValueOutOfRange(Invalid):
    """The database refuses a value of the row."""

    code: ClassVar[str] = "erp.out_of_range"
    message: ClassVar[str] = "A value of the row is beyond what can be kept."
