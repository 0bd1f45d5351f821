"""Reads of balances, lots, receipts, and of what time has come for."""

# One row per member asked for: what can be spent, what cannot yet, what goes soon. Memberships by
# primary key, lots by ix_loyalty_lot_open: only those that are open.
STANDINGS = """
    select m.programme_id, m.member_id, m.bucket, m.account_id, m.state,
           coalesce(l.active, 0)::bigint as active, coalesce(l.pending, 0)::bigint as pending,
           coalesce(l.expiring, 0)::bigint as expiring, l.expires_at
      from unnest(%(buckets)b::smallint[], %(programmes)b::uuid[], %(members)b::uuid[])
               as asked (bucket, programme_id, member_id)
      join loyalty_membership m using (bucket, member_id, programme_id)
      left join lateral (
            select sum(case when active_at <= %(now)s then remaining - held end) as active,
                   sum(case when active_at > %(now)s then remaining - held end) as pending,
                   sum(case when expires_at <= %(soon)s then remaining - held end) as expiring,
                   min(expires_at) as expires_at
              from loyalty_lot l
             where l.bucket = m.bucket
               and l.account_id = m.account_id
               and (l.remaining <> 0 or l.held <> 0)
               and l.remaining > l.held
               and (l.expires_at is null or l.expires_at > %(now)s)
           ) l on true
"""

# Lots that are open, in the order in which they are spent; ix_loyalty_lot_open.
LOTS_OF_ACCOUNT = """
    select bucket, id, account_id, ledger, issuer, campaign_id, remaining, held, price_micro,
           earned_at, active_at, expires_at
      from loyalty_lot
     where bucket = %(bucket)s
       and account_id = %(account_id)s
       and (remaining <> 0 or held <> 0)
     order by expires_at, earned_at, id
     limit %(limit)s
"""

# Accounts with points whose time is over; ix_loyalty_lot_due. What is held waits for its hold.
DUE_ACCOUNTS = """
    select distinct bucket, account_id, ledger
      from (
            select bucket, account_id, ledger
              from loyalty_lot
             where remaining > 0
               and expires_at <= %(now)s
               and remaining > held
             order by expires_at
             limit %(limit)s
           ) as due
"""

# Receipts of a member from an instant on; ix_loyalty_receipt_member.
RECEIPTS_SINCE = """
    select partner_id, receipt, programme_id, version
      from loyalty_receipt
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and programme_id = %(programme_id)s
       and happened_at >= %(since)s
     order by happened_at, partner_id, receipt
     limit %(limit)s
    offset %(offset)s
"""

GET_RECEIPT = """
    select partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
           content
      from loyalty_receipt
     where partner_id = %(partner_id)s
       and receipt = %(receipt)s
"""

# Newest first; ix_loyalty_receipt_member.
RECEIPTS_OF_MEMBER = """
    select partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
           content
      from loyalty_receipt
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and (%(before)s::timestamptz is null or happened_at < %(before)s)
     order by happened_at desc, partner_id, receipt
     limit %(limit)s
"""
