"""Receipts and returns of the shops' tills."""
