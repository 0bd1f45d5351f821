"""A simulated acquirer: a bank's payment service with an API, a payment page and notices.

A program of its own (`python -m sandbox.acquirer --port 8790`), which knows nothing of Hansa. It
can misbehave on demand: decline, be slow, charge and cut the connection, send notices late, twice
or never. No money moves anywhere.
"""
