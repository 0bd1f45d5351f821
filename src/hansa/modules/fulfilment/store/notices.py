"""Statements about the messages in which shops are asked."""

# The intent to send, written before the call; each attempt counts.
INTEND = """
    insert into fulfilment_notice as n (question_id, channel, state, key, attempts, intended_at)
    values (%(question_id)s, %(channel)s, 'intended', %(key)s, 1, %(now)s)
        on conflict (question_id) do update
       set attempts = n.attempts + case when n.state = 'sent' then 0 else 1 end,
           channel = case when n.state = 'sent' then n.channel else excluded.channel end
    returning state, key, attempts
"""

RECORD = """
    update fulfilment_notice
       set state = %(state)s,
           handle = %(handle)s::text::jsonb,
           error = %(error)s,
           shown = %(shown)s,
           sent_at = case when %(state)s = 'sent' then %(now)s::timestamptz end
     where question_id = %(question_id)s
       and state <> 'sent'
"""

GET = """
    select question_id, channel, state, handle, attempts, error, shown, sent_at
      from fulfilment_notice
     where question_id = %(question_id)s
"""

NOTICES_OF = """
    select question_id, channel, state, attempts, error, sent_at
      from fulfilment_notice
     where question_id = any(%(ids)s)
"""

SHOWN = """
    update fulfilment_notice
       set shown = %(shown)s
     where question_id = %(question_id)s
"""
