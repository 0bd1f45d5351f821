"""Calls to partners, and money beside points."""

SAVE_CALLS = """
    insert into loyalty_feed_call
           (id, feed_id, item_id, ordinal, path, body, try_at, created_at)
    select id, %(feed_id)s, item_id, ordinal, path, body::jsonb, %(now)s, %(now)s
      from unnest(%(ids)s::uuid[], %(item_ids)s::uuid[], %(ordinals)s::integer[], %(paths)s::text[],
                  %(bodies)s::text[]) as told (id, item_id, ordinal, path, body)
        on conflict (feed_id, item_id, ordinal) do nothing
"""

# ix_loyalty_feed_call_waiting: in the order in which things happened.
LIST_WAITING = """
    select id, path, body, attempts, created_at
      from loyalty_feed_call
     where feed_id = %(feed_id)s
       and state = 'waiting'
       and try_at <= %(now)s
     order by created_at, id
     limit %(limit)s
"""

FEEDS_WITH_CALLS = """
    select distinct feed_id
      from loyalty_feed_call
     where state = 'waiting'
       and try_at <= %(now)s
     limit 500
"""

NOTE_CALL = """
    update loyalty_feed_call
       set state = %(state)s, attempts = attempts + 1, status = %(status)s, try_at = %(try_at)s,
           done_at = case when %(state)s = 'waiting' then null else %(now)s::timestamptz end
     where id = %(id)s
       and state = 'waiting'
"""

COUNT_WAITING = """
    select count(*)
      from loyalty_feed_call
     where feed_id = %(feed_id)s
       and state = 'waiting'
"""

FORGET_CALLS = """
    delete from loyalty_feed_call
     where id in (
           select id
             from loyalty_feed_call
            where feed_id = %(feed_id)s
              and state <> 'waiting'
              and created_at < %(before)s
            limit %(limit)s)
"""

# What came again changes nothing: the first entry stands, and only new ones are given back.
SAVE_CLEARING = """
    insert into loyalty_feed_clearing
           (feed_id, item_id, ordinal, partner_id, programme_id, matter, key, amount_minor,
            currency, points, happened_at)
    select %(feed_id)s, item_id, ordinal, %(partner_id)s, %(programme_id)s, matter, key,
           amount_minor, %(currency)s, points, happened_at
      from unnest(%(item_ids)s::uuid[], %(ordinals)s::integer[], %(matters)s::text[],
                  %(keys)s::text[], %(amounts)s::bigint[], %(points)s::bigint[],
                  %(moments)s::timestamptz[])
           as told (item_id, ordinal, matter, key, amount_minor, points, happened_at)
        on conflict (feed_id, item_id, ordinal) do nothing
 returning item_id, ordinal, matter, amount_minor, happened_at
"""

# ix_loyalty_feed_clearing_partner.
LIST_CLEARING = """
    select partner_id, programme_id, matter, key, amount_minor, currency, points, happened_at
      from loyalty_feed_clearing
     where partner_id = %(partner_id)s
       and happened_at >= %(begin)s
       and happened_at < %(end)s
     order by happened_at, item_id, ordinal
     limit %(limit)s
"""
