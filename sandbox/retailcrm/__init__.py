"""A simulated RetailCRM: the vendor's API v5 with its rules, and a page on which a manager works.

A program of its own (`python -m sandbox.retailcrm --port 8794`), which knows nothing of Hansa. It
keeps orders, customers, payments and stock, writes the history of every change, refuses what the
vendor refuses and answers 503 above ten requests a second. On demand it misbehaves: out of order
for a while, slow, answers lost after the work was done, history repeated or out of order.
"""
