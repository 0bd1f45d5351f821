"""Statements that prove the invariants of stock: each gives what breaks one, so nothing is good."""

from hansa.modules.stock.store.levels import COUNTERS_AS_SUMS

COUNTERS_DIFFER = f"""
    with truth as (
        {COUNTERS_AS_SUMS}
    )
    select variant_id, channel, c.sellable, c.reserved,
           t.sellable as sellable_true, t.reserved as reserved_true
      from stock_counter c
      full join truth t using (variant_id, channel)
     where (c.sellable, c.reserved) is distinct from (t.sellable, t.reserved)
       and not (c.sellable is null and t.sellable = 0 and t.reserved = 0)
       and not (t.sellable is null and c.sellable = 0 and c.reserved = 0)
     limit %(limit)s
"""  # noqa: S608 - put together of constants

LINKS_DIFFER = """
    with wanted as (
        select unnest(channels) as channel, id as warehouse_id
          from stock_warehouse
         where is_active
    ),
    linked as (
        select distinct a.channel, b.channel as linked
          from wanted a
          join wanted b on b.warehouse_id = a.warehouse_id
    )
    (select channel, linked from linked except select channel, linked from stock_channel_link)
     union
    (select channel, linked from stock_channel_link except select channel, linked from linked)
     limit %(limit)s
"""

# What a shelf's numbers must say: holds made for it and bindings to it, and its open corrections.
# The one definition: used to check and to repair.
SHELVES_AS_SUMS = """
    select variant_id, warehouse_id, sum(reserved) as reserved, sum(withheld) as withheld
      from (
            select variant_id, warehouse_id, quantity - contained - released as reserved,
                   0::numeric as withheld
              from stock_reservation_line
             where warehouse_id is not null
               and contained + released < quantity
             union all
            select variant_id, warehouse_id, quantity, 0
              from stock_binding
             union all
            select variant_id, warehouse_id, 0, quantity
              from stock_correction
             where ended_at is null
           ) part
     group by variant_id, warehouse_id
"""

SHELVES_DIFFER = f"""
    with truth as (
        {SHELVES_AS_SUMS}
    )
    select variant_id, warehouse_id, l.reserved, coalesce(t.reserved, 0) as reserved_true,
           l.withheld, coalesce(t.withheld, 0) as withheld_true
      from (select variant_id, warehouse_id, reserved, withheld
              from stock_level
             where reserved <> 0
                or withheld <> 0) l
      full join truth t using (variant_id, warehouse_id)
     where (coalesce(l.reserved, 0), coalesce(l.withheld, 0))
           is distinct from (coalesce(t.reserved, 0), coalesce(t.withheld, 0))
     limit %(limit)s
"""  # noqa: S608 - put together of constants

# Shelves of one line may together claim more than is open while shops are asked; none does alone.
BINDINGS_WRONG = """
    select b.reservation_id, b.variant_id, b.warehouse_id, b.quantity,
           coalesce(n.quantity - n.contained - n.released, 0) as open
      from stock_binding b
      left join stock_reservation_line n using (reservation_id, variant_id)
     where b.quantity > coalesce(n.quantity - n.contained - n.released, 0)
     limit %(limit)s
"""

JOURNAL_DIFFERS_SHELVES = """
    with told as (
        select variant_id, warehouse_id,
               sum(case kind when 'bound' then quantity when 'unbound' then - quantity
                             else 0 end) as bound,
               sum(case kind when 'corrected' then quantity
                             when 'correction_ended' then - quantity else 0 end) as withheld
          from stock_movement
         where kind in ('bound', 'unbound', 'corrected', 'correction_ended')
         group by variant_id, warehouse_id
    ),
    truth as (
        select variant_id, warehouse_id, sum(bound) as bound, sum(withheld) as withheld
          from (
                select variant_id, warehouse_id, quantity as bound, 0::numeric as withheld
                  from stock_binding
                 union all
                select variant_id, warehouse_id, 0, quantity
                  from stock_correction
                 where ended_at is null
               ) part
         group by variant_id, warehouse_id
    )
    select variant_id, warehouse_id, coalesce(t.bound, 0) as bound,
           coalesce(o.bound, 0) as bound_told, coalesce(t.withheld, 0) as withheld,
           coalesce(o.withheld, 0) as withheld_told
      from truth t
      full join told o using (variant_id, warehouse_id)
     where (coalesce(t.bound, 0), coalesce(t.withheld, 0))
           is distinct from (coalesce(o.bound, 0), coalesce(o.withheld, 0))
     limit %(limit)s
"""

JOURNAL_DIFFERS_ON_HAND = """
    with told as (
        select variant_id, warehouse_id, sum(on_hand_change) as on_hand
          from stock_movement
         where on_hand_change <> 0
         group by variant_id, warehouse_id
    )
    select variant_id, warehouse_id, coalesce(l.on_hand, 0) as on_hand,
           coalesce(t.on_hand, 0) as on_hand_told
      from stock_level l
      full join told t using (variant_id, warehouse_id)
     where coalesce(l.on_hand, 0) <> coalesce(t.on_hand, 0)
     limit %(limit)s
"""

JOURNAL_DIFFERS_RESERVED = """
    with told as (
        select variant_id, channel, sum(reserved_change) as reserved
          from stock_movement
         where reserved_change <> 0
         group by variant_id, channel
    ),
    truth as (
        select variant_id, channel, sum(quantity - contained - released) as reserved
          from stock_reservation_line
         where contained + released < quantity
         group by variant_id, channel
    )
    select variant_id, channel, coalesce(t.reserved, 0) as reserved,
           coalesce(o.reserved, 0) as reserved_told
      from truth t
      full join told o using (variant_id, channel)
     where coalesce(t.reserved, 0) <> coalesce(o.reserved, 0)
     limit %(limit)s
"""

# A reservation is over exactly when nothing of it is open; refused ones have no lines; shipments
# wait only for what is open.
STATES_WRONG = """
    with lines as (
        select reservation_id, sum(quantity - contained - released) as open,
               sum(contained) as contained
          from stock_reservation_line
         group by reservation_id
    )
    select r.id, r.state, coalesce(l.open, 0) as open
      from stock_reservation r
      left join lines l on l.reservation_id = r.id
     where (r.state in ('held', 'ordered', 'sent')) <> (coalesce(l.open, 0) > 0)
        or (r.state = 'refused') <> (l.reservation_id is null)
        or (r.state = 'contained' and l.contained = 0)
        or (r.state = 'released' and l.contained > 0)
     limit %(limit)s
"""

SHIPMENTS_WRONG = """
    select s.reservation_id, s.variant_id, s.waiting, n.quantity - n.contained - n.released as open
      from (
            select reservation_id, variant_id, sum(quantity) as waiting
              from stock_shipment
             where contained_at is null
             group by reservation_id, variant_id
           ) s
      left join stock_reservation_line n using (reservation_id, variant_id)
     where n.quantity is null
        or s.waiting > n.quantity - n.contained - n.released
     limit %(limit)s
"""

WAREHOUSES_UNKNOWN = """
    select distinct warehouse_id
      from stock_level l
     where not exists (select from stock_warehouse w where w.id = l.warehouse_id)
     limit %(limit)s
"""
