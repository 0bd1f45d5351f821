"""Statements about shelves: bindings of orders to them, corrections by shops, and reading both."""

BINDINGS_OF = """
    select b.reservation_id, b.variant_id, b.warehouse_id, b.quantity, b.bound_at
      from stock_binding b
     where b.reservation_id = any(%(ids)b::uuid[])
     order by b.reservation_id, b.variant_id, b.bound_at, b.warehouse_id
"""

# Of the levels just locked.
SHELVES_NOW = """
    select l.variant_id, l.warehouse_id, l.on_hand, l.as_of,
           greatest(l.on_hand - l.safety - l.withheld, 0) - l.reserved as available,
           coalesce(w.is_active, false) as is_active
      from stock_level l
      left join stock_warehouse w on w.id = l.warehouse_id
     where (l.variant_id, l.warehouse_id) in (
               select variant_id, warehouse_id
                 from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[])
                      as wish (variant_id, warehouse_id)
           )
"""

ADD_BINDINGS = """
    with part as (
        select *
          from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(quantities)b::numeric[])
               as part (variant_id, warehouse_id, quantity)
    ),
    kept as (
        insert into stock_binding as b
               (reservation_id, variant_id, warehouse_id, quantity, bound_at)
        select %(id)s, variant_id, warehouse_id, quantity, %(now)s
          from part
            on conflict (reservation_id, variant_id, warehouse_id) do update
           set quantity = b.quantity + excluded.quantity
    ),
    shelf as (
        update stock_level l
           set reserved = l.reserved + p.quantity
          from part p
         where l.variant_id = p.variant_id
           and l.warehouse_id = p.warehouse_id
    )
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, quantity, actor_id)
    select variant_id, %(now)s, 'bound', warehouse_id, %(channel)s, %(id)s, quantity, %(by)s
      from part
     order by variant_id, warehouse_id
"""

# At most what is bound, which the caller has read under the lock of the reservation.
TAKE_BINDINGS = """
    with part as (
        select *
          from unnest(%(ids)b::uuid[], %(variants)b::uuid[], %(warehouses)b::uuid[],
                      %(quantities)b::numeric[])
               as part (reservation_id, variant_id, warehouse_id, quantity)
    ),
    ended as (
        delete from stock_binding b
         using part p
         where b.reservation_id = p.reservation_id
           and b.variant_id = p.variant_id
           and b.warehouse_id = p.warehouse_id
           and b.quantity = p.quantity
    ),
    lessened as (
        update stock_binding b
           set quantity = b.quantity - p.quantity
          from part p
         where b.reservation_id = p.reservation_id
           and b.variant_id = p.variant_id
           and b.warehouse_id = p.warehouse_id
           and b.quantity > p.quantity
    ),
    shelf as (
        update stock_level l
           set reserved = l.reserved - d.quantity
          from (
                select variant_id, warehouse_id, sum(quantity) as quantity
                  from part
                 group by variant_id, warehouse_id
               ) d
         where l.variant_id = d.variant_id
           and l.warehouse_id = d.warehouse_id
    )
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, channel, reservation_id, quantity, note, actor_id)
    select p.variant_id, %(now)s, 'unbound', p.warehouse_id, r.channel, p.reservation_id,
           p.quantity, %(note)s, %(by)s
      from part p
      join stock_reservation r on r.id = p.reservation_id
     order by p.reservation_id, p.variant_id, p.warehouse_id
"""

# What the ERP knows of the order is no longer all there is to know.
ALLOCATION_CHANGED = """
    update stock_sent
       set is_complete = false
     where reservation_id = any(%(ids)b::uuid[])
       and is_complete
"""

LIST_BINDINGS = """
    select r.order_id, b.variant_id, b.warehouse_id, b.quantity
      from stock_reservation r
      join stock_binding b on b.reservation_id = r.id
     where r.order_id = any(%(order_ids)s::uuid[])
     union all
    select r.order_id, n.variant_id, n.warehouse_id, n.quantity - n.contained - n.released
      from stock_reservation r
      join stock_reservation_line n on n.reservation_id = r.id
     where r.order_id = any(%(order_ids)s::uuid[])
       and n.warehouse_id is not null
       and n.contained + n.released < n.quantity
     order by 1, 2, 3
"""

SHELVES = """
    select l.warehouse_id, l.variant_id, l.on_hand, l.safety, l.withheld, l.reserved,
           greatest(0, l.on_hand - l.safety - l.withheld - l.reserved) as available
      from stock_level l
      join stock_channel_warehouse w on w.warehouse_id = l.warehouse_id and w.channel = %(channel)s
     where l.variant_id = any(%(variants)s::uuid[])
     order by l.variant_id, l.warehouse_id
"""

CORRECTION = """
    select id, reference, warehouse_id, variant_id, kind, quantity, note, on_hand_against, made_at,
           made_by, ended_at, ended_why, ended_by
      from stock_correction
     where id = %(id)s
        or reference = %(reference)s
"""

# Newest first; stock_correction_made or stock_correction_variant gives the order, the partial index
# those of a shelf that are open.
LIST_CORRECTIONS = """
    select id, reference, warehouse_id, variant_id, kind, quantity, note, on_hand_against, made_at,
           made_by, ended_at, ended_why, ended_by
      from stock_correction
     where (%(variant_id)s::uuid is null or variant_id = %(variant_id)s)
       and (%(warehouse_id)s::uuid is null or warehouse_id = %(warehouse_id)s)
       and (not %(is_open)s or ended_at is null)
       and (%(after_at)s::timestamptz is null or (made_at, id) < (%(after_at)s, %(after_id)s))
     order by made_at desc, id desc
     limit %(limit)s
"""

# The number a correction is made against; a shelf the ERP never named has none on hand.
SHELF_FOR_CORRECTION = """
    insert into stock_level as l (variant_id, warehouse_id, as_of, source)
    values (%(variant_id)s, %(warehouse_id)s, 'epoch', '')
        on conflict (variant_id, warehouse_id) do update
       set variant_id = l.variant_id
    returning on_hand
"""

ADD_CORRECTION = """
    with kept as (
        insert into stock_correction
               (id, reference, warehouse_id, variant_id, kind, quantity, note, on_hand_against,
                made_at, made_by)
        values (%(id)s, %(reference)s, %(warehouse_id)s, %(variant_id)s, %(kind)s, %(quantity)s,
                %(note)s, %(on_hand_against)s, %(now)s, %(by)s)
    )
    insert into stock_movement
           (variant_id, at, kind, warehouse_id, quantity, on_hand_after, note, actor_id)
    values (%(variant_id)s, %(now)s, 'corrected', %(warehouse_id)s, %(quantity)s,
            %(on_hand_against)s, %(told)s, %(by)s)
"""

# A change of what is withheld, and what that changes for the channels.
WITHHOLD = """
    with change as (
        select variant_id, warehouse_id, sum(quantity) as quantity
          from unnest(%(variants)b::uuid[], %(warehouses)b::uuid[], %(quantities)b::numeric[])
               as change (variant_id, warehouse_id, quantity)
         group by variant_id, warehouse_id
    ),
    changed as (
        update stock_level l
           set withheld = l.withheld + c.quantity
          from change c
         where l.variant_id = c.variant_id
           and l.warehouse_id = c.warehouse_id
        returning l.variant_id, l.warehouse_id, l.on_hand, l.safety, l.withheld,
                  l.withheld - c.quantity as withheld_was
    )
    select c.variant_id, w.channel,
           sum(greatest(c.on_hand - c.safety - c.withheld, 0)
               - greatest(c.on_hand - c.safety - c.withheld_was, 0)) as change
      from changed c
      join stock_channel_warehouse w on w.warehouse_id = c.warehouse_id
     group by c.variant_id, w.channel
"""

# With the number the ERP last gave of their shelves.
OPEN_CORRECTIONS = """
    select c.id, c.reference, c.warehouse_id, c.variant_id, c.quantity, c.on_hand_against,
           c.made_at, l.on_hand, l.as_of
      from stock_correction c
      join stock_level l on l.variant_id = c.variant_id and l.warehouse_id = c.warehouse_id
     where c.variant_id = any(%(variants)b::uuid[])
       and c.ended_at is null
     order by c.variant_id, c.warehouse_id, c.made_at, c.id
"""

ANY_OPEN_CORRECTION = """
    select exists (select
                     from stock_correction
                    where variant_id = any(%(variants)b::uuid[])
                      and ended_at is null)
"""

END_CORRECTIONS = """
    with ended as (
        update stock_correction c
           set ended_at = %(now)s,
               ended_why = d.why,
               ended_by = %(by)s
          from unnest(%(ids)b::uuid[], %(whys)b::text[]) as d (id, why)
         where c.id = d.id
           and c.ended_at is null
        returning c.id, c.variant_id, c.warehouse_id, c.quantity, c.reference, c.ended_why
    ),
    journal as (
        insert into stock_movement
               (variant_id, at, kind, warehouse_id, quantity, source, note, actor_id)
        select variant_id, %(now)s, 'correction_ended', warehouse_id, quantity, %(source)s,
               reference, %(by)s
          from ended
         order by id
    )
    select id, variant_id, warehouse_id, quantity
      from ended
"""

# What made the number fall for one correction cannot have made it fall for those beside it.
LOWER_BASES = """
    update stock_correction c
       set on_hand_against = d.base
      from unnest(%(ids)b::uuid[], %(bases)b::numeric[]) as d (id, base)
     where c.id = d.id
"""
