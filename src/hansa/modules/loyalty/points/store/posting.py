"""Lots and receipts as a batch reads and writes them."""

# Read before the accounts are locked, to know which; read again after.
FIND_RECEIPTS = """
    select r.partner_id, r.receipt, r.programme_id, r.bucket, r.member_id, r.account_id,
           r.happened_at, r.version, r.content
      from unnest(%(partners)b::uuid[], %(receipts)b::text[]) as asked (partner_id, receipt)
      join loyalty_receipt r using (partner_id, receipt)
"""

# After the accounts, in the order of the primary key.
LOCK_RECEIPTS = """
    select r.partner_id, r.receipt, r.programme_id, r.bucket, r.member_id, r.account_id,
           r.happened_at, r.version, r.content
      from unnest(%(partners)b::uuid[], %(receipts)b::text[]) as asked (partner_id, receipt)
      join loyalty_receipt r using (partner_id, receipt)
     order by r.partner_id, r.receipt
       for update of r
"""

# For each account the lots that are needed to spend so many points, earliest expiry first, and how
# many can be spent in all; ix_loyalty_lot_open. Accounts are locked already: nobody else writes.
SPENDABLE_LOTS = """
    select bucket, id, account_id, ledger, issuer, campaign_id, remaining, held, price_micro,
           earned_at, active_at, expires_at, spendable
      from (
            select l.bucket, l.id, l.account_id, l.ledger, l.issuer, l.campaign_id, l.remaining,
                   l.held, l.price_micro, l.earned_at, l.active_at, l.expires_at, asked.points,
                   sum(l.remaining - l.held) over account as spendable,
                   sum(l.remaining - l.held) over so_far - (l.remaining - l.held) as before
              from unnest(%(buckets)b::smallint[], %(accounts)b::bigint[], %(points)b::bigint[])
                       as asked (bucket, account_id, points)
              join loyalty_lot l
                on l.bucket = asked.bucket
               and l.account_id = asked.account_id
             where (l.remaining <> 0 or l.held <> 0)
               and l.remaining > l.held
               and l.active_at <= %(now)s
               and (l.expires_at is null or l.expires_at > %(now)s)
            window account as (partition by l.bucket, l.account_id),
                   so_far as (partition by l.bucket, l.account_id
                                  order by l.expires_at, l.earned_at, l.id)
           ) as open
     where before < points
     order by account_id, expires_at, earned_at, id
"""

# All that is left on accounts that owe something or whose lots are over; ix_loyalty_lot_open.
OPEN_LOTS = """
    select l.bucket, l.id, l.account_id, l.ledger, l.issuer, l.campaign_id, l.remaining, l.held,
           l.price_micro, l.earned_at, l.active_at, l.expires_at
      from unnest(%(buckets)b::smallint[], %(accounts)b::bigint[]) as asked (bucket, account_id)
      join loyalty_lot l using (bucket, account_id)
     where l.remaining <> 0
        or l.held <> 0
     order by l.account_id, l.expires_at, l.earned_at, l.id
"""

LOTS_BY_ID = """
    select l.bucket, l.id, l.account_id, l.ledger, l.issuer, l.campaign_id, l.remaining, l.held,
           l.price_micro, l.earned_at, l.active_at, l.expires_at
      from unnest(%(buckets)b::smallint[], %(ids)b::uuid[]) as asked (bucket, id)
      join loyalty_lot l using (bucket, id)
"""

WRITE_LOTS = """
with added as (
    insert into loyalty_lot
           (bucket, id, account_id, ledger, issuer, campaign_id, remaining, held, price_micro,
            earned_at, active_at, expires_at)
    select bucket, id, account_id, ledger, issuer, campaign_id, remaining, held, price_micro,
           earned_at, active_at, expires_at
      from unnest(
               %(n_buckets)b::smallint[], %(n_ids)b::uuid[], %(n_accounts)b::bigint[],
               %(n_ledgers)b::integer[], %(n_issuers)b::integer[], %(n_campaigns)b::uuid[],
               %(n_remaining)b::bigint[], %(n_held)b::bigint[], %(n_prices)b::bigint[],
               %(n_earned)b::timestamptz[], %(n_active)b::timestamptz[],
               %(n_expires)b::timestamptz[]
           ) as row (bucket, id, account_id, ledger, issuer, campaign_id, remaining, held,
                     price_micro, earned_at, active_at, expires_at)
)
update loyalty_lot l
   set remaining = row.remaining, held = row.held, expires_at = row.expires_at
  from unnest(
           %(c_buckets)b::smallint[], %(c_ids)b::uuid[], %(c_remaining)b::bigint[],
           %(c_held)b::bigint[], %(c_expires)b::timestamptz[]
       ) as row (bucket, id, remaining, held, expires_at)
 where l.bucket = row.bucket
   and l.id = row.id
"""

# A purchase may fill a row that a return made before it; both locked the row or have just made it.
WRITE_RECEIPTS = """
with added as (
    insert into loyalty_receipt
           (partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
            content, changed_at)
    select partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
           content, %(now)s
      from unnest(
               %(n_partners)b::uuid[], %(n_receipts)b::text[], %(n_programmes)b::uuid[],
               %(n_buckets)b::smallint[], %(n_members)b::uuid[], %(n_accounts)b::bigint[],
               %(n_happened)b::timestamptz[], %(n_versions)b::integer[], %(n_contents)b::bytea[]
           ) as row (partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at,
                     version, content)
)
update loyalty_receipt r
   set (bucket, member_id, account_id, happened_at, version, content, changed_at)
     = (row.bucket, row.member_id, row.account_id, row.happened_at, row.version, row.content,
        %(now)s)
  from unnest(
           %(c_partners)b::uuid[], %(c_receipts)b::text[], %(c_buckets)b::smallint[],
           %(c_members)b::uuid[], %(c_accounts)b::bigint[], %(c_happened)b::timestamptz[],
           %(c_versions)b::integer[], %(c_contents)b::bytea[]
       ) as row (partner_id, receipt, bucket, member_id, account_id, happened_at, version, content)
 where r.partner_id = row.partner_id
   and r.receipt = row.receipt
"""
