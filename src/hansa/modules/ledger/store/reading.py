"""Reads of accounts, their histories and holds."""

BALANCES = """
    select a.bucket, a.id, a.ledger, a.floor, a.posted, a.held, a.owed, a.version
      from unnest(%(buckets)b::smallint[], %(ids)b::bigint[]) as asked (bucket, id)
      join ledger_account a using (bucket, id)
"""

# Newest first, by the primary key alone; each entry finds its posting by key.
HISTORY = """
    select e.version, e.amount, e.balance, e.recorded_at, p.id as posting_id, p.kind, p.owner,
           p.key, p.reference, p.effective_at, p.reverses
      from ledger_entry e
      join ledger_posting p on p.bucket = e.bucket and p.id = e.posting_id
     where e.bucket = %(bucket)s
       and e.account_id = %(account_id)s
       and (%(before)s::bigint is null or e.version < %(before)s)
     order by e.version desc
     limit %(limit)s
"""

GET_POSTING = """
    select bucket, id, owner, key, fingerprint, ledger, kind, reference, reverses, refusal, answer,
           effective_at, recorded_at, batch_id
      from ledger_posting
     where bucket = %(bucket)s
       and id = %(id)s
"""

# uq_ledger_posting_key.
GET_POSTING_BY_KEY = """
    select bucket, id, owner, key, fingerprint, ledger, kind, reference, reverses, refusal, answer,
           effective_at, recorded_at, batch_id
      from ledger_posting
     where owner = %(owner)s
       and key = %(key)s
"""

# Of an account, newest first; ix_ledger_hold_account.
HOLDS_OF_ACCOUNT = """
    select bucket, id, account_id, ledger, owner, key, amount, tags, tag_amounts, expires_at,
           held_at, reference, taken, state, ended_at
      from ledger_hold
     where bucket = %(bucket)s
       and account_id = %(account_id)s
       and (not %(open_only)s or state = 'open')
     order by held_at desc, id
     limit %(limit)s
"""

# Open holds whose time is over, oldest first; ix_ledger_hold_due.
DUE_HOLDS = """
    select bucket, id, account_id, ledger, owner, key, expires_at
      from ledger_hold
     where state = 'open'
       and expires_at <= %(now)s
     order by expires_at, id
     limit %(limit)s
"""

# The three by the bucket, which leads the primary keys.
ACCOUNTS_OF_BUCKET = """
    select id, posted, held, owed
      from ledger_account
     where bucket = %(bucket)s
     order by id
"""

TAGS_OF_BUCKET = """
    select tag, account_id, ledger, issuer, sum(amount)::bigint as amount
      from (
            select tag, debit as account_id, ledger, issuer, -amount as amount
              from ledger_transfer
             where bucket = %(bucket)s
               and tag is not null
               and debit > 0
            union all
            select tag, credit, ledger, issuer, amount
              from ledger_transfer
             where bucket = %(bucket)s
               and tag is not null
               and credit > 0
           ) as moved
     group by tag, account_id, ledger, issuer
     order by tag
"""

HELD_OF_BUCKET = """
    select part.tag, sum(part.amount)::bigint as amount
      from ledger_hold h,
           unnest(h.tags, h.tag_amounts) as part (tag, amount)
     where h.bucket = %(bucket)s
       and h.state = 'open'
     group by part.tag
     order by part.tag
"""

# Of accounts what came and what went in a time; a range of pk_ledger_entry each.
TURNOVER = """
    select coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as earned,
           coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as spent
      from unnest(%(buckets)s::smallint[], %(ids)s::bigint[]) as asked (bucket, id)
      join ledger_entry e on e.bucket = asked.bucket and e.account_id = asked.id
     where e.recorded_at >= %(since)s
       and e.recorded_at < %(until)s
"""

GET_BATCH = """
    select id, number, chain, postings, recorded_at
      from ledger_batch
     where id = %(id)s
"""

# What took a posting back; ix_ledger_posting_reverses.
REVERSALS = """
    select id
      from ledger_posting
     where bucket = %(bucket)s
       and reverses = %(id)s
     order by id
     limit %(limit)s
"""

# All of a ledger until an instant, by whose key and what it was. Reads all of it: for proofs.
TOTALS = """
    select p.owner, p.kind,
           coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as given,
           coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as taken,
           count(*) as postings
      from ledger_entry e
      join ledger_posting p on p.bucket = e.bucket and p.id = e.posting_id
     where p.ledger = %(ledger)s
       and e.recorded_at < %(before)s
     group by p.owner, p.kind
     order by p.owner, p.kind
"""
