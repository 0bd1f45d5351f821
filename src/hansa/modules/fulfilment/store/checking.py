"""Statements that prove what must always hold."""

# Cases whose goods are still here, page by page.
OPEN_CASES = """
    select order_id, order_number, state, shop_id
      from fulfilment_case
     where state <> 'ended'
       and (%(after)s::uuid is null or order_id > %(after)s)
     order by order_id
     limit %(limit)s
"""

BOUND_PARTS = """
    select order_id, variant_id, warehouse_id, sum(quantity) as quantity
      from fulfilment_part
     where order_id = any(%(order_ids)s)
       and state in ('proposed', 'asked', 'confirmed')
       and is_bound
     group by order_id, variant_id, warehouse_id
     order by order_id, variant_id, warehouse_id
"""

CONFIRMED_PARTS = """
    select order_id, variant_id, sum(quantity) as quantity
      from fulfilment_part
     where order_id = any(%(order_ids)s)
       and state = 'confirmed'
     group by order_id, variant_id
     order by order_id, variant_id
"""

QUESTIONS_OVERDUE = """
    select c.order_number
      from fulfilment_question q
      join fulfilment_case c on c.order_id = q.order_id
     where q.state = 'open'
       and q.answer_by < now() - interval '5 minutes'
     order by q.answer_by, q.id
     limit %(limit)s
"""

CASES_OVERDUE = """
    select order_number
      from fulfilment_case
     where state <> 'ended'
       and look_at < now() - interval '5 minutes'
     order by look_at, order_id
     limit %(limit)s
"""

# An operator's case may wait for its operator, a confirmed one for its shipment.
CASES_STUCK = """
    select order_number
      from fulfilment_case
     where state = 'asking'
       and look_at is null
     order by order_id
     limit %(limit)s
"""

STATES_DIFFER = """
    select distinct c.order_number
      from fulfilment_part p
      join fulfilment_case c on c.order_id = p.order_id
      left join fulfilment_question q on q.id = p.question_id
     where (p.state in ('proposed', 'asked'))
       and (c.state = 'ended' or q.state is distinct from
            case p.state when 'asked' then 'open' else 'waiting' end)
     order by c.order_number
     limit %(limit)s
"""
