"""Statements about shops, policies and rules of sourcing."""

GET_POLICY = """
    select body
      from fulfilment_policy
     where market = %(market)s
"""

SAVE_POLICY = """
    insert into fulfilment_policy (market, body, updated_at)
    values (%(market)s, %(body)s::text::jsonb, %(now)s)
        on conflict (market) do update
       set (body, updated_at) = (excluded.body, excluded.updated_at)
"""

LIST_RULES = """
    select id, market, position, name, is_active, body
      from fulfilment_rule
     where market = %(market)s
     order by position, id
"""

SAVE_RULE = """
    insert into fulfilment_rule (id, market, position, name, is_active, body, updated_at)
    values (%(id)s, %(market)s, %(position)s, %(name)s, %(is_active)s, %(body)s::text::jsonb,
            %(now)s)
        on conflict (id) do update
       set (position, name, is_active, body, updated_at)
         = (excluded.position, excluded.name, excluded.is_active, excluded.body,
            excluded.updated_at)
"""

LIST_SHOPS = """
    select warehouse_id, channel, address, time_zone, language, hours, members, groups,
           paused_until
      from fulfilment_shop
     order by warehouse_id
"""

GET_SHOP = """
    select warehouse_id, channel, address, time_zone, language, hours, members, groups,
           paused_until
      from fulfilment_shop
     where warehouse_id = %(warehouse_id)s
"""

SAVE_SHOP = """
    insert into fulfilment_shop
           (warehouse_id, channel, address, time_zone, language, hours, members, groups,
            paused_until, updated_at)
    values (%(warehouse_id)s, %(channel)s, %(address)s, %(time_zone)s, %(language)s,
            %(hours)s::text::jsonb, %(members)s, %(groups)s, %(paused_until)s, %(now)s)
        on conflict (warehouse_id) do update
       set (channel, address, time_zone, language, hours, members, groups, paused_until,
            updated_at)
         = (excluded.channel, excluded.address, excluded.time_zone, excluded.language,
            excluded.hours, excluded.members, excluded.groups, excluded.paused_until,
            excluded.updated_at)
"""

DELETE_RULE = """
    delete from fulfilment_rule
     where id = %(id)s
"""

GET_RULE = """
    select id, market, position, name, is_active, body
      from fulfilment_rule
     where id = %(id)s
"""
