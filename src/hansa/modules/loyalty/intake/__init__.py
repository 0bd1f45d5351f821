"""Adapters for partners who cannot adopt the API: files, polled APIs, webhooks, by mapping.

Promises: a mapping is data and always ends; the same record gives the same commands with the same
keys, by whatever way it comes; what cannot be understood is refused alone, with its row, its column
and what was expected there.
"""
