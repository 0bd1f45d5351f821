"""Orders: locked by receipt, written in arrays, found when they are due."""

ENSURE = """
    insert into loyalty_feed_order (partner_id, receipt, feed_id, state, changed_at)
    select %(partner_id)s, receipt, %(feed_id)s, '', %(now)s
      from unnest(%(receipts)s::text[]) as told (receipt)
     order by receipt
        on conflict (partner_id, receipt) do nothing
"""

# By the primary key, in its order, so that two runs that meet wait for each other and no more.
LOCK = """
    select receipt, state, intent, feed_id
      from loyalty_feed_order
     where partner_id = %(partner_id)s
       and receipt = any(%(receipts)s::text[])
     order by receipt
       for update
"""

SAVE = """
    update loyalty_feed_order as kept
       set state = told.state, intent = told.intent, version = told.version,
           due_at = told.due_at, is_open = told.due_at is not null, failure = told.failure,
           failure_facts = told.failure_facts::jsonb, changed_at = %(now)s
      from unnest(%(receipts)s::text[], %(states)s::bytea[], %(intents)s::bytea[],
                  %(versions)s::text[], %(dues)s::timestamptz[], %(failures)s::text[],
                  %(facts)s::text[])
           as told (receipt, state, intent, version, due_at, failure, failure_facts)
     where kept.partner_id = %(partner_id)s
       and kept.receipt = told.receipt
"""

# ix_loyalty_feed_order_due: open orders by the instant at which something is to be done.
LIST_DUE = """
    select partner_id, receipt, feed_id
      from loyalty_feed_order
     where is_open
       and due_at <= %(now)s
     order by due_at, partner_id, receipt
     limit %(limit)s
"""

REOPEN = """
    update loyalty_feed_order
       set is_open = true, due_at = %(now)s
     where partner_id = %(partner_id)s
       and receipt = %(receipt)s
"""

# ix_loyalty_feed_order_feed.
COUNT_SCHEDULED = """
    select count(*) as scheduled, min(due_at) as next_at
      from loyalty_feed_order
     where feed_id = %(feed_id)s
       and is_open
"""

# Orders nobody changes any more; the door itself knows their receipts for ever.
FORGET = """
    delete from loyalty_feed_order
     where (partner_id, receipt) in (
           select partner_id, receipt
             from loyalty_feed_order
            where not is_open
              and changed_at < %(before)s
            limit %(limit)s)
"""

OVERDUE = """
    select ordered.partner_id, ordered.receipt, feed.code, ordered.due_at
      from loyalty_feed_order as ordered
      join loyalty_feed as feed on feed.id = ordered.feed_id
     where ordered.is_open
       and ordered.due_at < now() - interval '1 hour'
     order by ordered.due_at
     limit 50
"""
