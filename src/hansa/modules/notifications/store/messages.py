"""Statements about messages and their deliveries."""

# One statement for many; uq_notifications_message_dedup lets each be told once.
ADD = """
    insert into notifications_message
           (id, member_id, kind, code, collapse_key, dedup_key, texts, places, link, campaign_id,
            variant, due_at, expires_at, created_at)
    select new.id, new.member_id, new.kind, new.code, new.collapse_key, new.dedup_key,
           new.texts::jsonb, new.places::jsonb, new.link, new.campaign_id, new.variant,
           new.due_at, new.expires_at, %(now)s
      from unnest(%(ids)s::uuid[], %(member_ids)s::uuid[], %(kinds)s::text[], %(codes)s::text[],
                  %(collapse_keys)s::text[], %(dedup_keys)s::text[], %(texts)s::text[],
                  %(places)s::text[], %(links)s::text[], %(campaign_ids)s::uuid[],
                  %(variants)s::text[], %(due_ats)s::timestamptz[],
                  %(expires_ats)s::timestamptz[])
        as new (id, member_id, kind, code, collapse_key, dedup_key, texts, places, link,
                campaign_id, variant, due_at, expires_at)
        on conflict (dedup_key) do nothing
"""

# ix_notifications_message_due.
CLAIM = """
    select id, member_id, kind, collapse_key, texts, places, link, expires_at, attempts,
           counted_at is not null as is_counted, campaign_id
      from notifications_message
     where state = 'waiting'
       and campaign_id is null
       and due_at <= %(now)s
     order by due_at, number
     limit %(limit)s
       for update skip locked
"""

# Of each campaign that runs its own (ix_notifications_message_campaign_due): a paused one stands in
# nobody's way.
CLAIM_OF_CAMPAIGNS = """
    select waiting.id, waiting.member_id, waiting.kind, waiting.collapse_key, waiting.texts,
           waiting.places, waiting.link, waiting.expires_at, waiting.attempts,
           waiting.is_counted, waiting.campaign_id
      from notifications_campaign as campaign
     cross join lateral (
           select id, member_id, kind, collapse_key, texts, places, link, expires_at, attempts,
                  counted_at is not null as is_counted, campaign_id
             from notifications_message as message
            where message.campaign_id = campaign.id
              and state = 'waiting'
              and due_at <= %(now)s
            order by due_at, number
            limit %(limit)s
              for update skip locked) as waiting
     where campaign.state = 'running'
     limit %(limit)s
"""

# ix_notifications_message_collapse.
SUPERSEDED = """
    select older.id
      from notifications_message as older
     where older.id = any(%(ids)s::uuid[])
       and exists (select 1
                     from notifications_message as newer
                    where newer.member_id = older.member_id
                      and newer.collapse_key = older.collapse_key
                      and newer.number > older.number
                      and newer.state in ('waiting', 'sending', 'sent'))
     order by older.id
"""

# ix_notifications_message_counted.
COUNTS = """
    select member_id,
           count(*) filter (where counted_at > %(day_ago)s) as sent_day,
           count(*) as sent_week
      from notifications_message
     where member_id = any(%(member_ids)s::uuid[])
       and counted_at > %(week_ago)s
     group by member_id
     order by member_id
"""

DELIVERED = """
    select message_id, device_id, state
      from notifications_delivery
     where message_id = any(%(message_ids)s::uuid[])
     order by message_id, device_id
"""

DROP = """
    update notifications_message
       set state = 'dropped', reason = gone.reason, ended_at = %(now)s
      from unnest(%(ids)s::uuid[], %(reasons)s::text[]) as gone (id, reason)
     where notifications_message.id = gone.id
"""

WAIT = """
    update notifications_message
       set due_at = held.until, was_quiet = true
      from unnest(%(ids)s::uuid[], %(untils)s::timestamptz[]) as held (id, until)
     where notifications_message.id = held.id
"""

GO = """
    update notifications_message
       set state = 'sending',
           claimed_at = %(now)s,
           attempts = attempts + 1,
           counted_at = case when going.counts then %(now)s::timestamptz else counted_at end
      from unnest(%(ids)s::uuid[], %(counts)s::boolean[]) as going (id, counts)
     where notifications_message.id = going.id
"""

# A delivery keeps its number over repeats: the push service knows it by it.
BEGIN_DELIVERIES = """
    insert into notifications_delivery as held
           (id, message_id, device_id, channel, state, changed_at)
    select new.id, new.message_id, new.device_id, new.channel, 'sending', %(now)s
      from unnest(%(ids)s::uuid[], %(message_ids)s::uuid[], %(device_ids)s::uuid[],
                  %(channels)s::text[]) as new (id, message_id, device_id, channel)
        on conflict (message_id, device_id) do update
       set state = 'sending', changed_at = excluded.changed_at
 returning held.id, held.message_id, held.device_id
"""

END_DELIVERIES = """
    update notifications_delivery
       set state = ended.state, reason = ended.reason, changed_at = %(now)s
      from unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[])
        as ended (id, state, reason)
     where notifications_delivery.id = ended.id
       and notifications_delivery.state in ('sending', 'later')
"""

END = """
    update notifications_message
       set state = ended.state,
           reason = ended.reason,
           due_at = coalesce(ended.due_at, notifications_message.due_at),
           ended_at = case when ended.state <> 'waiting' then %(now)s::timestamptz end
      from unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[],
                  %(due_ats)s::timestamptz[]) as ended (id, state, reason, due_at)
     where notifications_message.id = ended.id
       and notifications_message.state = 'sending'
"""

# Who claimed these is gone. ix_notifications_message_claimed.
RELEASE_LOST = """
    update notifications_message
       set state = 'waiting', due_at = %(now)s
     where id in (
               select id
                 from notifications_message
                where state = 'sending'
                  and claimed_at < %(before)s
                order by claimed_at, number
                limit %(limit)s
                  for update skip locked)
"""

OPEN = """
    update notifications_message
       set opened_at = coalesce(opened_at, %(now)s)
     where id = %(id)s
       and member_id = %(member_id)s
"""

# ix_notifications_message_member; the newest first.
LIST_OF_MEMBER = """
    select id, number, kind, code, texts, places, campaign_id, state, reason, due_at, attempts,
           was_quiet, ended_at, opened_at, created_at
      from notifications_message
     where member_id = %(member_id)s
       and (%(before)s::bigint is null or number < %(before)s)
     order by number desc
     limit %(limit)s
"""

# ix_notifications_message_failed; the last first.
LIST_FAILED = """
    select id, number, member_id, kind, code, reason, attempts, ended_at
      from notifications_message
     where state = 'failed'
       and (%(before)s::bigint is null or number < %(before)s)
     order by ended_at desc, number desc
     limit %(limit)s
"""

DELIVERIES_OF = """
    select message_id, channel, state, reason, changed_at
      from notifications_delivery
     where message_id = any(%(message_ids)s::uuid[])
     order by message_id, changed_at, id
"""

SEND_AGAIN = """
    update notifications_message
       set state = 'waiting', reason = '', due_at = %(now)s, attempts = 0, ended_at = null
     where id = %(id)s
       and state = 'failed'
"""

# ix_notifications_message_created.
FORGET = """
    delete from notifications_message
     where id in (
               select id
                 from notifications_message
                where created_at < %(before)s
                  and state in ('sent', 'failed', 'dropped')
                order by created_at
                limit %(limit)s)
"""
