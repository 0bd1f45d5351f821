"""Events: written with the change that caused them, delivered in order per key, at least once.

`append` writes rows in the caller's transaction; `sequencer` numbers rows as they become visible;
`relay` runs the subscriptions; `inbox` makes the effect of each event happen once; `postgres` and
`kafka` are the two ways events travel; `inspection` and `repair` are for people.

This package imports nothing of itself: `runtime.database` needs `append`, and the rest needs
`runtime.database`.
"""
