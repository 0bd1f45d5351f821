"""Statements of the guard: `counting` for batches of attempts, `watching` for people."""
