"""Prepayments, blocks of points, alerts."""

# Locks the partner's prepayment: blocks get their numbers one after the other.
BEGIN_PREPAYMENT = """
    insert into loyalty_prepayment (programme_id, partner_id, issued_before, begun_at, blocks)
    values (%(programme_id)s, %(partner_id)s, %(issued_before)s, %(now)s, 1)
        on conflict (programme_id, partner_id) do update
       set blocks = loyalty_prepayment.blocks + 1
 returning blocks, issued_before
"""

ADD_BLOCK = """
    insert into loyalty_point_block
           (id, programme_id, partner_id, number, points, amount_minor, invoice, ordered_at)
    values (%(id)s, %(programme_id)s, %(partner_id)s, %(number)s, %(points)s, %(amount_minor)s,
            %(invoice)s, %(now)s)
"""

LOCK_BLOCK = """
    select id, programme_id, partner_id, number, points, amount_minor, invoice, state, ordered_at,
           paid_at
      from loyalty_point_block
     where id = %(id)s
       for update
"""

MOVE_BLOCK = """
    update loyalty_point_block
       set state = %(state)s, paid_at = %(paid_at)s
     where id = %(id)s
"""

LIST_BLOCKS = """
    select id, programme_id, partner_id, number, points, amount_minor, invoice, state, ordered_at,
           paid_at
      from loyalty_point_block
     where programme_id = %(programme_id)s
       and partner_id = %(partner_id)s
     order by number
"""

# Every prepaid partner of a programme, with the points of its blocks paid before two instants.
PREPAID = """
    select p.partner_id, p.issued_before, p.stopped_at,
           coalesce(sum(b.points) filter (where b.paid_at < %(begins_at)s::timestamptz), 0)::bigint
               as at_begin,
           coalesce(sum(b.points) filter (where b.paid_at < %(ends_at)s::timestamptz), 0)::bigint
               as at_end
      from loyalty_prepayment p
      left join loyalty_point_block b
        on b.programme_id = p.programme_id and b.partner_id = p.partner_id and b.state = 'paid'
     where p.programme_id = %(programme_id)s
     group by p.partner_id, p.issued_before, p.stopped_at
"""

PREPAID_OF = """
    select p.issued_before, p.stopped_at,
           (select coalesce(sum(points), 0)::bigint
              from loyalty_point_block b
             where b.programme_id = p.programme_id
               and b.partner_id = p.partner_id
               and b.state = 'paid') as paid
      from loyalty_prepayment p
     where p.programme_id = %(programme_id)s
       and p.partner_id = %(partner_id)s
"""

NOTE_STOP = """
    update loyalty_prepayment
       set stopped_at = %(stopped_at)s
     where programme_id = %(programme_id)s
       and partner_id = %(partner_id)s
"""

# uq_loyalty_settlement_alert_open lets one of a kind be open.
OPEN_ALERT = """
    insert into loyalty_settlement_alert
           (id, programme_id, partner_id, kind, points, limit_points, opened_at)
    values (%(id)s, %(programme_id)s, %(partner_id)s, %(kind)s, %(points)s, %(limit_points)s,
            %(now)s)
        on conflict (programme_id, partner_id, kind) where closed_at is null do nothing
"""

CLOSE_ALERTS = """
    update loyalty_settlement_alert
       set closed_at = %(now)s
     where programme_id = %(programme_id)s
       and partner_id = %(partner_id)s
       and kind <> all(%(kinds)s::text[])
       and closed_at is null
"""

LIST_ALERTS = """
    select id, programme_id, partner_id, kind, points, limit_points, opened_at, closed_at
      from loyalty_settlement_alert
     where closed_at is null
     order by opened_at desc, id
     limit %(limit)s
"""
