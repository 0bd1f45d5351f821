"""Statements about messages and attempts as people and programs see them."""

MESSAGE_COLUMNS = """
    id, endpoint_id, owner_id, key, type, subject, body, state, failures, created_at, next_at,
    calling_since is not null as is_under_way, ended_at, code
"""

# All at once, whatever the number of events and endpoints. What has its key already is there.
# Sorted, so that two who write the same keys wait for each other and never both.
ADD_MESSAGES = """
    insert into webhook_message
           (id, endpoint_id, owner_id, key, type, subject, body, state, created_at, next_at,
            ended_at, code)
    select new.id, new.endpoint_id, new.owner_id, new.key, new.type, new.subject, new.body,
           case when new.is_active then 'waiting' else 'cancelled' end, %(now)s,
           case when new.is_active then %(now)s::timestamptz end,
           case when new.is_active then null else %(now)s::timestamptz end,
           case when new.is_active then '' else 'endpoint_disabled' end
      from unnest(
               %(ids)s::uuid[],
               %(endpoint_ids)s::uuid[],
               %(owner_ids)s::uuid[],
               %(keys)s::text[],
               %(types)s::text[],
               %(subjects)s::text[],
               %(bodies)s::bytea[],
               %(are_active)s::boolean[]
           ) as new (id, endpoint_id, owner_id, key, type, subject, body, is_active)
     order by new.endpoint_id, new.key, new.id
        on conflict (endpoint_id, key) do nothing
"""

MESSAGE = f"""
    select {MESSAGE_COLUMNS}
      from webhook_message
     where id = %(id)s
       and (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
"""  # noqa: S608 - the columns are a constant of ours

# Newest first, since ids sort by time: ix_webhook_message_endpoint, ix_webhook_message_owner, for
# the dead ix_webhook_message_dead, else the primary key.
LIST_MESSAGES = f"""
    select {MESSAGE_COLUMNS}
      from webhook_message
     where (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
       and (%(endpoint_id)s::uuid is null or endpoint_id = %(endpoint_id)s)
       and (%(state)s::text is null or state = %(state)s)
       and (%(type)s::text is null or type = %(type)s)
       and (%(before)s::uuid is null or id < %(before)s)
     order by id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

ATTEMPTS = """
    select began_at, milliseconds, status, code, answer
      from webhook_attempt
     where message_id = %(message_id)s
     order by id desc
     limit %(limit)s
"""

# How an endpoint stands. Counted up to a bound: a person needs to know that there are many.
TALLY = """
    select endpoint.id,
           (select count(*)::int
              from (select
                      from webhook_message
                     where endpoint_id = endpoint.id
                       and state = 'waiting'
                     limit %(bound)s) as counted) as waiting,
           (select count(*)::int
              from (select
                      from webhook_message
                     where endpoint_id = endpoint.id
                       and state = 'dead'
                     limit %(bound)s) as counted) as dead
      from unnest(%(endpoint_ids)s::uuid[]) as endpoint (id)
"""

CANCEL_WAITING = """
    update webhook_message
       set state = 'cancelled', next_at = null, ended_at = %(now)s, code = %(code)s
     where endpoint_id = any(%(endpoint_ids)s::uuid[])
       and state = 'waiting'
"""

# A message under way is being sent at this moment: it is left alone.
REPLAY = """
    update webhook_message
       set state = 'waiting', failures = 0, next_at = %(now)s, ended_at = null, code = ''
     where id = %(id)s
       and calling_since is null
"""

# By the time of writing, which ids hold: ix_webhook_message_endpoint.
COUNT_SINCE = """
    select count(*)::int
      from (select
              from webhook_message
             where endpoint_id = %(endpoint_id)s
               and id >= %(from_id)s
               and created_at >= %(since)s
               and state <> 'waiting'
               and (state <> 'delivered' or not %(only_undelivered)s)
             limit %(bound)s) as counted
"""

REPLAY_SINCE = """
    update webhook_message
       set state = 'waiting', failures = 0, next_at = %(now)s, ended_at = null, code = ''
     where endpoint_id = %(endpoint_id)s
       and id >= %(from_id)s
       and created_at >= %(since)s
       and state <> 'waiting'
       and calling_since is null
       and (state <> 'delivered' or not %(only_undelivered)s)
"""

# Attempts go with their message. Short rounds; ix_webhook_message_ended.
FORGET_MESSAGES = """
    delete from webhook_message
     where id in (
               select id
                 from webhook_message
                where ended_at < %(before)s
                  and calling_since is null
                order by ended_at, id
                limit %(limit)s
                  for update skip locked
           )
"""

# For the checks. A waiting message without an instant cannot be written (ck_webhook_message_...),
# but one nobody takes up can.
STRANDED = """
    select message.id, message.endpoint_id
      from webhook_message as message
      join webhook_endpoint as endpoint on endpoint.id = message.endpoint_id
     where message.state = 'waiting'
       and endpoint.state <> 'active'
       and greatest(message.created_at, endpoint.changed_at) < now() - interval '10 minutes'
     order by message.id
     limit %(limit)s
"""

HANGING = """
    select id, endpoint_id, calling_since
      from webhook_message
     where calling_since < now() - interval '10 minutes'
     order by id
     limit %(limit)s
"""

UNPROVEN = """
    select id, endpoint_id
      from webhook_message as message
     where state = 'delivered'
       and not exists (
               select
                 from webhook_attempt
                where message_id = message.id
                  and status between 200 and 299
           )
     order by id
     limit %(limit)s
"""

MISCOUNTED = """
    select owner.owner_id, owner.endpoints, coalesce(found.endpoints, 0) as found
      from webhook_owner as owner
      left join (select owner_id, count(*)::int as endpoints
                   from webhook_endpoint
                  where state <> 'removed'
                  group by owner_id) as found on found.owner_id = owner.owner_id
     where owner.endpoints <> coalesce(found.endpoints, 0)
     order by owner.owner_id
     limit %(limit)s
"""

UNSIGNED = """
    select id
      from webhook_endpoint as endpoint
     where state = 'active'
       and not exists (
               select
                 from webhook_secret
                where endpoint_id = endpoint.id
                  and ends_at is null
           )
     order by id
     limit %(limit)s
"""
