"""The invariants of the ledger, each as a statement that finds where it is broken."""

# Floored accounts and everything rolled up or still to be rolled sum to zero in each ledger.
UNBALANCED_LEDGERS = """
    select ledger, sum(amount)::bigint as off
      from (
            select ledger, posted::numeric as amount from ledger_account
            union all
            select ledger, balance::numeric from ledger_rolled
            union all
            select pending.ledger, pending.amount::numeric
              from ledger_batch b,
                   unnest(b.ledgers, b.accounts, b.amounts) as pending (ledger, account, amount)
             where b.number is null
           ) as every
     group by ledger
    having sum(amount) <> 0
     limit %(limit)s
"""

BALANCE_OFF_ENTRIES = """
    select a.bucket, a.id, a.posted, a.version, coalesce(e.amount, 0)::bigint as entries,
           coalesce(e.entries, 0) as count, e.last_version, l.balance as last_balance
      from ledger_account a
      left join (
            select bucket, account_id, sum(amount)::bigint as amount, count(*) as entries,
                   max(version) as last_version
              from ledger_entry
             group by bucket, account_id
           ) e on e.bucket = a.bucket and e.account_id = a.id
      left join ledger_entry l
        on l.bucket = a.bucket and l.account_id = a.id and l.version = a.version
     where a.posted <> coalesce(e.amount, 0)
        or a.version <> coalesce(e.last_version, 0)
        or a.version <> coalesce(e.entries, 0)
        or a.posted <> coalesce(l.balance, 0)
     limit %(limit)s
"""

RUNNING_BALANCES_OFF = """
    select bucket, account_id, version, balance, expected
      from (
            select bucket, account_id, version, balance,
                   sum(amount) over (partition by bucket, account_id order by version) as expected
              from ledger_entry
           ) as e
     where balance <> expected
     limit %(limit)s
"""

# What transfers did to an account with a floor is what its entries say, posting by posting.
ENTRIES_OFF_TRANSFERS = """
    select coalesce(e.bucket, t.bucket) as bucket,
           coalesce(e.posting_id, t.posting_id) as posting_id,
           coalesce(e.account_id, t.account) as account_id,
           coalesce(e.amount, 0) as entry, coalesce(t.amount, 0) as transfers
      from (
            select m.bucket, m.posting_id, m.account, sum(m.amount)::bigint as amount
              from (
                    select bucket, posting_id, debit as account, -amount as amount
                      from ledger_transfer
                    union all
                    select bucket, posting_id, credit, amount from ledger_transfer
                   ) as m
              join ledger_account a on a.bucket = m.bucket and a.id = m.account
             group by m.bucket, m.posting_id, m.account
            having sum(m.amount) <> 0
           ) as t
      full join ledger_entry e
        on e.bucket = t.bucket and e.posting_id = t.posting_id and e.account_id = t.account
     where coalesce(e.amount, 0) <> coalesce(t.amount, 0)
     limit %(limit)s
"""

ROLLED_OFF_TRANSFERS = """
    select coalesce(r.ledger, t.ledger) as ledger, coalesce(r.account, t.account) as account,
           coalesce(r.balance, 0)::bigint as rolled, coalesce(t.amount, 0)::bigint as transfers
      from (
            select ledger, account, sum(amount) as balance
              from (
                    select ledger, account, balance::numeric as amount from ledger_rolled
                    union all
                    select pending.ledger, pending.account, pending.amount::numeric
                      from ledger_batch b,
                           unnest(b.ledgers, b.accounts, b.amounts)
                               as pending (ledger, account, amount)
                     where b.number is null
                   ) as parts
             group by ledger, account
           ) as r
      full join (
            select m.ledger, m.account, sum(m.amount) as amount
              from (
                    select bucket, ledger, debit as account, -amount as amount
                      from ledger_transfer
                    union all
                    select bucket, ledger, credit, amount from ledger_transfer
                   ) as m
              left join ledger_account a on a.bucket = m.bucket and a.id = m.account
             where a.id is null
             group by m.ledger, m.account
           ) as t on t.ledger = r.ledger and t.account = r.account
     where coalesce(r.balance, 0) <> coalesce(t.amount, 0)
     limit %(limit)s
"""

# The database refuses this itself; looked at all the same.
BELOW_FLOOR = """
    select bucket, id, posted, held, owed, floor
      from ledger_account
     where posted + owed - held < floor
     limit %(limit)s
"""

HELD_OFF_HOLDS = """
    select a.bucket, a.id, a.held, coalesce(h.amount, 0)::bigint as holds
      from ledger_account a
      left join (
            select bucket, account_id, sum(amount)::bigint as amount
              from ledger_hold
             where state = 'open'
             group by bucket, account_id
           ) h on h.bucket = a.bucket and h.account_id = a.id
     where a.held <> coalesce(h.amount, 0)
     limit %(limit)s
"""

HOLDS_OFF_TAGS = """
    select bucket, id, amount
      from ledger_hold h
     where amount <> (select coalesce(sum(part), 0) from unnest(h.tag_amounts) as part)
        or cardinality(tags) <> cardinality(tag_amounts)
     limit %(limit)s
"""

# A line is what a posting moved of a tag between two accounts; amounts between two accounts that
# cancel out in a posting (points that pay what is owed meanwhile) are none. Whatever a reversal
# moves is held against the line it mirrors, or against the one another account bears in its stead:
# only of an account without a floor, which may be paid by whoever answers for it. The rest of a
# reversal must cancel out; what does not stands against a line of nothing.
# pk_ledger_transfer leads from postings to what they moved.
REVERSED_ABOVE_ORIGINAL = """
    with reversal as (
        select bucket, id, reverses
          from ledger_posting
         where reverses is not null
           and kind = 'reversal'
    ),
    original as (
        select distinct bucket, reverses as id from reversal
    ),
    line as (
        select t.bucket, t.posting_id, t.debit, t.credit, t.issuer, t.tag, t.amount
          from (
                select t.bucket, t.posting_id, t.debit, t.credit, t.issuer, t.tag, t.amount,
                       sum(case when t.debit < t.credit then t.amount else -t.amount end)
                           over (partition by t.bucket, t.posting_id,
                                 least(t.debit, t.credit), greatest(t.debit, t.credit)) as net
                  from original o
                  join ledger_transfer t on t.bucket = o.bucket and t.posting_id = o.id
               ) as t
         where t.net <> 0
    ),
    pair as (
        select distinct bucket, posting_id, least(debit, credit) as low,
               greatest(debit, credit) as high
          from line
    ),
    moved as (
        select m.bucket, m.reverses, m.debit, m.credit, m.issuer, m.tag, m.amount
          from (
                select t.bucket, r.reverses, t.debit, t.credit, t.issuer, t.tag, t.amount,
                       sum(case when t.debit < t.credit then t.amount else -t.amount end)
                           over (partition by t.bucket, t.posting_id,
                                 least(t.debit, t.credit), greatest(t.debit, t.credit)) as net
                  from reversal r
                  join ledger_transfer t on t.bucket = r.bucket and t.posting_id = r.id
               ) as m
          left join pair
            on pair.bucket = m.bucket and pair.posting_id = m.reverses
           and pair.low = least(m.debit, m.credit) and pair.high = greatest(m.debit, m.credit)
         where m.net <> 0
            or pair.posting_id is not null
    )
    select r.bucket, r.reverses, r.tag, r.amount as reversed,
           coalesce(o.amount, 0)::bigint as original
      from (
            select m.bucket, m.reverses, m.credit as giver, m.issuer, m.tag,
                   case when a.id is not null then m.debit end as taker,
                   sum(m.amount)::bigint as amount
              from moved m
              left join ledger_account a on a.bucket = m.bucket and a.id = m.credit
             group by m.bucket, m.reverses, m.credit, m.issuer, m.tag, taker
           ) as r
      left join (
            select l.bucket, l.posting_id, l.debit as giver, l.issuer, l.tag,
                   case when a.id is not null then l.credit end as taker,
                   sum(l.amount)::bigint as amount
              from line l
              left join ledger_account a on a.bucket = l.bucket and a.id = l.debit
             group by l.bucket, l.posting_id, l.debit, l.issuer, l.tag, taker
           ) as o
        on o.bucket = r.bucket and o.posting_id = r.reverses and o.giver = r.giver
       and o.issuer = r.issuer and o.tag is not distinct from r.tag
       and o.taker is not distinct from r.taker
     where r.amount > coalesce(o.amount, 0)
     order by r.bucket, r.reverses, r.giver, r.tag
     limit %(limit)s
"""

TRANSFERS_WITHOUT_POSTING = """
    select t.bucket, t.posting_id
      from ledger_transfer t
      left join ledger_posting p on p.bucket = t.bucket and p.id = t.posting_id
     where p.id is null
        or p.refusal is not null
     limit %(limit)s
"""

POSTINGS_OFF_BATCHES = """
    select b.id, b.postings, coalesce(p.postings, 0) as found
      from ledger_batch b
      full join (
            select batch_id, count(*) as postings from ledger_posting group by batch_id
           ) p on p.batch_id = b.id
     where b.id is null
        or b.postings <> coalesce(p.postings, 0)
     limit %(limit)s
"""

NUMBER_GAPS = """
    select c.number as last, count(b.number) as numbered, max(b.number) as highest
      from ledger_chain c
      left join ledger_batch b on b.number is not null
     group by c.number
    having c.number <> count(b.number)
        or c.number <> coalesce(max(b.number), 0)
"""

# The chain in order, in pages; uq_ledger_batch_number.
CHAIN_PAGE = """
    select number, id, digest, chain, recorded_at
      from ledger_batch
     where number > %(after)s
     order by number
     limit %(limit)s
"""

# A batch's postings are recorded at its own instant; ix_ledger_posting_recorded narrows to it.
POSTINGS_OF_BATCHES = """
    select p.batch_id, p.bucket, p.id, p.fingerprint, p.kind
      from ledger_posting p
     where p.recorded_at >= %(first_at)s
       and p.recorded_at <= %(last_at)s
       and p.batch_id = any(%(ids)s::uuid[])
     order by p.batch_id, p.bucket, p.id
"""

SEALED_PERIODS = """
    select ledger, begins_at, ends_at, number, chain, digest, postings
      from ledger_period
     order by ledger, begins_at
"""
