"""Pure values every layer shares: standard library only, no I/O, no clock, no async."""
