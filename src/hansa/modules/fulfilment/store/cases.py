"""Statements that change cases, parts and questions."""

ADD_CASE = """
    insert into fulfilment_case
           (order_id, order_number, market, channel, shop_id, state, opened_at, changed_at,
            look_at)
    values (%(order_id)s, %(order_number)s, %(market)s, %(channel)s, %(shop_id)s, 'asking',
            %(now)s, %(now)s, %(now)s)
        on conflict (order_id) do nothing
"""

LOCK_CASE = """
    select order_id, order_number, market, channel, shop_id, state, reason, opened_at,
           changed_at, confirmed_at, ended_at, look_at, hold_ends_at, forgiven_at
      from fulfilment_case
     where order_id = %(order_id)s
       for update
"""

SAVE_CASE = """
    update fulfilment_case
       set state = %(state)s,
           reason = %(reason)s,
           changed_at = case when state = %(state)s then changed_at else %(now)s end,
           confirmed_at = case
               when %(state)s = 'confirmed' then coalesce(confirmed_at, %(now)s)
               else confirmed_at
           end,
           ended_at = case when %(state)s = 'ended' then coalesce(ended_at, %(now)s) end,
           look_at = %(look_at)s,
           hold_ends_at = %(hold_ends_at)s,
           forgiven_at = %(forgiven_at)s
     where order_id = %(order_id)s
"""

# The same row is locked by everything that changes a case, so its parts need no lock of their own.
PARTS_OF = """
    select id, order_id, variant_id, warehouse_id, state, asked, quantity, lane, is_bound,
           question_id, number, item, found, defective, missing, answered_at, answered_by,
           made_at, changed_at
      from fulfilment_part
     where order_id = %(order_id)s
     order by made_at, id
"""

QUESTIONS_OF = """
    select id, order_id, warehouse_id, state, is_by_hand, asked_at, answer_by, answered_at,
           answered_by, ended_because
      from fulfilment_question
     where order_id = %(order_id)s
     order by id
"""

ORDER_OF_QUESTION = """
    select order_id
      from fulfilment_question
     where id = %(question_id)s
"""

ADD_QUESTION = """
    insert into fulfilment_question
           (id, order_id, warehouse_id, state, is_by_hand, asked_at, answer_by)
    values (%(id)s, %(order_id)s, %(warehouse_id)s, %(state)s, %(is_by_hand)s, %(asked_at)s,
            %(answer_by)s)
"""

ADD_PART = """
    insert into fulfilment_part
           (id, order_id, variant_id, warehouse_id, state, asked, quantity, lane, is_bound,
            question_id, number, item, made_at, changed_at)
    values (%(id)s, %(order_id)s, %(variant_id)s, %(warehouse_id)s, %(state)s, %(quantity)s,
            %(quantity)s, %(lane)s, %(is_bound)s, %(question_id)s, %(number)s,
            %(item)s::text::jsonb, %(now)s, %(now)s)
"""

# Conditional on the state it was read in: of two who answer, one changes the row.
SAVE_PART = """
    update fulfilment_part
       set state = %(state)s,
           quantity = %(quantity)s,
           changed_at = %(now)s
     where id = %(id)s
       and state = %(state_was)s
"""

ANSWER_PART = """
    update fulfilment_part
       set state = %(state)s,
           quantity = %(quantity)s,
           found = %(found)s,
           defective = %(defective)s,
           missing = %(missing)s,
           answered_at = %(now)s,
           answered_by = %(by)s::text::jsonb,
           changed_at = %(now)s
     where id = %(id)s
       and answered_at is null
       and state = 'asked'
"""

SAVE_QUESTION = """
    update fulfilment_question
       set state = %(state)s,
           asked_at = %(asked_at)s,
           answer_by = %(answer_by)s,
           answered_at = case when %(state)s = 'answered' then %(now)s::timestamptz end,
           answered_by = coalesce(%(by)s::text::jsonb, answered_by),
           ended_because = %(because)s
     where id = %(id)s
       and state = %(state_was)s
"""

ADD_EVENT = """
    insert into fulfilment_event
           (order_id, at, kind, warehouse_id, question_id, details, by)
    values (%(order_id)s, %(now)s, %(kind)s, %(warehouse_id)s, %(question_id)s,
            %(details)s::text::jsonb, %(by)s::text::jsonb)
"""

ADD_DECISION = """
    insert into fulfilment_decision (order_id, decided_at, cause, body)
    values (%(order_id)s, %(now)s, %(cause)s, %(body)s::text::jsonb)
"""

# Cases in which something is due; ix_fulfilment_case_look.
DUE_CASES = """
    select order_id
      from fulfilment_case
     where look_at <= %(now)s
     order by look_at, order_id
     limit %(limit)s
"""

FIND_CASE = """
    select order_id
      from fulfilment_case
     where order_id = %(order_id)s
"""

# Pieces other orders have set aside while their shops are asked; ix_fulfilment_part_pending.
ASKED_BY_OTHERS = """
    select distinct variant_id, warehouse_id
      from fulfilment_part
     where variant_id = any(%(variants)s)
       and order_id <> %(order_id)s
       and state in ('proposed', 'asked')
"""

# So that the periodic look takes over if the job should be lost.
LOOK_SOON = """
    update fulfilment_case
       set look_at = %(now)s
     where order_id = %(order_id)s
       and state <> 'ended'
       and (look_at is null or look_at > %(now)s)
"""
