"""Statements about orders on their way to 1C, and the checks of the module."""

NOTE_SENT = """
    insert into erp_order_delivery as d
           (connection_id, order_id, change_number, exchange_id, sent_at)
    select %(connection_id)s, order_id, change_number, %(exchange_id)s, %(now)s
      from unnest(%(order_ids)b::uuid[], %(change_numbers)b::bigint[]) as row (order_id,
                  change_number)
     order by order_id
        on conflict (connection_id, order_id) do update
       set change_number = excluded.change_number, exchange_id = excluded.exchange_id,
       sent_at = excluded.sent_at,
           confirmed_at = null
"""

TAKE_SENT = """
    update erp_order_delivery
       set confirmed_at = %(now)s
     where exchange_id = %(exchange_id)s
       and confirmed_at is null
    returning order_id, change_number
"""

# An order that comes back from 1C has arrived there, whatever became of `success`.
TAKE_RETURNED = """
    update erp_order_delivery
       set confirmed_at = %(now)s
     where connection_id = %(connection_id)s
       and order_id = %(order_id)s
       and confirmed_at is null
    returning order_id, change_number
"""

FILES_STUCK = """
    select id, name, touched_at
      from erp_file
     where state in ('waiting', 'importing')
       and touched_at < now() - interval '15 minutes'
     order by touched_at
     limit %(limit)s
"""

CONFIRMED_DELIVERIES = """
    select order_id
      from erp_order_delivery
     where confirmed_at is not null
     order by confirmed_at desc
     limit %(limit)s
"""

REFERENCES_OF_KIND = """
    select distinct internal_id
      from erp_reference
     where kind = %(kind)s
       and internal_id > %(after)s
     order by internal_id
     limit %(limit)s
"""
