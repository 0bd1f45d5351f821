"""Statements about segments, campaigns and their recipients."""

SAVE_SEGMENT = """
    insert into notifications_segment (id, name, programme_id, criteria, created_at, changed_at)
    values (%(id)s, %(name)s, %(programme_id)s, %(criteria)s::jsonb, %(now)s, %(now)s)
        on conflict (id) do update
       set name = excluded.name,
           programme_id = excluded.programme_id,
           criteria = excluded.criteria,
           changed_at = excluded.changed_at
"""

GET_SEGMENT = """
    select id, name, programme_id, criteria
      from notifications_segment
     where id = %(id)s
"""

# ix_notifications_segment_name.
LIST_SEGMENTS = """
    select id, name, programme_id, criteria
      from notifications_segment
     where %(after_name)s::text is null
        or (name, id) > (%(after_name)s, %(after_id)s::uuid)
     order by name, id
     limit %(limit)s
"""

SAVE_CAMPAIGN = """
    insert into notifications_campaign
           (id, name, kind, state, programme_id, segment_id, control_share, variants, link,
            starts_at, ends_at, measured_days, created_by, created_at, changed_at)
    values (%(id)s, %(name)s, %(kind)s, 'draft', %(programme_id)s, %(segment_id)s,
            %(control_share)s, %(variants)s::jsonb, %(link)s, %(starts_at)s, %(ends_at)s,
            %(measured_days)s, %(by)s, %(now)s, %(now)s)
        on conflict (id) do update
       set name = excluded.name,
           kind = excluded.kind,
           state = 'draft',
           programme_id = excluded.programme_id,
           segment_id = excluded.segment_id,
           control_share = excluded.control_share,
           variants = excluded.variants,
           link = excluded.link,
           starts_at = excluded.starts_at,
           ends_at = excluded.ends_at,
           measured_days = excluded.measured_days,
           approved_by = null,
           changed_at = excluded.changed_at
"""

GET_CAMPAIGN = """
    select id, name, kind, state, programme_id, segment_id, control_share, variants, link,
           starts_at, ends_at, measured_days, is_picked, picked, control, started_at, ended_at,
           result, result_at
      from notifications_campaign
     where id = %(id)s
"""

LOCK_CAMPAIGN = """
    select id, name, kind, state, programme_id, segment_id, control_share, variants, link,
           starts_at, ends_at, measured_days, is_picked, picked, control, started_at, ended_at,
           result, result_at
      from notifications_campaign
     where id = %(id)s
       for update
"""

# ix_notifications_campaign_created; the newest first.
LIST_CAMPAIGNS = """
    select id, name, kind, state, programme_id, segment_id, control_share, variants, link,
           starts_at, ends_at, measured_days, is_picked, picked, control, started_at, ended_at,
           result, result_at, created_at
      from notifications_campaign
     where %(before)s::timestamptz is null
        or (created_at, id) < (%(before)s, %(before_id)s::uuid)
     order by created_at desc, id desc
     limit %(limit)s
"""

SET_STATE = """
    update notifications_campaign
       set state = %(state)s,
           approved_by = coalesce(%(approved_by)s::uuid, approved_by),
           started_at = coalesce(started_at, %(started_at)s::timestamptz),
           ended_at = %(ended_at)s::timestamptz,
           criteria = coalesce(criteria, %(criteria)s::jsonb),
           changed_at = %(now)s
     where id = %(id)s
"""

# ix_notifications_campaign_live. What is to be started, to be picked on, or at its end.
LIVE = """
    select campaign.id, campaign.state, campaign.starts_at, campaign.is_picked,
           not exists (select 1
                         from notifications_message as message
                        where message.campaign_id = campaign.id
                          and message.state in ('waiting', 'sending')) as is_sent
      from notifications_campaign as campaign
     where campaign.state in ('approved', 'running')
     order by campaign.created_at, campaign.id
     limit %(limit)s
"""

PICKING = """
    select cursor_id, criteria
      from notifications_campaign
     where id = %(id)s
"""

ADD_RECIPIENTS = """
    insert into notifications_recipient (campaign_id, member_id, variant, is_control, picked_at)
    select %(campaign_id)s, new.member_id, new.variant, new.is_control, %(now)s
      from unnest(%(member_ids)s::uuid[], %(variants)s::text[], %(controls)s::boolean[])
        as new (member_id, variant, is_control)
        on conflict (campaign_id, member_id) do nothing
 returning member_id, is_control
"""

ADVANCE = """
    update notifications_campaign
       set cursor_id = coalesce(%(cursor)s::uuid, cursor_id),
           picked = picked + %(picked)s,
           control = control + %(control)s,
           is_picked = %(is_picked)s
     where id = %(id)s
"""

# What waits is not sent any more; what is on its way ends by itself.
STOP_MESSAGES = """
    update notifications_message
       set state = 'dropped', reason = 'stopped', ended_at = %(now)s
     where id in (
               select id
                 from notifications_message
                where campaign_id = %(id)s
                  and state = 'waiting'
                order by due_at, number
                limit %(limit)s
                  for update skip locked)
"""

# ix_notifications_message_campaign.
COUNTERS = """
    select variant, state, reason, count(*) as messages,
           count(opened_at) as opened,
           count(*) filter (where was_quiet) as was_quiet
      from notifications_message
     where campaign_id = %(id)s
     group by variant, state, reason
     order by variant, state, reason
"""

# pk_notifications_recipient.
RECIPIENTS = """
    select member_id, is_control
      from notifications_recipient
     where campaign_id = %(id)s
       and (%(after)s::uuid is null or member_id > %(after)s)
     order by member_id
     limit %(limit)s
"""

KEEP_RESULT = """
    update notifications_campaign
       set result = %(result)s::jsonb, result_at = %(now)s
     where id = %(id)s
"""

# Measured while the days run, once a day, and for good when they are over.
TO_MEASURE = """
    select id
      from notifications_campaign
     where started_at is not null
       and is_picked
       and started_at > %(now)s::timestamptz - interval '100 days'
       and (result_at is null
            or (result_at < started_at + measured_days * interval '1 day'
                and (result_at < %(now)s::timestamptz - interval '1 day'
                     or started_at + measured_days * interval '1 day' <= %(now)s)))
     order by started_at, id
     limit %(limit)s
"""
