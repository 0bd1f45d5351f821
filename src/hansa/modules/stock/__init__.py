"""Stock on hand and reservations, per warehouse and variant.

Owns warehouses, levels (what the ERP says it has), counters (what a channel may sell and has
reserved), reservations, bindings to shelves, shipments, corrections by shops, and the journal that
explains every number.

Promises: what is granted never exceeds what is sellable; available = sum over the channel's
warehouses of max(0, on hand - safety - withheld), minus every open reservation of a channel that
shares a warehouse, never below zero; a reservation ends exactly once, contained in the ERP's
number, released or expired, and never because an unrelated number arrived (but for the policy
`on_any_fresh_stock`, which is that mistake); counters are the sums and the journal adds up to the
numbers after any sequence of operations (`hansa check stock`, `hansa repair stock`).

Publishes: `contracts.stock.StockChanged` and `StockCorrected`. Locks: see `store`.

A reservation's life, policy `on_shipment` (the others: `containing`):

- `Reserver.hold` takes a lease (held); `confirm` puts an order behind it (ordered), else
  `expire_holds` releases it.
- `bind` claims its pieces on the shelves they will come from, `unbind` gives them up: so two orders
  cannot count on the same piece of a shop. No channel's number moves by it.
- `correct`: a shop says that pieces are missing or defective; they are withheld until the ERP's
  number has learned of it (`end_correction`).
- `mark_sent`: the ERP has the order (sent). No number moves: its stock changes when goods move.
- `set_levels`: the ERP's numbers. Open reservations are subtracted from whatever they are, so a
  full file that does not contain an order's movement cannot put the sold piece on sale again, and
  a receipt adds exactly what was received.
- `mark_shipped`: the goods left, at an instant of the ERP's clock, line by line or whole. They
  stay reserved until a number formed at or after that instant is known for each warehouse they may
  have left (contained). Whichever of the two arrives first, and however late older files come: the
  goods are subtracted once by the reservation or once by the number, at worst by both for the
  moment between the two messages, never by neither.
- `release`: what has not left is sold again. What comes back after a shipment is the ERP's to
  count.
"""

from hansa.modules.stock.explaining import (
    Explanation,
    ReservedPart,
    WarehousePart,
    explain,
)
from hansa.modules.stock.model import (
    Availability,
    Containment,
    Hold,
    Level,
    LevelResult,
    Line,
    RefusedLevel,
    ReleaseReason,
    Reservation,
    ReservationLine,
    ReservationNotFound,
    ShortLine,
    State,
    Warehouse,
    WarehouseKind,
)
from hansa.modules.stock.operations.bindings import bind, lock_orders, unbind
from hansa.modules.stock.operations.corrections import correct, end_correction
from hansa.modules.stock.operations.levels import set_levels, set_safety, zero_missing
from hansa.modules.stock.operations.movements import (
    Shipment,
    contain,
    mark_sent,
    mark_shipped,
)
from hansa.modules.stock.operations.repair import (
    Difference,
    find_differences,
    repair_counters,
    repair_shelves,
)
from hansa.modules.stock.operations.reservations import (
    ReservationExpired,
    ReservationTaken,
    confirm,
    expire_holds,
    forget_refusals,
    release,
)
from hansa.modules.stock.operations.warehouses import rebuild_counters, save_warehouses
from hansa.modules.stock.queries import (
    CounterRow,
    LevelRow,
    Movement,
    Totals,
    availability,
    availability_by_warehouse,
    discrepancies,
    get_reservation,
    ledger,
    list_counters,
    list_levels,
    list_reservation_lines,
    list_warehouses,
    low_stock,
    pieces_by_warehouse,
    reservation_states,
    shelf_discrepancies,
    totals,
)
from hansa.modules.stock.reserver import (
    HoldInvalid,
    HoldKeyReused,
    OutOfStock,
    Reserver,
)
from hansa.modules.stock.shelf import (
    Binding,
    BindingInvalid,
    BoundPart,
    Correction,
    CorrectionEnd,
    CorrectionInvalid,
    CorrectionKind,
    CorrectionNotFound,
    CorrectionReferenceTaken,
    NoReservation,
    OrderNeedsLess,
    Shelf,
    ShelfShort,
    ShortShelf,
)
from hansa.modules.stock.shelf_queries import (
    get_correction,
    list_bindings,
    list_corrections,
    shelves,
)

__all__ = [
    "Availability",
    "Binding",
    "BindingInvalid",
    "BoundPart",
    "Containment",
    "Correction",
    "CorrectionEnd",
    "CorrectionInvalid",
    "CorrectionKind",
    "CorrectionNotFound",
    "CorrectionReferenceTaken",
    "CounterRow",
    "Difference",
    "Explanation",
    "Hold",
    "HoldInvalid",
    "HoldKeyReused",
    "Level",
    "LevelResult",
    "LevelRow",
    "Line",
    "Movement",
    "NoReservation",
    "OrderNeedsLess",
    "OutOfStock",
    "RefusedLevel",
    "ReleaseReason",
    "Reservation",
    "ReservationExpired",
    "ReservationLine",
    "ReservationNotFound",
    "ReservationTaken",
    "ReservedPart",
    "Reserver",
    "Shelf",
    "ShelfShort",
    "Shipment",
    "ShortLine",
    "ShortShelf",
    "State",
    "Totals",
    "Warehouse",
    "WarehouseKind",
    "WarehousePart",
    "availability",
    "availability_by_warehouse",
    "bind",
    "confirm",
    "contain",
    "correct",
    "discrepancies",
    "end_correction",
    "expire_holds",
    "explain",
    "find_differences",
    "forget_refusals",
    "get_correction",
    "get_reservation",
    "ledger",
    "list_bindings",
    "list_corrections",
    "list_counters",
    "list_levels",
    "list_reservation_lines",
    "list_warehouses",
    "lock_orders",
    "low_stock",
    "mark_sent",
    "mark_shipped",
    "pieces_by_warehouse",
    "rebuild_counters",
    "release",
    "repair_counters",
    "repair_shelves",
    "reservation_states",
    "save_warehouses",
    "set_levels",
    "set_safety",
    "shelf_discrepancies",
    "shelves",
    "totals",
    "unbind",
    "zero_missing",
]
