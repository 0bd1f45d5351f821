"""A 1C for tests and demonstrations: the client side of the exchange, over HTTP.

It keeps goods, stock and orders of its own, behaves as 1C does, and misbehaves on demand. It never
imports Hansa: what the two have in common is only what goes over the wire.
"""
