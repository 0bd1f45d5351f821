"""Statements of the desk: `segments`, `corrections`, `disputes`, `summary` of days."""
