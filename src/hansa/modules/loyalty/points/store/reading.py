"""Reads of balances, lots, receipts, and of what time has come for."""

# One row per member asked for, from the open lots alone, so that its numbers fit each other: what
# can be spent, what cannot yet, what is held, owed, and goes soon. Memberships by primary key, lots
# by ix_loyalty_lot_open.
BALANCES = """
    select m.programme_id, m.member_id, m.state, l.posted, l.held, l.owed, l.active, l.pending,
           l.expiring, l.expires_at
      from unnest(%(buckets)b::smallint[], %(programmes)b::uuid[], %(members)b::uuid[])
               as asked (bucket, programme_id, member_id)
      join loyalty_membership m using (bucket, member_id, programme_id)
      join lateral (
            select coalesce(sum(remaining), 0)::bigint as posted,
                   coalesce(sum(held), 0)::bigint as held,
                   coalesce(sum(greatest(0, held - remaining)), 0)::bigint as owed,
                   coalesce(sum(remaining - held) filter (where is_open and active_at <= %(now)s),
                            0)::bigint as active,
                   coalesce(sum(remaining - held) filter (where is_open and active_at > %(now)s),
                            0)::bigint as pending,
                   coalesce(sum(remaining - held) filter (where is_open
                                                            and expires_at <= %(soon)s),
                            0)::bigint as expiring,
                   min(expires_at) filter (where is_open) as expires_at
              from (
                    select remaining, held, active_at, expires_at,
                           remaining > held and (expires_at is null or expires_at > %(now)s)
                               as is_open
                      from loyalty_lot l
                     where l.bucket = m.bucket
                       and l.account_id = m.account_id
                       and (l.remaining <> 0 or l.held <> 0)
                   ) as lots
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

# Which receipts are here, posted or waiting for their buyer; by both primary keys. One of which
# only a return has come is not: its purchase may come in elsewhere.
RECEIPTS_HERE = """
    select receipt
      from loyalty_receipt
     where partner_id = %(partner_id)s
       and receipt = any(%(receipts)s::text[])
       and member_id is not null
     union
    select receipt
      from loyalty_unclaimed
     where partner_id = %(partner_id)s
       and receipt = any(%(receipts)s::text[])
"""

# Buyers whose receipts wait here; ix_loyalty_unclaimed_ref.
BUYERS_AWAITED = """
    select distinct ref
      from loyalty_unclaimed
     where ref = any(%(refs)s::bytea[])
"""

# Of many members at one partner; ix_loyalty_receipt_member for each.
LIST_BOUGHT = """
    select receipt.partner_id, receipt.receipt, receipt.programme_id, receipt.bucket,
           receipt.member_id, receipt.account_id, receipt.happened_at, receipt.version,
           receipt.content
      from unnest(%(buckets)s::smallint[], %(member_ids)s::uuid[]) as asked (bucket, member_id)
      join loyalty_receipt as receipt
        on receipt.bucket = asked.bucket
       and receipt.member_id = asked.member_id
       and receipt.happened_at >= %(since)s
       and receipt.happened_at < %(until)s
     where receipt.partner_id = %(partner_id)s
       and receipt.programme_id = %(programme_id)s
     order by receipt.bucket, receipt.member_id, receipt.happened_at, receipt.receipt
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

# Lots that an offer has paid for; by primary key.
CAMPAIGNS_OF = """
    select l.id, l.campaign_id
      from unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) as asked (bucket, id)
      join loyalty_lot l using (bucket, id)
     where l.campaign_id is not null
"""
