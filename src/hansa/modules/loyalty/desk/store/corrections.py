"""Statements of corrections."""

from typing import LiteralString

ADD = """
    insert into loyalty_correction
           (id, programme_id, member_id, points, reason, attachment, dispute_id, proposed_by,
            proposed_at)
    values (%(id)s, %(programme_id)s, %(member_id)s, %(points)s, %(reason)s, %(attachment)s,
            %(dispute_id)s, %(by)s, %(now)s)
"""

_CORRECTION: LiteralString = """
    select id, programme_id, member_id, points, reason, attachment, dispute_id, state, proposed_by,
           proposed_at, decided_by, decided_at, note, posting_id, ended_at, failure
      from loyalty_correction
"""

GET: LiteralString = _CORRECTION + "     where id = %(id)s\n"

LOCK: LiteralString = GET + "       for update\n"

# Newest first; ix_loyalty_correction_state, _member or _proposed covers filter and order.
LIST: LiteralString = (
    _CORRECTION
    + """     where (%(state)s::text is null or state = %(state)s)
       and (%(member_id)s::uuid is null or member_id = %(member_id)s)
       and (%(before)s::timestamptz is null
            or (proposed_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid))
     order by proposed_at desc, id desc
     limit %(limit)s
"""
)

COUNT_PROPOSED = """
    select count(*)
      from loyalty_correction
     where state = 'proposed'
"""

DECIDE = """
    update loyalty_correction
       set state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, note = %(note)s,
           ended_at = case when %(state)s = 'refused' then %(now)s::timestamptz end
     where id = %(id)s
"""

# Only what is approved: whoever comes second changes nothing.
END = """
    update loyalty_correction
       set state = %(state)s, posting_id = %(posting_id)s, failure = %(failure)s,
           ended_at = %(now)s
     where id = %(id)s
       and state = 'approved'
 returning dispute_id
"""

# What was approved some time ago and is not posted; ix_loyalty_correction_approved.
LIST_LEFT = """
    select id
      from loyalty_correction
     where state = 'approved'
       and decided_at < %(before)s
     order by decided_at, id
     limit %(limit)s
"""
