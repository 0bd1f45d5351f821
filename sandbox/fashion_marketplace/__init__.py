"""A simulated fashion marketplace: orders that are delivered, come back in part, are corrected.

A program of its own (`python -m sandbox.fashion_marketplace --port 8781`), which knows nothing of
Hansa. It tells of its orders in two ways: an API with pages and a cursor (`GET /api/orders`, bearer
token) and a CSV of the night (`GET /exports/orders.csv`: windows-1251, one row per line). It can
misbehave on demand: limit, fail, lose answers, repeat a part of a page, or tell out of order.
"""
