"""Statements of whoever delivers: taking messages up, writing down what came of it."""

# Messages that are due, each taken up by one. First the endpoints that have any, found by stepping
# from one to the next in ix_webhook_message_waiting, then a few of each: so many that no more than
# `calls_max` of it are under way, or one while it fails. Everybody's first comes before anybody's
# second: a long queue of one endpoint holds up no other.
CLAIM = """
    with recursive queue as (
             (select endpoint_id
                from webhook_message
               where state = 'waiting'
                 and calling_since is null
               order by endpoint_id
               limit 1)
             union all
             select (select endpoint_id
                       from webhook_message
                      where state = 'waiting'
                        and calling_since is null
                        and endpoint_id > queue.endpoint_id
                      order by endpoint_id
                      limit 1)
               from queue
              where queue.endpoint_id is not null
         ),
         due as (
             select message.id, message.next_at,
                    row_number() over (partition by endpoint.id
                                           order by message.next_at, message.id) as turn
               from queue
               join webhook_endpoint as endpoint on endpoint.id = queue.endpoint_id
              cross join lateral (
                        select count(*) as number
                          from webhook_message
                         where endpoint_id = endpoint.id
                           and calling_since is not null
                    ) as calls
              cross join lateral (
                        select id, next_at
                          from webhook_message
                         where endpoint_id = endpoint.id
                           and state = 'waiting'
                           and calling_since is null
                           and next_at <= %(now)s
                         order by next_at, id
                         limit greatest(
                                   0,
                                   case
                                       when endpoint.failing_since is null then endpoint.calls_max
                                       else 1
                                   end - calls.number
                               )
                    ) as message
              where endpoint.state = 'active'
         ),
         chosen as (
             select id
               from due
              order by turn, next_at, id
              limit %(limit)s
         )
    update webhook_message as message
       set calling_since = %(now)s
      from chosen
     where message.id = chosen.id
       and message.state = 'waiting'
       and message.calling_since is null
    returning message.id, message.endpoint_id, message.body, message.failures,
              message.created_at, message.next_at
"""

ENDPOINTS_TO_CALL = """
    select endpoint.id, endpoint.url,
           array_agg(secret.sealed order by secret.ends_at desc nulls first, secret.id desc)
               filter (where secret.id is not null) as sealed
      from webhook_endpoint as endpoint
      left join webhook_secret as secret
        on secret.endpoint_id = endpoint.id
       and (secret.ends_at is null or secret.ends_at > %(now)s)
     where endpoint.id = any(%(endpoint_ids)s::uuid[])
     group by endpoint.id
"""

# Whoever delivers now is the only one: what another had under way when it died is due at once.
RELEASE = """
    with left_over as (
             select id, calling_since
               from webhook_message
              where calling_since is not null
              order by id
                for update
         ),
         released as (
             update webhook_message as message
                set calling_since = null
               from left_over
              where message.id = left_over.id
         )
    insert into webhook_attempt (message_id, began_at, code)
    select id, calling_since, 'interrupted'
      from left_over
     order by id
"""

# Before their messages, sorted: the order of locks everywhere.
LOCK_ENDPOINTS = """
    select id, failing_since
      from webhook_endpoint
     where id = any(%(endpoint_ids)s::uuid[])
     order by id
       for no key update
"""

ADD_ATTEMPTS = """
    insert into webhook_attempt (message_id, began_at, milliseconds, status, code, answer)
    select told.message_id, told.began_at, told.milliseconds, told.status, told.code, told.answer
      from unnest(
               %(message_ids)s::uuid[],
               %(began_ats)s::timestamptz[],
               %(milliseconds)s::integer[],
               %(statuses)s::smallint[],
               %(codes)s::text[],
               %(answers)s::text[]
           ) as told (message_id, began_at, milliseconds, status, code, answer)
     order by told.began_at, told.message_id
"""

# What was cancelled meanwhile stays so, unless it arrived.
SETTLE = """
    update webhook_message as message
       set calling_since = null,
           state = case
               when told.state = 'delivered' or message.state = 'waiting' then told.state
               else message.state
           end,
           failures = told.failures,
           next_at = case when message.state = 'waiting' then told.next_at end,
           ended_at = case
               when told.state = 'delivered' or message.state = 'waiting' then told.ended_at
               else message.ended_at
           end,
           code = case
               when told.state = 'delivered' or message.state = 'waiting' then told.code
               else message.code
           end
      from unnest(
               %(message_ids)s::uuid[],
               %(states)s::text[],
               %(failures)s::smallint[],
               %(next_ats)s::timestamptz[],
               %(ended_ats)s::timestamptz[],
               %(codes)s::text[]
           ) as told (message_id, state, failures, next_at, ended_at, code)
     where message.id = told.message_id
"""

NOTE_FAILURES = """
    update webhook_endpoint
       set failing_since = %(now)s
     where id = any(%(endpoint_ids)s::uuid[])
       and failing_since is null
       and state = 'active'
"""

# Not at every message: an endpoint's row is written once a minute at most while all goes well.
NOTE_DELIVERIES = """
    update webhook_endpoint
       set failing_since = null, delivered_at = %(now)s
     where id = any(%(endpoint_ids)s::uuid[])
       and (failing_since is not null
            or delivered_at is null
            or delivered_at < %(now)s::timestamptz - interval '1 minute')
"""

DISABLE = """
    update webhook_endpoint
       set state = 'disabled', reason = %(reason)s, failing_since = null, changed_at = %(now)s
     where id = any(%(endpoint_ids)s::uuid[])
       and state = 'active'
    returning id, owner_id
"""

# Written by a sender that had seen its endpoint active, just as that was disabled.
CANCEL_STRANDED = """
    update webhook_message as message
       set state = 'cancelled', next_at = null, ended_at = %(now)s, code = 'endpoint_disabled'
      from webhook_endpoint as endpoint
     where endpoint.id = message.endpoint_id
       and endpoint.state <> 'active'
       and message.state = 'waiting'
       and message.calling_since is null
"""

# What waits although it is due; the first of each endpoint is enough to know how late we are.
LAG = """
    with recursive queue as (
             (select endpoint_id, next_at
                from webhook_message
               where state = 'waiting'
                 and calling_since is null
               order by endpoint_id, next_at
               limit 1)
             union all
             select following.endpoint_id, following.next_at
               from queue
              cross join lateral (
                        select endpoint_id, next_at
                          from webhook_message
                         where state = 'waiting'
                           and calling_since is null
                           and endpoint_id > queue.endpoint_id
                         order by endpoint_id, next_at
                         limit 1
                    ) as following
         )
    select coalesce(max(extract(epoch from %(now)s - next_at)), 0)::float8 as late_seconds,
           count(*)::int as endpoints
      from queue
"""
