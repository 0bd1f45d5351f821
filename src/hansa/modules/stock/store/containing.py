"""Statements that find, read and end what the ERP's numbers contain."""

# stock_shipment_waiting covers the first; most of the time there is none. Orders that a message
# lists are few.
CANDIDATES = """
    select reservation_id as id, variant_id
      from stock_shipment
     where contained_at is null
       and variant_id = any(%(variants)b::uuid[])
     union
    select r.id, n.variant_id
      from stock_reservation r
      join stock_reservation_line n on n.reservation_id = r.id
     where r.order_id = any(%(order_ids)b::uuid[])
       and r.state in ('ordered', 'sent')
       and n.variant_id = any(%(variants)b::uuid[])
"""

# For ERPs whose numbers include orders before their goods leave: stock_reservation_line_open.
NETTING_CANDIDATES = """
    select n.reservation_id as id, n.variant_id
      from stock_reservation_line n
      join stock_reservation r on r.id = n.reservation_id
     where n.variant_id = any(%(variants)b::uuid[])
       and n.contained + n.released < n.quantity
       and r.state in ('ordered', 'sent')
"""

# All in one go, in the order of all locks: every level of the variants of which something may end,
# and the levels that are about to be written.
LOCK_LEVELS_TO_WRITE = """
    select l.variant_id, l.warehouse_id
      from stock_level l
     where (l.variant_id, l.warehouse_id) in (
               select k.variant_id, k.warehouse_id
                 from stock_level k
                where k.variant_id = any(%(all_of)b::uuid[])
                union
               select variant_id, warehouse_id
                 from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[])
                      as level (variant_id, warehouse_id)
           )
     order by l.variant_id, l.warehouse_id
       for update of l
"""

OPEN_LINES = """
    select n.reservation_id, r.order_id, n.variant_id, n.channel, n.warehouse_id,
           n.quantity - n.contained - n.released as open,
           coalesce(r.ordered_at, r.made_at) as ordered_at
      from stock_reservation_line n
      join stock_reservation r on r.id = n.reservation_id
     where n.reservation_id = any(%(ids)b::uuid[])
       and n.variant_id = any(%(variants)b::uuid[])
       and n.contained + n.released < n.quantity
       and r.state in ('ordered', 'sent')
     order by n.reservation_id, n.variant_id
"""

SENT = """
    select reservation_id, source, position, received_at, sent_at, is_complete
      from stock_sent
     where reservation_id = any(%(ids)b::uuid[])
     order by reservation_id, source
"""

# What has left and waits, the oldest first; and what a warehouse's number was said to include.
SHIPMENTS = """
    select reservation_id, variant_id, reference, warehouse_id, quantity, shipped_at,
           contained_at is not null as is_listed
      from stock_shipment
     where reservation_id = any(%(ids)b::uuid[])
       and variant_id = any(%(variants)b::uuid[])
       and (contained_at is null or reference = 'listed:' || warehouse_id)
     order by reservation_id, variant_id, shipped_at, reference
"""

REPORTED = """
    select l.variant_id, l.warehouse_id, l.on_hand, l.as_of, l.source, l.watermark,
           coalesce(s.policy, 'on_shipment') as policy,
           array(select w.channel
                   from stock_channel_warehouse w
                  where w.warehouse_id = l.warehouse_id) as channels
      from stock_level l
      left join stock_source s on s.source = l.source
     where l.variant_id = any(%(variants)b::uuid[])
"""

# A number that cannot include what was contained must not come back later: its warehouse counts
# nothing older. Warehouses of another source than the one that knows the order are left alone.
RAISE_FENCES = """
    insert into stock_level as l (variant_id, warehouse_id, as_of, watermark, source)
    select fence.variant_id, fence.warehouse_id, max(fence.as_of), max(fence.watermark), ''
      from (
            select f.variant_id, f.as_of, f.watermark, f.source,
                   coalesce(f.warehouse_id, w.warehouse_id) as warehouse_id
              from unnest(%(variants)b::uuid[], %(channels)b::text[], %(warehouses)b::uuid[],
                          %(instants)b::timestamptz[], %(watermarks)b::bigint[],
                          %(sources)b::text[])
                   as f (variant_id, channel, warehouse_id, as_of, watermark, source)
              left join stock_channel_warehouse w on f.warehouse_id is null
                  and w.channel = f.channel
           ) fence
      left join stock_level k on k.variant_id = fence.variant_id
          and k.warehouse_id = fence.warehouse_id
     where fence.warehouse_id is not null
       and (k.source is null or k.source = '' or fence.source in ('', k.source))
     group by fence.variant_id, fence.warehouse_id
     order by fence.variant_id, fence.warehouse_id
        on conflict (variant_id, warehouse_id) do update
       set as_of = greatest(l.as_of, excluded.as_of),
           watermark = greatest(l.watermark, excluded.watermark)
     where l.as_of < excluded.as_of
        or coalesce(l.watermark, -1) < excluded.watermark
"""

# All of a shipment, or a part of it: the rest goes on waiting.
CONTAIN_SHIPMENTS = """
    update stock_shipment s
       set contained_at = case when d.quantity >= s.quantity then %(now)s::timestamptz end,
           quantity = case when d.quantity >= s.quantity then s.quantity
                           else s.quantity - d.quantity
                       end
      from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(references)b::text[],
                  %(quantities)b::numeric[])
           as d (reservation_id, variant_id, reference, quantity)
     where s.reservation_id = d.reservation_id
       and s.variant_id = d.variant_id
       and s.reference = d.reference
       and s.contained_at is null
"""

# The same message again must not end more.
NOTE_LISTED = """
    insert into stock_shipment
           (reservation_id, variant_id, reference, channel, warehouse_id, quantity, shipped_at,
            recorded_at, contained_at)
    select reservation_id, variant_id, 'listed:' || warehouse_id, channel, warehouse_id, quantity,
           %(now)s, %(now)s, %(now)s
      from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(channels)b::text[],
                  %(warehouses)b::uuid[], %(quantities)b::numeric[])
           as line (reservation_id, variant_id, channel, warehouse_id, quantity)
     order by reservation_id, variant_id, warehouse_id
        on conflict do nothing
"""
