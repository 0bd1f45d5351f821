"""Statements that read cases and questions."""

GET_QUESTION = """
    select q.id, q.order_id, q.warehouse_id, q.state, q.asked_at, q.answer_by, q.answered_at,
           q.answered_by, q.ended_because, q.is_by_hand, c.order_number, c.market
      from fulfilment_question q
      join fulfilment_case c on c.order_id = q.order_id
     where q.id = %(id)s
"""

# By deadline, what is nearest first; ix_fulfilment_question_open.
LIST_OPEN_QUESTIONS = """
    select q.id, q.order_id, q.warehouse_id, q.state, q.asked_at, q.answer_by, q.answered_at,
           q.answered_by, q.ended_because, q.is_by_hand, c.order_number, c.market
      from fulfilment_question q
      join fulfilment_case c on c.order_id = q.order_id
     where q.state = 'open'
       and (%(warehouse_id)s::uuid is null or q.warehouse_id = %(warehouse_id)s)
       and (%(after_at)s::timestamptz is null
            or (q.answer_by, q.id) > (%(after_at)s, %(after_id)s::uuid))
     order by q.answer_by, q.id
     limit %(limit)s
"""

PARTS_OF_QUESTIONS = """
    select question_id, number, variant_id, warehouse_id, state, asked, quantity, item, found,
           defective, missing, answered_at, answered_by
      from fulfilment_part
     where question_id = any(%(ids)s)
     order by question_id, number
"""

CASES_OF = """
    select order_id, order_number, market, channel, shop_id, state, reason, opened_at,
           changed_at, confirmed_at, ended_at, look_at, hold_ends_at, forgiven_at
      from fulfilment_case
     where order_id = any(%(order_ids)s)
     order by order_id
"""

ALLOCATED_PARTS = """
    select order_id, variant_id, warehouse_id, quantity, state, question_id
      from fulfilment_part
     where order_id = any(%(order_ids)s)
       and state in ('proposed', 'asked', 'confirmed')
     order by order_id, made_at, id
"""

LAST_ANSWER_BY = """
    select max(answer_by)
      from fulfilment_question
     where order_id = %(order_id)s
       and state in ('waiting', 'open')
"""

# How busy the warehouses are: what they are being asked, and orders they have got since an instant.
LOADS = """
    select warehouse_id,
           count(distinct question_id) filter (where state in ('proposed', 'asked'))
               as open_questions,
           count(distinct order_id) filter (where made_at >= %(since)s and state <> 'withdrawn')
               as orders_today
      from fulfilment_part
     where state in ('proposed', 'asked')
        or (made_at >= %(since)s and state in ('asked', 'confirmed'))
     group by warehouse_id
"""

# By state, the latest change first; ix_fulfilment_case_state. Without states all of them.
LIST_CASES = """
    select c.order_id, c.order_number, c.market, c.channel, c.shop_id, c.state, c.reason,
           c.opened_at, c.changed_at, c.confirmed_at, c.ended_at, c.look_at, c.hold_ends_at,
           (select count(*) from fulfilment_question q
             where q.order_id = c.order_id and q.state in ('waiting', 'open')) as open_questions,
           (select count(*) from fulfilment_question q
             where q.order_id = c.order_id) as questions
      from fulfilment_case c
     where c.state = any(%(states)s)
       and (%(search)s = '' or c.order_number ilike '%%' || %(search)s || '%%')
       and (%(after_at)s::timestamptz is null
            or (c.changed_at, c.order_id) < (%(after_at)s, %(after_id)s::uuid))
     order by c.changed_at desc, c.order_id desc
     limit %(limit)s
"""

COUNT_CASES = """
    select state, count(*) as count
      from fulfilment_case
     where state <> 'ended'
     group by state
"""

COUNT_QUESTIONS = """
    select warehouse_id,
           count(*) filter (where state = 'open') as open,
           count(*) filter (where state = 'waiting') as waiting
      from fulfilment_question
     where state in ('waiting', 'open')
     group by warehouse_id
"""

LIST_WAITING_QUESTIONS = """
    select q.id, q.order_id, q.warehouse_id, q.state, q.asked_at, q.answer_by, q.answered_at,
           q.answered_by, q.ended_because, q.is_by_hand, c.order_number, c.market
      from fulfilment_question q
      join fulfilment_case c on c.order_id = q.order_id
     where q.state = 'waiting'
       and (%(warehouse_id)s::uuid is null or q.warehouse_id = %(warehouse_id)s)
     order by q.asked_at, q.id
     limit %(limit)s
"""

QUESTIONS_OF_ORDER = """
    select q.id, q.order_id, q.warehouse_id, q.state, q.asked_at, q.answer_by, q.answered_at,
           q.answered_by, q.ended_because, q.is_by_hand, c.order_number, c.market
      from fulfilment_question q
      join fulfilment_case c on c.order_id = q.order_id
     where q.order_id = %(order_id)s
     order by q.id
"""

PARTS_OF_ORDER = """
    select id, variant_id, warehouse_id, state, asked, quantity, question_id, item, made_at
      from fulfilment_part
     where order_id = %(order_id)s
     order by made_at, id
"""

EVENTS_OF = """
    select number, at, kind, warehouse_id, question_id, details, by
      from fulfilment_event
     where order_id = %(order_id)s
     order by number
     limit %(limit)s
"""

DECISIONS_OF = """
    select number, decided_at, cause, body
      from fulfilment_decision
     where order_id = %(order_id)s
     order by number desc
     limit %(limit)s
"""
