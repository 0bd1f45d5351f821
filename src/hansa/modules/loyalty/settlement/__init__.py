"""Clearing between partners: point blocks, statements, liability."""
