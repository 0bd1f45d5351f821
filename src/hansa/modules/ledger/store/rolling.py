"""Numbering batches, chaining their digests, adding them up, sealing periods."""

LOCK_CHAIN = """
    select number, chain from ledger_chain for update
"""

# Visible batches without a number, oldest first; ix_ledger_batch_unnumbered.
TAKE_UNNUMBERED = """
    select serial, id, digest, ledgers, accounts, amounts
      from ledger_batch
     where number is null
     order by serial
     limit %(limit)s
"""

NUMBER_BATCHES = """
    update ledger_batch b
       set number = row.number, chain = row.chain
      from unnest(%(ids)s::uuid[], %(numbers)s::bigint[], %(chains)s::bytea[])
           as row (id, number, chain)
     where b.id = row.id
"""

MOVE_CHAIN = """
    update ledger_chain set number = %(number)s, chain = %(chain)s
"""

ADD_UP = """
    insert into ledger_rolled (ledger, account, balance)
    select ledger, account, balance
      from unnest(%(ledgers)s::integer[], %(accounts)s::bigint[], %(amounts)s::bigint[])
           as row (ledger, account, balance)
     order by ledger, account
        on conflict (ledger, account) do update
       set balance = ledger_rolled.balance + excluded.balance
"""

ROLLED = """
    select ledger, account, balance
      from ledger_rolled
     where ledger = %(ledger)s
       and account = any(%(accounts)s::bigint[])
"""

# What batches have not been added up yet; ix_ledger_batch_unnumbered. Those that touch none of the
# accounts are left out before their arrays are taken apart.
NOT_ROLLED = """
    select one.account, sum(one.amount)::bigint as balance
      from ledger_batch as batch
     cross join lateral unnest(batch.ledgers, batch.accounts, batch.amounts)
           as one (ledger, account, amount)
     where batch.number is null
       and batch.accounts && %(accounts)s::bigint[]
       and one.ledger = %(ledger)s
       and one.account = any(%(accounts)s::bigint[])
     group by one.account
"""

LAST_PERIOD = """
    select ends_at
      from ledger_period
     where ledger = %(ledger)s
     order by begins_at desc
     limit 1
"""

LIST_PERIODS = """
    select ledger, begins_at, ends_at, number, chain, digest, postings, sealed_at
      from ledger_period
     where ledger = %(ledger)s
     order by begins_at desc
     limit %(limit)s
"""

COUNT_UNNUMBERED_BEFORE = """
    select count(*) as batches
      from ledger_batch
     where number is null
       and recorded_at < %(before)s
"""

LAST_BATCH_BEFORE = """
    select number, chain
      from ledger_batch
     where number is not null
       and recorded_at < %(before)s
     order by number desc
     limit 1
"""

# All transfers of a period in one order; ix_ledger_transfer_recorded narrows it to the period.
PERIOD_TRANSFERS = """
    select t.bucket, t.posting_id, t.line, t.debit, t.credit, t.amount, t.issuer, t.tag
      from ledger_transfer t
     where t.ledger = %(ledger)s
       and t.recorded_at >= %(begins_at)s
       and t.recorded_at < %(ends_at)s
       and (t.bucket, t.posting_id, t.line) > (%(bucket)s, %(posting_id)s, %(line)s)
     order by t.bucket, t.posting_id, t.line
     limit %(limit)s
"""

SEAL_PERIOD = """
    insert into ledger_period
           (ledger, begins_at, ends_at, number, chain, digest, postings, sealed_at)
    values (%(ledger)s, %(begins_at)s, %(ends_at)s, %(number)s, %(chain)s, %(digest)s,
            %(postings)s, %(now)s)
"""
