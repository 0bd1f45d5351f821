"""Every SQL statement of stock.

Locks are always taken in this order, each sorted by its key: the advisory lock of the levels
(`LOCK_WRITING_OF_LEVELS`), the share of the counters' table (`SHARE_COUNTERS`, or the first
statement on it), rows of `stock_level`, of `stock_reservation`, of `stock_counter`. A transaction
takes those it needs and never goes back, so none can wait for each other in a circle. Rows of
`stock_binding`, `stock_correction`, `stock_sent` and `stock_shipment` have no lock of their own:
they are written under that of their shelf or reservation.

Who takes what:

- a hold: shelves of holds made for one warehouse, counters;
- `release`, `expire_holds`: the share, shelves (of an order all of its variants, since its goods
  may be bound to any), reservations, counters;
- `confirm`: its reservation;
- `set_levels`, `mark_shipped`, `contain`, `mark_sent` once an ERP nets orders: the advisory lock,
  levels of the variants, reservations, counters;
- `set_safety`, `correct`, `end_correction`: the advisory lock, levels, counters;
- `bind`, `unbind`: the advisory lock, levels of the order's variants, its reservation.

A transaction that does several of these for an order calls `lock_orders` first, which takes all of
it at once (the counters only when told to, for more than one step that changes them); then they may
follow in any order. A row of the order itself is locked before anything here.
"""
