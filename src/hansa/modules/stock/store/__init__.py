"""Every SQL statement of stock.

Locks are always taken in this order, each sorted by its key: the advisory lock of the levels
(`LOCK_WRITING_OF_LEVELS`), the share of the counters' table (`SHARE_COUNTERS`, or the first
statement on it), rows of `stock_level`, of `stock_reservation`, of `stock_counter`. A transaction
takes those it needs and never goes back, so none can wait for each other in a circle.
"""
