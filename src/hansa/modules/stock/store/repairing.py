"""Statements that put derived numbers right; what is wrong is found by those of `checking`."""

# Shelves that exist only as a claim get a row, so that there is something to lock and correct.
ADD_SHELVES = """
    insert into stock_level (variant_id, warehouse_id, as_of, source)
    select variant_id, warehouse_id, 'epoch', ''
      from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[]) as d (variant_id, warehouse_id)
     order by variant_id, warehouse_id
        on conflict (variant_id, warehouse_id) do nothing
"""

LOCK_SHELVES = """
    select l.variant_id, l.warehouse_id
      from stock_level l
      join unnest(%(variants)b::uuid[], %(warehouses)b::uuid[]) as d (variant_id, warehouse_id)
        on d.variant_id = l.variant_id and d.warehouse_id = l.warehouse_id
     order by l.variant_id, l.warehouse_id
       for update of l
"""

FIX_SHELVES = """
    update stock_level l
       set reserved = d.reserved,
           withheld = d.withheld
      from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(reserved)b::numeric[],
                  %(withheld)b::numeric[])
           as d (variant_id, warehouse_id, reserved, withheld)
     where l.variant_id = d.variant_id
       and l.warehouse_id = d.warehouse_id
"""

FIX_COUNTERS = """
    insert into stock_counter as c (variant_id, channel, sellable, reserved)
    select variant_id, channel, sellable, reserved
      from unnest(%(variants)b::uuid[], %(channels)b::text[], %(sellable)b::numeric[],
                  %(reserved)b::numeric[])
           as d (variant_id, channel, sellable, reserved)
     order by variant_id, channel
        on conflict (variant_id, channel) do update
       set sellable = excluded.sellable,
           reserved = excluded.reserved
"""

TELL_REPAIRED = """
    insert into stock_movement (variant_id, at, kind, warehouse_id, channel, note, actor_id)
    select variant_id, %(now)s, 'repaired', warehouse_id, channel, note, %(by)s
      from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(channels)b::text[],
                  %(notes)b::text[])
           as d (variant_id, warehouse_id, channel, note)
"""
