"""Statements of step-ups, alerts and rules."""

from typing import LiteralString

GET_RULES = """
    select rules
      from loyalty_guard_rules
     where programme_id = %(programme_id)s
"""

SAVE_RULES = """
    insert into loyalty_guard_rules (programme_id, rules, changed_at)
    values (%(programme_id)s, %(rules)s::jsonb, %(now)s)
        on conflict (programme_id) do update
       set rules = excluded.rules, changed_at = excluded.changed_at
"""

# One at a time for a member: two requests at once must see each other's codes.
LOCK_MEMBER = "select pg_advisory_xact_lock(hashtextextended('guard-step-up.' || %(member_id)s, 0))"

COUNT_CHALLENGES = """
    select count(*)
      from loyalty_guard_challenge
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and started_at > %(after)s
"""

# A new code makes the earlier ones worthless: five tries are five tries.
END_CHALLENGES = """
    update loyalty_guard_challenge
       set expires_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and programme_id = %(programme_id)s
       and passed_at is null
       and expires_at > %(now)s
"""

ADD_CHALLENGE = """
    insert into loyalty_guard_challenge
           (id, bucket, programme_id, member_id, device, code, started_at, expires_at)
    values (%(id)s, %(bucket)s, %(programme_id)s, %(member_id)s, %(device)s, %(code)s,
            %(now)s, %(expires_at)s)
"""

LOCK_CHALLENGE = """
    select id, bucket, programme_id, member_id, device, code, tries, expires_at, passed_at
      from loyalty_guard_challenge
     where id = %(id)s
       for update
"""

CHALLENGES_HERE = """
    select id
      from loyalty_guard_challenge
     where id = any(%(ids)s::uuid[])
"""

COUNT_TRY = """
    update loyalty_guard_challenge
       set tries = tries + 1
     where id = %(id)s
"""

END_WELL = """
    update loyalty_guard_challenge
       set tries = tries + 1, token = %(token)s, passed_at = %(now)s, expires_at = %(expires_at)s
     where id = %(id)s
"""

TRUST_DEVICE = """
    insert into loyalty_guard_device as held
           (bucket, member_id, device, first_seen_at, seen_at, trusted_at)
    values (%(bucket)s, %(member_id)s, %(device)s, %(now)s, %(now)s, %(now)s)
        on conflict (bucket, member_id, device) do update
       set seen_at = excluded.seen_at, trusted_at = coalesce(held.trusted_at, excluded.trusted_at)
"""

DISTRUST_DEVICES = """
    delete from loyalty_guard_device
     where bucket = %(bucket)s
       and member_id = %(member_id)s
"""

LIST_DEVICES = """
    select device, first_seen_at, seen_at, trusted_at
      from loyalty_guard_device
     where bucket = %(bucket)s
       and member_id = %(member_id)s
     order by seen_at desc, device
     limit %(limit)s
"""

_ALERT: LiteralString = """
    select id, programme_id, member_id, partner_id, kind, state, facts, number, opened_at, last_at,
           handled_at, handled_by, note
      from loyalty_guard_alert
"""

# Newest first; ix_loyalty_guard_alert_state, _member or _opened covers filter and order.
LIST_ALERTS: LiteralString = (
    _ALERT
    + """     where (%(state)s::text is null or state = %(state)s)
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and (%(member_id)s::uuid is null or member_id = %(member_id)s)
       and (%(before)s::timestamptz is null
            or (opened_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid))
     order by opened_at desc, id desc
     limit %(limit)s
"""
)

GET_ALERT: LiteralString = _ALERT + "     where id = %(id)s\n"

LOCK_ALERT: LiteralString = GET_ALERT + "       for update\n"

COUNT_NEW_ALERTS = """
    select count(*)
      from loyalty_guard_alert
     where state = 'new'
"""

SAVE_ALERT = """
    update loyalty_guard_alert
       set state = %(state)s, handled_at = %(now)s, handled_by = %(by)s, note = %(note)s
     where id = %(id)s
"""

BLOCK_MEMBER = """
    insert into loyalty_guard_member as held (bucket, programme_id, member_id, blocked_by)
    values (%(bucket)s, %(programme_id)s, %(member_id)s, %(alert_id)s)
        on conflict (bucket, member_id, programme_id) do update
       set blocked_by = coalesce(held.blocked_by, excluded.blocked_by)
"""

# Of the member, and of whoever the member was merged into. Another alert that blocks one of them
# goes on blocking. ix_loyalty_guard_member_blocked finds them.
UNBLOCK_MEMBER = """
    update loyalty_guard_member as held
       set blocked_by = (select other.id
                           from loyalty_guard_alert as other
                          where other.member_id = held.member_id
                            and other.programme_id = held.programme_id
                            and other.state = 'blocked'
                            and other.id <> %(alert_id)s
                          order by other.id
                          limit 1)
     where held.blocked_by = %(alert_id)s
"""

FOLLOW_MERGE = """
    insert into loyalty_guard_member as held (bucket, programme_id, member_id, moved_at, blocked_by)
    select %(keep_bucket)s, absorbed.programme_id, %(keep_id)s, absorbed.moved_at,
           absorbed.blocked_by
      from loyalty_guard_member as absorbed
     where absorbed.bucket = %(absorb_bucket)s
       and absorbed.member_id = %(absorb_id)s
     order by absorbed.programme_id
        on conflict (bucket, member_id, programme_id) do update
       set moved_at = greatest(held.moved_at, excluded.moved_at),
           blocked_by = coalesce(held.blocked_by, excluded.blocked_by)
"""

UNDO_MERGE = """
    update loyalty_guard_member as held
       set blocked_by = null
     where held.bucket = %(keep_bucket)s
       and held.member_id = %(keep_id)s
       and held.blocked_by in (select alert.id
                                 from loyalty_guard_alert as alert
                                where alert.member_id = %(absorb_id)s)
"""

STANDING_OF = """
    select moved_at, blocked_by
      from loyalty_guard_member
     where bucket = %(bucket)s
       and programme_id = %(programme_id)s
       and member_id = %(member_id)s
"""

COUNTERS_OVERDUE = """
    select count(*) as counters, min(gone_at) as since
      from loyalty_guard_count
     where gone_at < now() - interval '3 days'
    having count(*) > 0
     limit %(limit)s
"""

BLOCKS_DIFFER = """
    select held.member_id as member, held.blocked_by as alert
      from loyalty_guard_member as held
     where held.blocked_by is not null
       and not exists (select
                         from loyalty_guard_alert as alert
                        where alert.id = held.blocked_by
                          and alert.state = 'blocked')
     union all
    select alert.member_id, alert.id
      from loyalty_guard_alert as alert
     where alert.state = 'blocked'
       and not exists (select
                         from loyalty_guard_member as held
                        where held.member_id = alert.member_id
                          and held.programme_id = alert.programme_id
                          and held.blocked_by is not null)
     order by 1, 2
     limit %(limit)s
"""
