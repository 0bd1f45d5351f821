"""Statements that only read: availability, back office, the story of a number."""

WAREHOUSES = """
    select id, code, name, kind, address, city, phone, hours, latitude, longitude, is_active,
           channels, position
      from stock_warehouse
     order by position, code
"""

AVAILABILITY = """
    select variant_id, sellable, reserved
      from stock_counter
     where channel = %(channel)s
       and variant_id = any(%(variants)s::uuid[])
"""

# What each warehouse of the channel could hand out, never more than the channel may sell at all.
AVAILABILITY_BY_WAREHOUSE = """
    select l.variant_id, l.warehouse_id,
           greatest(0, least(greatest(l.on_hand - l.safety - l.withheld, 0) - l.reserved,
               c.sellable - c.reserved)) as available
      from stock_level l
      join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id and w.channel = %(channel)s
      join stock_counter c on c.variant_id = l.variant_id and c.channel = w.channel
     where l.variant_id = any(%(variants)s::uuid[])
"""

# The same of several variants together: a row for each warehouse, however many variants. The array
# is taken apart so that the plan does not depend on its length, and is made once.
PIECES_BY_WAREHOUSE = """
    select l.warehouse_id,
           sum(greatest(0, least(greatest(l.on_hand - l.safety - l.withheld, 0) - l.reserved,
               c.sellable - c.reserved))) as available
      from stock_counter c
      join stock_level l on l.variant_id = c.variant_id
      join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id and w.channel = c.channel
     where c.channel = %(channel)s
       and c.variant_id = any(array(select unnest(%(variants)s::uuid[])))
     group by l.warehouse_id
"""

# Newest first; the key (variant_id, number) is walked backwards.
LEDGER = """
    select number, at, kind, variant_id, warehouse_id, channel, reservation_id, on_hand_change,
           on_hand_after,
           reserved_change, quantity, as_of, source, note, actor_id
      from stock_movement
     where variant_id = %(variant_id)s
       and (%(warehouse_id)s::uuid is null or warehouse_id = %(warehouse_id)s)
       and (%(after)s::bigint is null or number < %(after)s)
     order by number desc
     limit %(limit)s
"""

EXPLAIN_COUNTER = """
    select sellable, reserved
      from stock_counter
     where channel = %(channel)s
       and variant_id = %(variant_id)s
"""

EXPLAIN_WAREHOUSES = """
    select l.warehouse_id, s.code, s.name, l.on_hand, l.safety, l.withheld,
           greatest(l.on_hand - l.safety - l.withheld, 0) as counted, l.reserved,
           l.as_of, l.source
      from stock_level l
      join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id and w.channel = %(channel)s
      join stock_warehouse s on s.id = l.warehouse_id
     where l.variant_id = %(variant_id)s
     order by s.position, s.code
"""

# stock_reservation_line_open covers it.
EXPLAIN_RESERVATIONS = """
    select n.reservation_id, n.channel, n.warehouse_id, r.state, r.order_id, r.owner, r.made_at,
           r.expires_at,
           n.quantity - n.contained - n.released as open,
           coalesce(s.waiting, 0) as shipped, s.shipped_at
      from stock_reservation_line n
      join stock_reservation r on r.id = n.reservation_id
      join stock_channel_link k on k.channel = n.channel and k.linked = %(channel)s
      left join lateral (
               select sum(quantity) as waiting, max(shipped_at) as shipped_at
                 from stock_shipment
                where reservation_id = n.reservation_id
                  and variant_id = n.variant_id
                  and contained_at is null
           ) s on true
     where n.variant_id = %(variant_id)s
       and n.contained + n.released < n.quantity
     order by r.made_at, r.id
     limit %(limit)s
"""

GET_RESERVATION = """
    select id, key, state, channel, warehouse_id, owner, order_id, expires_at
      from stock_reservation
     where (id = %(id)s or order_id = %(order_id)s)
       and state <> 'refused'
"""

GET_RESERVATION_LINES = """
    select variant_id, quantity, contained, released
      from stock_reservation_line
     where reservation_id = %(id)s
     order by variant_id
"""

# Keyset over the key of the table; filters of one warehouse or some variants narrow it.
LIST_LEVELS = """
    select variant_id, warehouse_id, on_hand, safety, reserved, as_of, source
      from stock_level
     where (%(warehouse_id)s::uuid is null or warehouse_id = %(warehouse_id)s)
       and (%(variants)s::uuid[] is null or variant_id = any(%(variants)s::uuid[]))
       and (not %(negative)s or on_hand < 0)
       and (%(after_variant)s::uuid is null
            or (variant_id, warehouse_id) > (%(after_variant)s, %(after_warehouse)s))
     order by variant_id, warehouse_id
     limit %(limit)s
"""

RESERVATION_STATES = """
    select id, state
      from stock_reservation
     where id = any(%(ids)s::uuid[])
       and state <> 'refused'
"""

LIST_COUNTERS = """
    select variant_id, sellable, reserved
      from stock_counter
     where channel = %(channel)s
       and (%(variants)s::uuid[] is null or variant_id = any(%(variants)s::uuid[]))
       and (%(after)s::uuid is null or variant_id > %(after)s)
     order by variant_id
     limit %(limit)s
"""

LOW_STOCK = """
    select variant_id, sellable, reserved
      from stock_counter
     where channel = %(channel)s
       and greatest(sellable - reserved, 0) <= %(threshold)s
       and (%(with_empty)s or sellable > reserved)
     order by greatest(sellable - reserved, 0), variant_id
     limit %(limit)s
"""

# The ERP says it has less than what is promised to buyers of this channel (not only of one it
# shares a warehouse with).
DISCREPANCIES = """
    select variant_id, channel, sellable, reserved
      from stock_counter c
     where reserved > sellable
       and exists (select
                     from stock_reservation_line n
                    where n.variant_id = c.variant_id
                      and n.channel = c.channel
                      and n.contained + n.released < n.quantity)
     order by reserved - sellable desc, variant_id, channel
     limit %(limit)s
"""

SHELF_DISCREPANCIES = """
    select variant_id, warehouse_id, on_hand, safety, reserved, as_of, source
      from stock_level
     where reserved > greatest(on_hand - safety - withheld, 0)
     order by reserved - on_hand desc, variant_id, warehouse_id
     limit %(limit)s
"""

TOTALS = """
    select count(*) as variants,
           count(*) filter (where sellable > reserved) as sellable_variants,
           coalesce(sum(greatest(sellable - reserved, 0)), 0) as available,
           coalesce(sum(reserved), 0) as reserved,
           count(*) filter (where reserved > sellable
                              and exists (select
                                            from stock_reservation_line n
                                           where n.variant_id = c.variant_id
                                             and n.channel = c.channel
                                             and n.contained + n.released < n.quantity))
                                                 as promised_too_much
      from stock_counter c
     where channel = %(channel)s
"""

MOVED_BY_DAY = """
    select date_trunc('day', at, 'UTC') as day,
           coalesce(sum(on_hand_change) filter (where on_hand_change > 0), 0) as received,
           coalesce(- sum(on_hand_change) filter (where on_hand_change < 0), 0) as gone
      from stock_movement
     where variant_id = %(variant_id)s
       and at >= %(since)s
     group by 1
     order by 1
"""
