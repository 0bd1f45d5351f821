"""What comes in from an ERP by REST: `/erp/v1`, batches of rows, each answered by itself.

Promises: a row that is refused spoils no other; rows of one key are ordered by their sequence, so
that any order of arrival and any repetition end in the same state; a dry run tells exactly what
would happen and changes nothing; what a connection does not own it cannot change. Locks: the
connection (advisory), then what the modules lock.

A kind of rows is one file in `kinds`: a struct, and a function that applies rows of it.
"""
