"""Statements of drops: what is released, who waits, how much a person has."""
