"""Statements about all members: segments, and what members did in a time."""

# One statement for every segment: a filter that is not set is null and lets everybody through.
# Members are walked along pk_loyalty_membership, page by page; what is asked of one is found by the
# keys that begin with (bucket, programme, member), by ix_loyalty_lot_open and by
# ix_loyalty_receipt_member. A percent is counted as `offers` count it: the
# base and the best raise of each group, not above the limit.
_MATCHING = """
      from loyalty_membership as membership
      join loyalty_member as member
        on member.bucket = membership.bucket
       and member.id = membership.member_id
      join loyalty_programme as programme on programme.id = membership.programme_id
     where membership.programme_id = %(programme_id)s
       and membership.state = 'active'
       and member.state = 'active'
       and (membership.bucket, membership.member_id)
           > (%(after_bucket)s::smallint, %(after)s::uuid)
       and (%(language)s::text is null or member.language = %(language)s)
       and (%(joined_after)s::timestamptz is null or member.joined_at > %(joined_after)s)
       and (%(balance_min)s::bigint is null or coalesce((
            select sum(lot.remaining)
              from loyalty_lot as lot
             where lot.bucket = membership.bucket
               and lot.account_id = membership.account_id
               and (lot.remaining <> 0 or lot.held <> 0)), 0) >= %(balance_min)s)
       and (%(balance_max)s::bigint is null or coalesce((
            select sum(lot.remaining)
              from loyalty_lot as lot
             where lot.bucket = membership.bucket
               and lot.account_id = membership.account_id
               and (lot.remaining <> 0 or lot.held <> 0)), 0) <= %(balance_max)s)
       and (%(expires_before)s::timestamptz is null or coalesce((
            select sum(lot.remaining)
              from loyalty_lot as lot
             where lot.bucket = membership.bucket
               and lot.account_id = membership.account_id
               and (lot.remaining <> 0 or lot.held <> 0)
               and lot.remaining > 0
               and lot.expires_at > %(now)s
               and lot.expires_at <= %(expires_before)s), 0) >= %(expiring_min)s)
       and (%(active_after)s::timestamptz is null or exists (
            select 1
              from loyalty_receipt as receipt
             where receipt.bucket = membership.bucket
               and receipt.member_id = membership.member_id
               and receipt.programme_id = membership.programme_id
               and receipt.happened_at > %(active_after)s))
       and (%(inactive_since)s::timestamptz is null or not exists (
            select 1
              from loyalty_receipt as receipt
             where receipt.bucket = membership.bucket
               and receipt.member_id = membership.member_id
               and receipt.programme_id = membership.programme_id
               and receipt.happened_at > %(inactive_since)s))
       and (%(partner_id)s::uuid is null or exists (
            select 1
              from loyalty_receipt as receipt
             where receipt.bucket = membership.bucket
               and receipt.member_id = membership.member_id
               and receipt.programme_id = membership.programme_id
               and receipt.partner_id = %(partner_id)s))
       and (%(random_from)s::integer is null or
            (get_byte(uuid_send(member.id), 12) * 65536
             + get_byte(uuid_send(member.id), 13) * 256
             + get_byte(uuid_send(member.id), 14)) %% 10000 >= %(random_from)s)
       and (%(random_until)s::integer is null or
            (get_byte(uuid_send(member.id), 12) * 65536
             + get_byte(uuid_send(member.id), 13) * 256
             + get_byte(uuid_send(member.id), 14)) %% 10000 < %(random_until)s)
       and (%(offer_id)s::uuid is null or coalesce((
            select switch.is_on
              from loyalty_switch as switch
             where switch.bucket = membership.bucket
               and switch.programme_id = membership.programme_id
               and switch.member_id = membership.member_id
               and switch.offer_id = %(offer_id)s
               and switch.at <= %(now)s
             order by switch.at desc
             limit 1), false))
       and (%(percent_min)s::integer is null or
            greatest(programme.percent, least(programme.percent_max, programme.percent + coalesce((
            select sum(best.percent)
              from (select max(done.percent) as percent
                      from loyalty_completion as done
                     where done.bucket = membership.bucket
                       and done.programme_id = membership.programme_id
                       and done.member_id = membership.member_id
                       and done.is_standing
                       and done.category = ''
                       and done.starts_at <= %(now)s
                       and done.ends_at > %(now)s
                     group by done.stack) as best), 0))) >= %(percent_min)s)
"""

LIST_SEGMENT = (
    """
    select membership.member_id
"""
    + _MATCHING
    + """
     order by membership.bucket, membership.member_id
     limit %(limit)s
"""
)

# Up to a limit: whoever asks wants to know how many there are about, not to wait for it.
COUNT_SEGMENT = (
    """
    select count(*)
      from (select membership.member_id
"""  # noqa: S608 - its parts are constants
    + _MATCHING
    + """
             limit %(limit)s) as found
"""
)

# What members did from an instant to another; pk_loyalty_membership, ix_loyalty_receipt_member.
ACCOUNTS_AND_RECEIPTS = """
    select membership.bucket, membership.account_id, count(receipt.receipt) as receipts
      from unnest(%(buckets)s::smallint[], %(member_ids)s::uuid[]) as asked (bucket, member_id)
      join loyalty_membership as membership
        on membership.bucket = asked.bucket
       and membership.member_id = asked.member_id
       and membership.programme_id = %(programme_id)s
      left join loyalty_receipt as receipt
        on receipt.bucket = membership.bucket
       and receipt.member_id = membership.member_id
       and receipt.programme_id = membership.programme_id
       and receipt.happened_at >= %(since)s
       and receipt.happened_at < %(until)s
     group by membership.bucket, membership.account_id
     order by membership.bucket, membership.account_id
"""
