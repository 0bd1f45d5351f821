"""Statements about warehouses, levels and the counters made of them."""

# One writer of levels at a time. Imports are cut into short transactions, so nobody waits long;
# what it buys: what is read about levels and shipments under it stays true until the commit.
LOCK_WRITING_OF_LEVELS = "select pg_advisory_xact_lock(5284721700123)"

# While the links between channels change, nobody may change a counter. Whoever does so takes the
# share before anything else but the lock above, and reads the links after it. Readers go on.
LOCK_ALL_COUNTERS = "lock table stock_counter in exclusive mode"
SHARE_COUNTERS = "lock table stock_counter in row share mode"

KNOWN_WAREHOUSES = """
    select id
      from stock_warehouse
     where id = any(%(ids)b::uuid[])
"""

SAVE_WAREHOUSES = """
    insert into stock_warehouse as w
           (id, code, name, kind, address, city, phone, hours, latitude, longitude, is_active,
            channels, position,
            updated_at)
    select id, code, name, kind, address, city, phone, hours, latitude, longitude, is_active,
           array(select jsonb_array_elements_text(channels)), position, %(now)s
      from jsonb_to_recordset(%(rows)s::jsonb)
           as r (id uuid, code text, name jsonb, kind text, address text, city text, phone text,
                 hours text,
                 latitude double precision, longitude double precision, is_active boolean,
                     channels jsonb,
                 position integer)
     order by id
        on conflict (id) do update
       set (code, name, kind, address, city, phone, hours, latitude, longitude, is_active,
           channels, position,
            updated_at)
         = (excluded.code, excluded.name, excluded.kind, excluded.address, excluded.city,
             excluded.phone,
            excluded.hours, excluded.latitude, excluded.longitude, excluded.is_active,
                excluded.channels,
            excluded.position, excluded.updated_at)
"""

LINKS_DIFFER = """
    with wanted as (
        select unnest(channels) as channel, id as warehouse_id
          from stock_warehouse
         where is_active
    )
    select exists (table wanted
                   except
                   select channel, warehouse_id from stock_channel_warehouse)
        or exists (select channel, warehouse_id from stock_channel_warehouse
                   except
                   table wanted)
"""

CLEAR_LINKS = """
    with gone as (
        delete from stock_channel_warehouse
    )
    delete from stock_channel_link
"""

LINK_WAREHOUSES = """
    insert into stock_channel_warehouse (channel, warehouse_id)
    select distinct unnest(channels), id
      from stock_warehouse
     where is_active
"""

LINK_CHANNELS = """
    insert into stock_channel_link (channel, linked)
    select distinct a.channel, b.channel
      from stock_channel_warehouse a
      join stock_channel_warehouse b on b.warehouse_id = a.warehouse_id
"""

# The sums themselves: the one definition of what a counter must say. Used to rebuild and to
# check.
COUNTERS_AS_SUMS = """
    select variant_id, channel, sum(sellable) as sellable, sum(reserved) as reserved
      from (
            select l.variant_id, w.channel,
                   greatest(l.on_hand - l.safety - coalesce(k.withheld, 0), 0) as sellable,
                   0::numeric as reserved
              from stock_level l
              join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id
              left join (
                       select variant_id, warehouse_id, sum(quantity) as withheld
                         from stock_correction
                        where ended_at is null
                        group by variant_id, warehouse_id
                   ) k on k.variant_id = l.variant_id and k.warehouse_id = l.warehouse_id
             union all
            select n.variant_id, k.linked, 0, n.quantity - n.contained - n.released
              from stock_reservation_line n
              join stock_channel_link k on k.channel = n.channel
             where n.contained + n.released < n.quantity
             union all
            select distinct l.variant_id, k.linked, 0::numeric, 0::numeric
              from stock_level l
              join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id
              join stock_channel_link k on k.channel = w.channel
           ) part
     group by variant_id, channel
"""

CLEAR_COUNTERS = "delete from stock_counter"

REBUILD_COUNTERS = f"""
    insert into stock_counter (variant_id, channel, sellable, reserved)
    {COUNTERS_AS_SUMS}
"""

ALL_COUNTED = """
    select channel, variant_id, sellable, reserved
      from stock_counter
     order by channel, variant_id
"""

# Rows of one variant and warehouse: the newest wins, of equally new ones the last. The sort is
# also the order of the locks. An older number changes nothing, nor does one that accounts for fewer
# orders than the known one of the same source; the same again is not written.
MERGE_LEVELS = """
    with incoming as materialized (
        select distinct on (variant_id, warehouse_id) variant_id, warehouse_id, on_hand, as_of,
               watermark
          from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(numbers)b::numeric[],
                      %(instants)b::timestamptz[], %(watermarks)b::bigint[])
               with ordinality as level (variant_id, warehouse_id, on_hand, as_of, watermark,
                                         ordinal)
         order by variant_id, warehouse_id, as_of desc, watermark desc nulls last, ordinal desc
    ),
    merged as (
        insert into stock_level as l (variant_id, warehouse_id, on_hand, as_of, source, watermark)
        select variant_id, warehouse_id, on_hand, as_of, %(source)s, watermark
          from incoming
         order by variant_id, warehouse_id
            on conflict (variant_id, warehouse_id) do update
           set on_hand_was = l.on_hand,
               on_hand = excluded.on_hand,
               as_of = excluded.as_of,
               source = excluded.source,
               watermark = case when l.source in (excluded.source, '')
                                then greatest(l.watermark, excluded.watermark)
                                else excluded.watermark
                            end
         where (l.as_of < excluded.as_of
                or (l.as_of = excluded.as_of
                    and (l.on_hand <> excluded.on_hand
                         or excluded.watermark > coalesce(l.watermark, -1))))
           and (l.watermark is null
                or excluded.watermark is null
                or l.watermark <= excluded.watermark
                or l.source not in (excluded.source, ''))
        returning variant_id, warehouse_id, on_hand, on_hand_was, safety, withheld, as_of
    ),
    journal as (
        insert into stock_movement
               (variant_id, at, kind, warehouse_id, on_hand_change, on_hand_after, as_of, source)
        select variant_id, %(now)s, %(kind)s, warehouse_id, on_hand - on_hand_was, on_hand, as_of,
               %(source)s
          from merged
         where on_hand <> on_hand_was
    )
    select m.variant_id, w.channel,
           sum(greatest(m.on_hand - m.safety - m.withheld, 0)
               - greatest(m.on_hand_was - m.safety - m.withheld, 0)) as change
      from merged m
      join stock_channel_warehouse w on w.warehouse_id = m.warehouse_id
     where m.on_hand <> m.on_hand_was
     group by m.variant_id, w.channel
     union all
    select variant_id, null, count(*) filter (where on_hand <> on_hand_was)
      from merged
     group by variant_id
     union all
    select null, 'incoming', count(*)
      from incoming
     union all
    select null, 'written', count(*)
      from merged
     union all
    select null, 'changed', count(*)
      from merged
     where on_hand <> on_hand_was
"""

COUNT_STALE = """
    select count(*)
      from (
            select distinct on (variant_id, warehouse_id) variant_id, warehouse_id, as_of, watermark
              from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(instants)b::timestamptz[],
                          %(watermarks)b::bigint[])
                   as level (variant_id, warehouse_id, as_of, watermark)
             order by variant_id, warehouse_id, as_of desc, watermark desc nulls last
           ) level
      join stock_level l on l.variant_id = level.variant_id and l.warehouse_id = level.warehouse_id
     where l.as_of > level.as_of
        or l.watermark > level.watermark
"""

# The policy of each source, written when it differs from the one known.
NOTE_POLICY = """
    insert into stock_source as s (source, policy, updated_at)
    values (%(source)s, %(policy)s, %(now)s)
        on conflict (source) do update
       set policy = excluded.policy,
           updated_at = excluded.updated_at
     where s.policy <> excluded.policy
"""

POLICIES = """
    select source, policy
      from stock_source
"""

# Levels of a full export that it did not name: the ERP has none.
FIND_MISSING = """
    select variant_id, warehouse_id
      from stock_level
     where warehouse_id = any(%(warehouses)b::uuid[])
       and as_of < %(as_of)s
       and on_hand <> 0
       and source = %(source)s
     order by variant_id, warehouse_id
     limit %(limit)s
"""

# `before` reads the state at the start of the statement, which only another writer of levels
# could change.
SET_SAFETY = """
    with wanted as materialized (
        select distinct on (variant_id, warehouse_id) variant_id, warehouse_id, safety
          from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(numbers)b::numeric[])
               with ordinality as wish (variant_id, warehouse_id, safety, ordinal)
         order by variant_id, warehouse_id, ordinal desc
    ),
    before as materialized (
        select l.variant_id, l.warehouse_id, l.safety
          from stock_level l
          join wanted using (variant_id, warehouse_id)
    ),
    merged as (
        insert into stock_level as l (variant_id, warehouse_id, safety, as_of, source)
        select variant_id, warehouse_id, safety, 'epoch', ''
          from wanted
         order by variant_id, warehouse_id
            on conflict (variant_id, warehouse_id) do update
           set safety = excluded.safety
         where l.safety <> excluded.safety
        returning variant_id, warehouse_id, on_hand, safety, withheld
    ),
    change as (
        select m.variant_id, m.warehouse_id, m.on_hand, m.withheld,
               coalesce(b.safety, 0) as safety_was, m.safety
          from merged m
          left join before b using (variant_id, warehouse_id)
    ),
    journal as (
        insert into stock_movement (variant_id, at, kind, warehouse_id, on_hand_after, quantity,
            actor_id)
        select variant_id, %(now)s, 'safety', warehouse_id, on_hand, safety, %(by)s
          from change
         where safety <> safety_was
    )
    select c.variant_id, w.channel,
           sum(greatest(c.on_hand - c.safety - c.withheld, 0)
               - greatest(c.on_hand - c.safety_was - c.withheld, 0)) as change
      from change c
      join stock_channel_warehouse w on w.warehouse_id = c.warehouse_id
     group by c.variant_id, w.channel
"""

ADD_COUNTERS = """
    insert into stock_counter (variant_id, channel)
    select variant_id, channel
      from unnest(%(variants)b::uuid[], %(channels)b::text[]) as d (variant_id, channel)
     order by variant_id, channel
"""

LOCK_SOME_COUNTERS = """
    select c.variant_id, c.channel
      from stock_counter c
      join unnest(%(variants)b::uuid[], %(channels)b::text[]) as d (variant_id, channel)
        on d.variant_id = c.variant_id and d.channel = c.channel
     order by c.variant_id, c.channel
       for update of c
"""

LOCK_COUNTERS_OF = """
    select variant_id, channel
      from stock_counter
     where variant_id = any(%(variants)b::uuid[])
     order by variant_id, channel
       for update
"""

CHANGE_COUNTERS = """
    update stock_counter c
       set sellable = c.sellable + d.sellable,
           reserved = c.reserved + d.reserved
      from unnest(%(variants)b::uuid[], %(channels)b::text[], %(sellable)b::numeric[],
                  %(reserved)b::numeric[])
           as d (variant_id, channel, sellable, reserved)
     where c.variant_id = d.variant_id
       and c.channel = d.channel
"""

FEEDS = """
    select channel, linked
      from stock_channel_link
"""
