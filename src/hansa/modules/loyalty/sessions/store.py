"""Every statement of the app's sessions."""

INSERT = """
    insert into loyalty_app_session (id, token_hash, kind, bucket, member_id, parent_id, agent,
                                     started_at, seen_at, expires_at)
    values (%(id)s, %(token_hash)s, %(kind)s, %(bucket)s, %(member_id)s, %(parent_id)s, %(agent)s,
            %(now)s, %(now)s, %(expires_at)s)
"""
# By uq_loyalty_app_session_token. A browser inside a shell ends with the shell's session.
FIND = """
    select s.id, s.kind, s.member_id, s.parent_id, s.agent, s.started_at, s.seen_at, s.expires_at
      from loyalty_app_session s
      left join loyalty_app_session p on p.id = s.parent_id
     where s.token_hash = %(token_hash)s
       and s.kind = %(kind)s
       and s.ended_at is null
       and s.expires_at > %(now)s
       and p.ended_at is null
"""
TOUCH = """
    update loyalty_app_session
       set seen_at = %(now)s
     where id = %(id)s
       and seen_at < %(now)s
"""
# The one heard of last first; ix_loyalty_app_session_member.
LIST = """
    select id, kind, member_id, parent_id, agent, started_at, seen_at, expires_at
      from loyalty_app_session
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and ended_at is null
       and expires_at > %(now)s
       and parent_id is null
     order by seen_at desc, id
     limit %(limit)s
"""
END = """
    update loyalty_app_session
       set ended_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and ended_at is null
       and (%(id)s::uuid is null or id = %(id)s or parent_id = %(id)s)
"""
ADD_HANDOVER = """
    insert into loyalty_app_handover (token_hash, session_id, made_at, expires_at)
    values (%(token_hash)s, %(session_id)s, %(now)s, %(expires_at)s)
"""
# Of two that come with one token the second finds it used.
USE_HANDOVER = """
    update loyalty_app_handover h
       set used_at = %(now)s
      from loyalty_app_session s
     where h.token_hash = %(token_hash)s
       and h.used_at is null
       and h.expires_at > %(now)s
       and s.id = h.session_id
       and s.ended_at is null
       and s.expires_at > %(now)s
    returning s.id, s.member_id, s.expires_at
"""
# By ix_loyalty_app_handover_over and ix_loyalty_app_session_over.
FORGET_HANDOVERS = """
    delete from loyalty_app_handover
     where expires_at < %(before)s
"""
FORGET_SESSIONS = """
    delete from loyalty_app_session
     where expires_at < %(before)s
"""
