"""Every SQL statement of promotions."""

GET_GIFT_SET = """
    select id, code, market, name, minimum_minor, currency, items, starts_at, ends_at, priority,
           is_active, source
      from promotions_gift_set
     where id = %(id)s
"""

FIND_BY_CODES = """
    select id, code, market, name, minimum_minor, currency, items, starts_at, ends_at, priority,
           is_active, source
      from promotions_gift_set
     where code = any(%(codes)b::text[])
       for update
"""

LIST_GIFT_SETS = """
    select id, code, market, name, minimum_minor, currency, items, starts_at, ends_at, priority,
           is_active, source
      from promotions_gift_set
     where (%(market)s::text is null or market = %(market)s)
       and (%(after)s::text is null or code > %(after)s)
     order by code
     limit %(limit)s
"""

# A market has a handful of them at a time.
ACTIVE = """
    select id, code, market, name, minimum_minor, currency, items, starts_at, ends_at, priority,
           is_active, source
      from promotions_gift_set
     where market = %(market)s
       and is_active
       and (ends_at is null or ends_at > %(now)s)
     order by minimum_minor, code
     limit 100
"""

SAVE_GIFT_SET = """
    insert into promotions_gift_set
           (id, code, market, name, minimum_minor, currency, items, starts_at, ends_at, priority,
            is_active, source, updated_at, updated_by)
    values (%(id)s, %(code)s, %(market)s, %(name)s::jsonb, %(minimum_minor)s, %(currency)s,
            %(items)s::jsonb, %(starts_at)s, %(ends_at)s, %(priority)s, %(is_active)s, %(source)s,
            %(now)s, %(by)s)
        on conflict (code) do update
       set (market, name, minimum_minor, currency, items, starts_at, ends_at, priority, is_active,
            source, updated_at, updated_by)
         = (excluded.market, excluded.name, excluded.minimum_minor, excluded.currency,
            excluded.items, excluded.starts_at, excluded.ends_at, excluded.priority,
            excluded.is_active, excluded.source, excluded.updated_at, excluded.updated_by)
"""
