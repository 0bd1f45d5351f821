"""Statements of the hot path: a batch of holds takes each of them once, whatever its size."""

# The unique key finds what was answered before.
FIND_ANSWERS = """
    select id, key, digest, refusal, expires_at
      from stock_reservation
     where key = any(%(keys)b::text[])
"""

# Shelves: the numbers of single warehouses, only for holds bound to one (goods to be picked up).
LOCK_SHELVES = """
    select l.warehouse_id, l.variant_id,
           greatest(l.on_hand - l.safety - l.withheld, 0) as sellable, l.reserved
      from stock_level l
     where (l.variant_id, l.warehouse_id) in (
               select variant_id, warehouse_id
                 from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[])
                      as wish (variant_id, warehouse_id)
           )
       and exists (select from stock_warehouse w where w.id = l.warehouse_id and w.is_active)
     order by l.variant_id, l.warehouse_id
       for update of l
"""

# A hold of a channel counts in every channel that shares a warehouse with it, so all of these are
# locked; `feeding` are the channels whose holds count in the row. The links cannot change before
# the end: whoever changes them takes the whole table first.
LOCK_COUNTERS = """
    select c.channel, c.variant_id, c.sellable, c.reserved,
           array(select k.channel from stock_channel_link k where k.linked = c.channel) as feeding
      from stock_counter c
     where (c.variant_id, c.channel) in (
               select wish.variant_id, k.linked
                 from unnest(%(variants)b::uuid[], %(channels)b::text[])
                      as wish (variant_id, channel)
                 join stock_channel_link k on k.channel = wish.channel
           )
     order by c.variant_id, c.channel
       for update of c
"""

# One statement writes the whole batch: refused holds without lines, granted ones with lines and
# journal, and the counters that LOCK_COUNTERS has locked.
WRITE_HOLDS = """
    with reservation as (
        insert into stock_reservation
               (id, key, digest, state, channel, warehouse_id, owner, expires_at, made_at,
                ended_at, refusal)
        select id, key, digest, case when refusal is null then 'held' else 'refused' end, channel,
               warehouse_id, owner, expires_at, %(now)s,
               case when refusal is not null then %(now)s::timestamptz end, refusal::jsonb
          from unnest(%(ids)b::uuid[], %(keys)b::text[], %(digests)b::bytea[], %(channels)b::text[],
                      %(warehouses)b::uuid[], %(owners)b::text[], %(expiries)b::timestamptz[],
                      %(refusals)b::text[])
               as hold (id, key, digest, channel, warehouse_id, owner, expires_at, refusal)
    ),
    line as (
        select *
          from unnest(%(line_ids)b::uuid[], %(line_variants)b::uuid[], %(line_channels)b::text[],
                      %(line_warehouses)b::uuid[], %(line_quantities)b::numeric[])
               as line (reservation_id, variant_id, channel, warehouse_id, quantity)
    ),
    kept as (
        insert into stock_reservation_line (reservation_id, variant_id, channel, warehouse_id,
            quantity)
        select reservation_id, variant_id, channel, warehouse_id, quantity
          from line
    ),
    journal as (
        insert into stock_movement
               (variant_id, at, kind, warehouse_id, channel, reservation_id, reserved_change,
                quantity)
        select variant_id, %(now)s, 'held', warehouse_id, channel, reservation_id, quantity,
               quantity
          from line
    )
    update stock_counter c
       set reserved = c.reserved + d.change
      from unnest(%(counter_variants)b::uuid[], %(counter_channels)b::text[],
                  %(counter_changes)b::numeric[])
           as d (variant_id, channel, change)
     where c.variant_id = d.variant_id
       and c.channel = d.channel
"""

RESERVE_ON_SHELVES = """
    update stock_level l
       set reserved = l.reserved + d.change
      from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(changes)b::numeric[])
           as d (variant_id, warehouse_id, change)
     where l.variant_id = d.variant_id
       and l.warehouse_id = d.warehouse_id
"""
