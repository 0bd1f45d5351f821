"""Background work: enqueued in the transaction that needs it, run by workers, seen by people.

Jobs live in the schema `jobs`, which is Procrastinate's, plus `jobs.job_error` of our own. `append`
writes rows in the caller's transaction; `worker` runs them; `inspection` lists, retries, cancels.

This package imports nothing of itself: `runtime.database` needs `append`, and the rest needs
`runtime.database`.
"""
