"""Statements that prove."""

WALK_LINKS = """
    select connection_id, kind, internal_id, crm_id
      from retailcrm_link
     where kind = %(kind)s
       and internal_id > %(after)s
     order by internal_id
     limit %(limit)s
"""

# From the day told on all orders are sent, once the first load has put them in the queue; before
# it, those placed since the connection was made.
LOADED_MARKETS = """
    select served.market, served.connection_id,
           case
               when connection.load ->> 'state' in ('sending', 'done')
               then (connection.options ->> 'since')::timestamptz
               else connection.created_at
           end as since
      from retailcrm_market as served
      join retailcrm_connection as connection on connection.id = served.connection_id
     where connection.is_active
     order by served.market
"""

TOLD_ORDERS = """
    select internal_id as id
      from retailcrm_link
     where connection_id = %(connection_id)s
       and kind = 'order'
       and internal_id = any(%(ids)s::uuid[])
     union
    select subject_id
      from retailcrm_outgoing
     where connection_id = %(connection_id)s
       and kind = 'order'
       and subject_id = any(%(ids)s::uuid[])
"""
