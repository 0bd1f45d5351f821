"""What must always hold of lots and receipts, as statements that find where it does not."""

LOTS_OFF_BALANCES = """
    select a.bucket, a.id, a.posted, a.held, a.owed, coalesce(l.remaining, 0)::bigint as remaining,
           coalesce(l.held, 0)::bigint as lots_held, coalesce(l.debt, 0)::bigint as debt
      from ledger_account a
      join loyalty_membership m on m.bucket = a.bucket and m.account_id = a.id
      left join (
            select bucket, account_id, sum(remaining) as remaining, sum(held) as held,
                   sum(greatest(0, held - remaining)) as debt
              from loyalty_lot
             group by bucket, account_id
           ) l on l.bucket = a.bucket and l.account_id = a.id
     where a.posted <> coalesce(l.remaining, 0)
        or a.held <> coalesce(l.held, 0)
        or a.owed <> coalesce(l.debt, 0)
     limit %(limit)s
"""

LOTS_OFF_TRANSFERS = """
    select coalesce(l.bucket, t.bucket) as bucket, coalesce(l.id, t.tag) as id,
           coalesce(l.remaining, 0) as remaining, coalesce(t.amount, 0)::bigint as transfers
      from loyalty_lot l
      full join (
            select m.bucket, m.tag, m.account, sum(m.amount)::bigint as amount
              from (
                    select bucket, tag, debit as account, -amount as amount
                      from ledger_transfer where tag is not null and debit > 0
                    union all
                    select bucket, tag, credit, amount
                      from ledger_transfer where tag is not null and credit > 0
                   ) as m
             group by m.bucket, m.tag, m.account
           ) t on t.bucket = l.bucket and t.tag = l.id and t.account = l.account_id
     where coalesce(l.remaining, 0) <> coalesce(t.amount, 0)
     limit %(limit)s
"""

# Of each issuer's points as many are on members' accounts as its transfers say.
ISSUERS_OFF = """
    select coalesce(l.ledger, t.ledger) as ledger, coalesce(l.issuer, t.issuer) as issuer,
           coalesce(l.remaining, 0)::bigint as lots, coalesce(t.amount, 0)::bigint as transfers
      from (
            select ledger, issuer, sum(remaining) as remaining
              from loyalty_lot
             group by ledger, issuer
           ) l
      full join (
            select m.ledger, m.issuer, sum(m.amount) as amount
              from (
                    select ledger, issuer, -amount as amount
                      from ledger_transfer where tag is not null and debit > 0
                    union all
                    select ledger, issuer, amount
                      from ledger_transfer where tag is not null and credit > 0
                   ) as m
             group by m.ledger, m.issuer
           ) t on t.ledger = l.ledger and t.issuer = l.issuer
     where coalesce(l.remaining, 0) <> coalesce(t.amount, 0)
     limit %(limit)s
"""

HOLDS_OFF_LOTS = """
    select l.bucket, l.id, l.held, coalesce(h.amount, 0)::bigint as holds
      from loyalty_lot l
      left join (
            select h.bucket, part.tag, sum(part.amount) as amount
              from ledger_hold h,
                   unnest(h.tags, h.tag_amounts) as part (tag, amount)
             where h.state = 'open'
             group by h.bucket, part.tag
           ) h on h.bucket = l.bucket and h.tag = l.id
     where l.held <> coalesce(h.amount, 0)
     limit %(limit)s
"""

# In pages by primary key: their contents are read and proven in memory.
RECEIPTS_PAGE = """
    select partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
           content
      from loyalty_receipt
     where (partner_id, receipt) > (%(partner_id)s, %(receipt)s)
     order by partner_id, receipt
     limit %(limit)s
"""
