"""Statements of the posting path: five round trips for a batch, whatever its size."""

OPEN_ACCOUNTS = """
    insert into ledger_account (bucket, id, ledger, floor, opened_at)
    select bucket, id, ledger, floor, %(now)s
      from unnest(%(buckets)s::smallint[], %(ids)s::bigint[], %(ledgers)s::integer[],
                  %(floors)s::bigint[]) as new (bucket, id, ledger, floor)
        on conflict (bucket, id) do nothing
"""

# In the order of the primary key, whoever locks: no two batches wait for each other in a circle.
# The rows are read by the same statement that locks them, so they are as of the lock.
LOCK_ACCOUNTS = """
    select a.bucket, a.id, a.ledger, a.floor, a.posted, a.held, a.owed, a.version
      from unnest(%(buckets)b::smallint[], %(ids)b::bigint[]) as wanted (bucket, id)
      join ledger_account a using (bucket, id)
     order by a.bucket, a.id
       for update of a
"""

# The same without waiting for whoever has some of them.
LOCK_FREE_ACCOUNTS = f"{LOCK_ACCOUNTS} skip locked"

# After the locks, as a statement of its own, so that it sees what they waited for.
FIND_KEYS = """
    select p.owner, p.key, p.bucket, p.id, p.fingerprint, p.kind, p.refusal, p.answer
      from unnest(%(owners)b::uuid[], %(keys)b::text[]) as asked (owner, key)
      join ledger_posting p using (owner, key)
"""

FIND_HOLDS = """
    select h.bucket, h.id, h.account_id, h.ledger, h.owner, h.key, h.amount, h.tags, h.tag_amounts,
           h.expires_at, h.held_at, h.reference, h.taken, h.state, h.ended_at
      from unnest(%(owners)b::uuid[], %(keys)b::text[]) as asked (owner, key)
      join ledger_hold h using (owner, key)
"""

TRANSFERS_OF = """
    select t.bucket, t.posting_id, t.line, t.ledger, t.debit, t.credit, t.amount, t.issuer, t.tag
      from unnest(%(buckets)b::smallint[], %(ids)b::uuid[]) as asked (bucket, posting_id)
      join ledger_transfer t using (bucket, posting_id)
     order by t.bucket, t.posting_id, t.line
"""

# What earlier reversals took back of these postings; ix_ledger_posting_reverses.
REVERSED_OF = """
    select p.bucket, p.reverses, t.debit, t.credit, t.issuer, t.tag, sum(t.amount)::bigint as amount
      from unnest(%(buckets)b::smallint[], %(ids)b::uuid[]) as asked (bucket, id)
      join ledger_posting p on p.bucket = asked.bucket and p.reverses = asked.id
      join ledger_transfer t on t.bucket = p.bucket and t.posting_id = p.id
     group by p.bucket, p.reverses, t.debit, t.credit, t.issuer, t.tag
"""

# One statement for all that a batch writes: each of its parts is an array, in binary.
WRITE = """
with postings as (
    insert into ledger_posting
           (bucket, id, owner, key, fingerprint, ledger, kind, reference, reverses, refusal,
            answer, effective_at, recorded_at, batch_id)
    select bucket, id, owner, key, fingerprint, ledger, kind, reference, reverses, refusal,
           answer, effective_at, %(now)s, %(batch_id)s
      from unnest(
               %(p_buckets)b::smallint[], %(p_ids)b::uuid[], %(p_owners)b::uuid[],
               %(p_keys)b::text[], %(p_fingerprints)b::bytea[], %(p_ledgers)b::integer[],
               %(p_kinds)b::text[], %(p_references)b::text[], %(p_reverses)b::uuid[],
               %(p_refusals)b::text[], %(p_answers)b::bytea[], %(p_effective)b::timestamptz[]
           ) as row (bucket, id, owner, key, fingerprint, ledger, kind, reference, reverses,
                     refusal, answer, effective_at)
), transfers as (
    insert into ledger_transfer
           (bucket, posting_id, line, ledger, debit, credit, amount, issuer, tag, recorded_at)
    select bucket, posting_id, line, ledger, debit, credit, amount, issuer, tag, %(now)s
      from unnest(
               %(t_buckets)b::smallint[], %(t_postings)b::uuid[], %(t_lines)b::smallint[],
               %(t_ledgers)b::integer[], %(t_debits)b::bigint[], %(t_credits)b::bigint[],
               %(t_amounts)b::bigint[], %(t_issuers)b::integer[], %(t_tags)b::uuid[]
           ) as row (bucket, posting_id, line, ledger, debit, credit, amount, issuer, tag)
), entries as (
    insert into ledger_entry
           (bucket, account_id, version, posting_id, amount, balance, recorded_at)
    select bucket, account_id, version, posting_id, amount, balance, %(now)s
      from unnest(
               %(e_buckets)b::smallint[], %(e_accounts)b::bigint[], %(e_versions)b::bigint[],
               %(e_postings)b::uuid[], %(e_amounts)b::bigint[], %(e_balances)b::bigint[]
           ) as row (bucket, account_id, version, posting_id, amount, balance)
), accounts as (
    update ledger_account a
       set posted = row.posted, held = row.held, owed = row.owed, version = row.version
      from unnest(
               %(a_buckets)b::smallint[], %(a_ids)b::bigint[], %(a_posted)b::bigint[],
               %(a_held)b::bigint[], %(a_owed)b::bigint[], %(a_versions)b::bigint[]
           ) as row (bucket, id, posted, held, owed, version)
     where a.bucket = row.bucket
       and a.id = row.id
)
insert into ledger_batch
       (id, postings, digest, ledgers, accounts, amounts, recorded_at)
values (%(batch_id)s, %(count)s, %(digest)s, %(r_ledgers)b::integer[], %(r_accounts)b::bigint[],
        %(r_amounts)b::bigint[], %(now)s)
"""

WRITE_HOLDS = """
    insert into ledger_hold
           (bucket, id, account_id, ledger, owner, key, amount, taken, state, tags, tag_amounts,
            reference, expires_at, held_at, ended_at)
    values (%(bucket)s, %(id)s, %(account_id)s, %(ledger)s, %(owner)s, %(key)s, %(amount)s,
            %(taken)s, %(state)s, %(tags)s::uuid[], %(tag_amounts)s::bigint[], %(reference)s,
            %(expires_at)s, %(held_at)s, %(ended_at)s)
        on conflict (bucket, id) do update
       set (taken, state, ended_at) = (excluded.taken, excluded.state, excluded.ended_at)
"""
