"""Statements about single reservations after the hold."""

# Lines, channel and warehouse of a reservation never change, so they may be read before the lock.
FIND_BY_ORDER = """
    select id
      from stock_reservation
     where order_id = %(order_id)s
"""

FIND_BY_ORDERS = """
    select id
      from stock_reservation
     where order_id = any(%(order_ids)b::uuid[])
     order by id
"""

# Goods of an order may be bound to any shelf, also to one bound while this waits: so all shelves of
# its variants are locked. Before there is an order only the hold's own warehouse matters.
LOCK_SHELVES_OF = """
    select l.variant_id, l.warehouse_id
      from stock_level l
     where (l.variant_id, l.warehouse_id) in (
               select n.variant_id, n.warehouse_id
                 from stock_reservation_line n
                where n.reservation_id = any(%(ids)b::uuid[])
                  and n.warehouse_id is not null
                union
               select k.variant_id, k.warehouse_id
                 from stock_reservation_line n
                 join stock_reservation r on r.id = n.reservation_id
                 join stock_level k on k.variant_id = n.variant_id
                where n.reservation_id = any(%(ids)b::uuid[])
                  and r.order_id is not null
           )
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
           order_id = %(order_id)s,
           ordered_at = %(now)s
     where id = %(id)s
"""

# What an ERP was told of orders; of several tellings the newest counts, by its own numbers.
NOTE_SENT = """
    insert into stock_sent as s
           (reservation_id, source, position, received_at, sent_at, is_complete)
    select id, %(source)s, %(position)s, %(received_at)s, %(now)s, %(is_complete)s
      from stock_reservation
     where id = any(%(ids)b::uuid[])
       and state in ('ordered', 'sent')
     order by id
        on conflict (reservation_id, source) do update
       set position = greatest(s.position, excluded.position),
           received_at = greatest(s.received_at, excluded.received_at),
           sent_at = greatest(s.sent_at, excluded.sent_at),
           is_complete = case when excluded.position < s.position
                                or excluded.received_at < s.received_at
                              then s.is_complete
                              else excluded.is_complete
                          end
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

# Parts of lines that end, as contained or as released, one for each line; the journal tells of
# each: where from if that is known, and why.
END_PARTS = """
    with part as (
        select *
          from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(contained)b::numeric[],
                      %(released)b::numeric[], %(places)b::uuid[], %(notes)b::text[],
                      %(instants)b::timestamptz[])
               as part (reservation_id, variant_id, contained, released, place, note, as_of)
    ),
    ended as (
        update stock_reservation_line n
           set contained = n.contained + p.contained,
               released = n.released + p.released
          from part p
         where n.reservation_id = p.reservation_id
           and n.variant_id = p.variant_id
        returning n.reservation_id, n.variant_id, n.channel,
                  coalesce(n.warehouse_id, p.place) as warehouse_id,
                  p.contained + p.released as quantity, p.note, p.as_of
    )
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, reserved_change, quantity,
            as_of, source, note, actor_id)
    select variant_id, %(now)s, %(kind)s, warehouse_id, channel, reservation_id, - quantity,
           quantity, as_of, %(source)s, note, %(by)s
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

# What of a line was contained without having been said to have left.
CONTAINED_UNSHIPPED = """
    select n.variant_id,
           n.contained - coalesce((select sum(s.quantity)
                                     from stock_shipment s
                                    where s.reservation_id = n.reservation_id
                                      and s.variant_id = n.variant_id
                                      and s.reference not like 'listed:%%'
                                      and s.contained_at is not null), 0) as quantity
      from stock_reservation_line n
     where n.reservation_id = %(id)s
       and n.contained > 0
"""

SHIPMENTS_RECORDED = """
    select variant_id
      from stock_shipment
     where reservation_id = %(id)s
       and reference = %(reference)s
"""

LOCK_LEVELS = """
    select l.variant_id, l.warehouse_id
      from stock_level l
     where l.variant_id = any(%(variants)b::uuid[])
     order by l.variant_id, l.warehouse_id
       for update
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
