"""Reads of all that a ledger moved in a period, for those who make statements of it."""

# By a cursor of the server, in the order in which a closed period is proven;
# ix_ledger_transfer_recorded narrows to the period, pk_ledger_posting gives each its posting.
STREAM_MOVES = """
    select t.bucket, t.posting_id, t.line, t.debit, t.credit, t.amount, t.issuer, t.tag,
           t.recorded_at, p.kind, p.owner, p.key, p.reference, p.effective_at
      from ledger_transfer t
      join ledger_posting p on p.bucket = t.bucket and p.id = t.posting_id
     where t.ledger = %(ledger)s
       and (%(begins_at)s::timestamptz is null or t.recorded_at >= %(begins_at)s)
       and t.recorded_at < %(ends_at)s
       and (%(issuer)s::integer is null
            or t.issuer = %(issuer)s
            or t.debit = any(%(accounts)s::bigint[])
            or t.credit = any(%(accounts)s::bigint[]))
     order by t.bucket, t.posting_id, t.line
"""

# A page of the same: by the primary key, from where the last page ended.
PAGE_OF_MOVES = """
    select t.bucket, t.posting_id, t.line, t.debit, t.credit, t.amount, t.issuer, t.tag,
           t.recorded_at, p.kind, p.owner, p.key, p.reference, p.effective_at
      from ledger_transfer t
      join ledger_posting p on p.bucket = t.bucket and p.id = t.posting_id
     where t.ledger = %(ledger)s
       and (%(begins_at)s::timestamptz is null or t.recorded_at >= %(begins_at)s)
       and t.recorded_at < %(ends_at)s
       and (%(issuer)s::integer is null
            or t.issuer = %(issuer)s
            or t.debit = any(%(accounts)s::bigint[])
            or t.credit = any(%(accounts)s::bigint[]))
       and (t.bucket, t.posting_id, t.line) > (%(bucket)s, %(posting_id)s, %(line)s)
     order by t.bucket, t.posting_id, t.line
     limit %(limit)s
"""
