"""Statements about single reservations after the hold."""

# Lines, channel and warehouse of a reservation never change, so they may be read before the lock.
FIND_BY_ORDER = """
    select id
      from stock_reservation
     where order_id = %(order_id)s
"""

LOCK_SHELVES_OF = """
    select l.variant_id, l.warehouse_id
      from stock_level l
      join stock_reservation_line n on n.variant_id = l.variant_id
          and n.warehouse_id = l.warehouse_id
     where n.reservation_id = any(%(ids)b::uuid[])
     order by l.variant_id, l.warehouse_id
       for update of l
"""

LOCK_RESERVATIONS = """
    select id, key, state, channel, warehouse_id, owner, order_id, expires_at
      from stock_reservation
     where id = any(%(ids)b::uuid[])
       and state <> 'refused'
     order by id
       for update
"""

# A reservation that somebody works on right now is left for the next round.
LOCK_EXPIRED = """
    select id, key, state, channel, warehouse_id, owner, order_id, expires_at
      from stock_reservation
     where id = any(%(ids)b::uuid[])
       and state = 'held'
       and expires_at <= %(now)s
     order by id
       for update skip locked
"""

FIND_EXPIRED = """
    select id
      from stock_reservation
     where state = 'held'
       and expires_at <= %(now)s
     order by expires_at, id
     limit %(limit)s
"""

# `waiting` has left the warehouse and is no longer ours to release.
LINES_OF = """
    select n.reservation_id, n.variant_id, n.channel, n.warehouse_id, n.quantity, n.contained,
           n.released,
           coalesce((select sum(s.quantity)
                       from stock_shipment s
                      where s.reservation_id = n.reservation_id
                        and s.variant_id = n.variant_id
                        and s.contained_at is null), 0) as waiting
      from stock_reservation_line n
     where n.reservation_id = any(%(ids)b::uuid[])
     order by n.reservation_id, n.variant_id
"""

CONFIRM = """
    update stock_reservation
       set state = 'ordered',
           order_id = %(order_id)s
     where id = %(id)s
"""

MARK_SENT = """
    update stock_reservation
       set state = 'sent'
     where id = any(%(ids)b::uuid[])
       and state = 'ordered'
    returning id
"""

LOCK_OF_ORDERS = """
    select id
      from stock_reservation
     where order_id = any(%(order_ids)b::uuid[])
     order by id
       for update
"""

# Shipments of a line, the oldest first, as far as the contained quantity goes; of the last one
# the rest goes on waiting.
CONTAIN_SHIPMENTS_OF_LINES = """
    with waiting as (
        select s.reservation_id, s.variant_id, s.reference, d.quantity as ended,
               sum(s.quantity) over (partition by s.variant_id
                                     order by s.shipped_at, s.reference) as so_far
          from stock_shipment s
          join unnest(%(variants)b::uuid[], %(quantities)b::numeric[]) as d (variant_id, quantity)
            on d.variant_id = s.variant_id
         where s.reservation_id = %(id)s
           and s.contained_at is null
    )
    update stock_shipment s
       set contained_at = case when w.so_far <= w.ended then %(now)s::timestamptz end,
           quantity = case when w.so_far <= w.ended then s.quantity else w.so_far - w.ended end
      from waiting w
     where w.so_far - s.quantity < w.ended
       and s.reservation_id = w.reservation_id
       and s.variant_id = w.variant_id
       and s.reference = w.reference
"""

# Transitions that move no number are told in the story of each variant all the same.
TELL = """
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, quantity, source, note,
            actor_id)
    select n.variant_id, %(now)s, %(kind)s, n.warehouse_id, n.channel, n.reservation_id,
           n.quantity - n.contained - n.released, %(source)s, %(note)s, %(by)s
      from stock_reservation_line n
     where n.reservation_id = any(%(ids)b::uuid[])
     order by n.reservation_id, n.variant_id
"""

# Parts of lines that end, as contained or as released; the journal tells of each.
END_PARTS = """
    with part as (
        select *
          from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(contained)b::numeric[],
                      %(released)b::numeric[])
               as part (reservation_id, variant_id, contained, released)
    ),
    ended as (
        update stock_reservation_line n
           set contained = n.contained + p.contained,
               released = n.released + p.released
          from part p
         where n.reservation_id = p.reservation_id
           and n.variant_id = p.variant_id
        returning n.reservation_id, n.variant_id, n.channel, n.warehouse_id,
                  p.contained + p.released as quantity
    )
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, reserved_change, quantity,
            as_of, source,
            note, actor_id)
    select variant_id, %(now)s, %(kind)s, warehouse_id, channel, reservation_id, - quantity,
           quantity, %(as_of)s,
           %(source)s, %(note)s, %(by)s
      from ended
"""

# Contained if anything of it is in the ERP's numbers, else released. Only when nothing is open.
CLOSE_FINISHED = """
    update stock_reservation r
       set state = case when s.contained > 0 then 'contained' else 'released' end,
           ended_at = %(now)s
      from (
            select reservation_id, sum(contained) as contained,
                   sum(quantity - contained - released) as open
              from stock_reservation_line
             where reservation_id = any(%(ids)b::uuid[])
             group by reservation_id
           ) s
     where r.id = s.reservation_id
       and s.open = 0
       and r.state in ('held', 'ordered', 'sent')
"""

ADD_SHIPMENTS = """
    insert into stock_shipment
           (reservation_id, variant_id, reference, channel, warehouse_id, quantity, shipped_at,
            recorded_at)
    select reservation_id, variant_id, %(reference)s, channel, warehouse_id, quantity,
           %(shipped_at)s, %(now)s
      from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(channels)b::text[],
                  %(warehouses)b::uuid[],
                  %(quantities)b::numeric[])
           as line (reservation_id, variant_id, channel, warehouse_id, quantity)
     order by reservation_id, variant_id
        on conflict do nothing
    returning variant_id, quantity
"""

TELL_SHIPPED = """
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, quantity, as_of, source,
            note, actor_id)
    select variant_id, %(now)s, 'shipped', warehouse_id, channel, reservation_id, quantity,
           shipped_at, %(source)s,
           reference, %(by)s
      from stock_shipment
     where reservation_id = %(id)s
       and reference = %(reference)s
       and variant_id = any(%(variants)b::uuid[])
     order by variant_id
"""

SHIPMENTS_RECORDED = """
    select variant_id
      from stock_shipment
     where reservation_id = %(id)s
       and reference = %(reference)s
"""

# stock_shipment_waiting covers it; most of the time there is none.
WAITING_SHIPMENTS = """
    select reservation_id, variant_id, reference, channel, warehouse_id, quantity, shipped_at
      from stock_shipment
     where contained_at is null
       and variant_id = any(%(variants)b::uuid[])
     order by reservation_id, variant_id, reference
"""

LOCK_LEVELS = """
    select l.variant_id, l.warehouse_id
      from stock_level l
     where l.variant_id = any(%(variants)b::uuid[])
     order by l.variant_id, l.warehouse_id
       for update
"""

REPORTED = """
    select l.variant_id, l.warehouse_id, l.on_hand, l.as_of,
           array(select w.channel
                   from stock_channel_warehouse w
                  where w.warehouse_id = l.warehouse_id) as channels
      from stock_level l
     where l.variant_id = any(%(variants)b::uuid[])
"""

# A number formed before the shipment must not come back later: its warehouse counts nothing
# older.
RAISE_FENCES = """
    insert into stock_level as l (variant_id, warehouse_id, as_of, source)
    select variant_id, warehouse_id, max(shipped_at), ''
      from (
            select f.variant_id, f.shipped_at,
                   coalesce(f.warehouse_id, w.warehouse_id) as warehouse_id
              from unnest(%(variants)b::uuid[], %(channels)b::text[], %(warehouses)b::uuid[],
                          %(instants)b::timestamptz[])
                   as f (variant_id, channel, warehouse_id, shipped_at)
              left join stock_channel_warehouse w on f.warehouse_id is null
                  and w.channel = f.channel
           ) fence
     where warehouse_id is not null
     group by variant_id, warehouse_id
     order by variant_id, warehouse_id
        on conflict (variant_id, warehouse_id) do update
       set as_of = excluded.as_of
     where l.as_of < excluded.as_of
"""

CONTAIN_SHIPMENTS = """
    update stock_shipment s
       set contained_at = %(now)s
      from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(references)b::text[])
           as d (reservation_id, variant_id, reference)
     where s.reservation_id = d.reservation_id
       and s.variant_id = d.variant_id
       and s.reference = d.reference
"""

RELEASE_SHELVES = """
    update stock_level l
       set reserved = l.reserved - d.quantity
      from (
            select variant_id, warehouse_id, sum(quantity) as quantity
              from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(quantities)b::numeric[])
                   as d (variant_id, warehouse_id, quantity)
             group by variant_id, warehouse_id
           ) d
     where l.variant_id = d.variant_id
       and l.warehouse_id = d.warehouse_id
"""

FORGET_REFUSALS = """
    delete from stock_reservation
     where id in (select id
                    from stock_reservation
                   where state = 'refused'
                     and made_at < %(before)s
                   order by made_at
                   limit %(limit)s)
"""
