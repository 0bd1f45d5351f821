"""Statements of disputes and what is said in them."""

from typing import LiteralString

_DISPUTE: LiteralString = """
    select id, programme_id, member_id, partner_id, kind, posting_id, receipt, points, said,
           opened_by, opener_id, state, opened_at, due_at, correction_id, ended_at, ended_by, answer
      from loyalty_dispute
"""

# uq_loyalty_dispute_open is the referee: one at a time about the same thing.
ADD = """
    insert into loyalty_dispute
           (id, programme_id, member_id, partner_id, kind, posting_id, receipt, points, said,
            opened_by, opener_id, opened_at, due_at)
    values (%(id)s, %(programme_id)s, %(member_id)s, %(partner_id)s, %(kind)s, %(posting_id)s,
            %(receipt)s, %(points)s, %(said)s, %(opened_by)s, %(opener_id)s, %(now)s, %(due_at)s)
        on conflict do nothing
 returning id
"""

FIND_OPEN = """
    select id
      from loyalty_dispute
     where member_id = %(member_id)s
       and programme_id = %(programme_id)s
       and kind = %(kind)s
       and partner_id is not distinct from %(partner_id)s
       and posting_id is not distinct from %(posting_id)s
       and receipt = %(receipt)s
       and state in ('open', 'asked_partner')
"""

GET: LiteralString = _DISPUTE + "     where id = %(id)s\n"

LOCK: LiteralString = GET + "       for update\n"

# What is due first comes first; ix_loyalty_dispute_open, _state, _member, _partner or _due.
LIST: LiteralString = (
    _DISPUTE
    + """     where (%(state)s::text is null or state = %(state)s)
       and (not %(open_only)s or state in ('open', 'asked_partner'))
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(member_id)s::uuid is null or member_id = %(member_id)s)
       and (%(partner_id)s::uuid is null or partner_id = %(partner_id)s)
       and (%(due_before)s::timestamptz is null or due_at < %(due_before)s)
       and (%(after)s::timestamptz is null
            or (due_at, id) > (%(after)s::timestamptz, %(after_id)s::uuid))
     order by due_at, id
     limit %(limit)s
"""
)

# ix_loyalty_dispute_open.
COUNT_OPEN = """
    select count(*) as waiting, count(*) filter (where due_at < %(now)s) as overdue
      from loyalty_dispute
     where state in ('open', 'asked_partner')
"""

SET_STATE = """
    update loyalty_dispute
       set state = %(state)s, due_at = %(due_at)s
     where id = %(id)s
"""

SET_CORRECTION = """
    update loyalty_dispute
       set correction_id = %(correction_id)s
     where id = %(id)s
"""

END = """
    update loyalty_dispute
       set state = %(state)s, ended_at = %(now)s, ended_by = %(by)s, answer = %(answer)s
     where id = %(id)s
"""

ADD_COMMENT = """
    insert into loyalty_dispute_comment
           (id, dispute_id, author, author_id, is_internal, said, at)
    values (%(id)s, %(dispute_id)s, %(author)s, %(author_id)s, %(is_internal)s, %(said)s, %(now)s)
"""

# ix_loyalty_dispute_comment_dispute.
LIST_COMMENTS = """
    select id, author, author_id, is_internal, said, at
      from loyalty_dispute_comment
     where dispute_id = %(dispute_id)s
       and (%(with_internal)s or not is_internal)
     order by at, id
     limit %(limit)s
"""
