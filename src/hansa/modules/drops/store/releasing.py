"""Statements about drops and their products."""

from typing import LiteralString

_COLUMNS: LiteralString = """
           held.id, held.code, held.name, held.description, held.picture, held.markets,
           held.opens_at, held.closes_at, held.stays_on_sale, held.is_published, held.person_limit,
           held.item_limit, held.capacity, held.admissions_per_second, held.idle_minutes,
           held.gathers_minutes, held.is_paused,
           coalesce((select jsonb_agg(jsonb_build_array(part.product_id, part.item_limit)
                                      order by part.position)
                       from drops_product as part
                      where part.drop_id = held.id), '[]'::jsonb) as items
"""

GET: LiteralString = (
    "    select"
    + _COLUMNS
    + """      from drops_drop as held
     where held.id = %(id)s
"""
)

# Alone: two people who edit drops must see each other's products.
LOCK_ALL = "select pg_advisory_xact_lock(hashtext('drops_drop'))"

LIST: LiteralString = (
    "    select"
    + _COLUMNS
    + """      from drops_drop as held
     where %(before)s::timestamptz is null
        or (held.opens_at, held.id) < (%(before)s::timestamptz, %(before_id)s::uuid)
     order by held.opens_at desc, held.id desc
     limit %(limit)s
"""
)

# What a process keeps in memory: all that has not closed, and what closed lately. Few.
LIVE: LiteralString = (
    "    select"
    + _COLUMNS
    + """      from drops_drop as held
     where held.closes_at is null
        or held.closes_at > %(closed_after)s
     order by held.opens_at, held.id
     limit %(limit)s
"""
)

# Of some products, in whichever market; with the words of the order's own transaction.
OF_PRODUCTS: LiteralString = (
    "    select"
    + _COLUMNS
    + """      from drops_drop as held
     where exists (select
                     from drops_product as part
                    where part.drop_id = held.id
                      and part.product_id = any(%(product_ids)s::uuid[]))
       and (held.closes_at is null or held.closes_at > %(now)s)
     order by held.id
"""
)

SAVE = """
    insert into drops_drop
           (id, code, name, description, picture, markets, opens_at, closes_at, stays_on_sale,
            is_published, person_limit, item_limit, capacity, admissions_per_second, idle_minutes,
            gathers_minutes, is_paused, created_at, changed_at)
    values (%(id)s, %(code)s, %(name)s::jsonb, %(description)s::jsonb, %(picture)s,
            %(markets)s::text[], %(opens_at)s, %(closes_at)s, %(stays_on_sale)s, %(is_published)s,
            %(person_limit)s, %(item_limit)s, %(capacity)s, %(admissions_per_second)s,
            %(idle_minutes)s, %(gathers_minutes)s, %(is_paused)s, %(now)s, %(now)s)
        on conflict (id) do update
       set code = excluded.code, name = excluded.name, description = excluded.description,
           picture = excluded.picture, markets = excluded.markets, opens_at = excluded.opens_at,
           closes_at = excluded.closes_at, stays_on_sale = excluded.stays_on_sale,
           is_published = excluded.is_published, person_limit = excluded.person_limit,
           item_limit = excluded.item_limit, capacity = excluded.capacity,
           admissions_per_second = excluded.admissions_per_second,
           idle_minutes = excluded.idle_minutes, gathers_minutes = excluded.gathers_minutes,
           is_paused = excluded.is_paused, changed_at = excluded.changed_at
"""

CODE_OWNER = """
    select id
      from drops_drop
     where code = %(code)s
       and id <> %(id)s
"""

REMOVE_ITEMS = """
    delete from drops_product
     where drop_id = %(id)s
       and product_id <> all(%(product_ids)s::uuid[])
"""

SAVE_ITEMS = """
    insert into drops_product (drop_id, product_id, position, item_limit)
    select %(id)s, new.product_id, new.position, new.item_limit
      from unnest(%(product_ids)s::uuid[], %(positions)s::integer[], %(limits)s::integer[])
        as new (product_id, position, item_limit)
        on conflict (drop_id, product_id) do update
       set position = excluded.position, item_limit = excluded.item_limit
"""

ADD_LINE = """
    insert into drops_line (drop_id)
    values (%(id)s)
        on conflict (drop_id) do nothing
"""
