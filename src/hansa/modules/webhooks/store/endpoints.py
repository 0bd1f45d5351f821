"""Statements about endpoints and their secrets."""

# ruff: noqa: S105 - names of statements, not passwords

ENDPOINT_COLUMNS = """
    id, owner_id, url, description, event_types, calls_max, state, reason, failing_since,
    delivered_at, created_at, changed_at
"""

# The count is its own row, so that two who add at one moment cannot go over the limit together.
TAKE_PLACE = """
    insert into webhook_owner as known (owner_id, endpoints)
    values (%(owner_id)s, 1)
        on conflict (owner_id) do update
       set endpoints = known.endpoints + 1
     where known.endpoints < %(limit)s
    returning endpoints
"""

GIVE_PLACE_BACK = """
    update webhook_owner
       set endpoints = endpoints - 1
     where owner_id = %(owner_id)s
"""

ADD_ENDPOINT = f"""
    insert into webhook_endpoint
           (id, owner_id, url, description, event_types, calls_max, created_at, changed_at)
    values (%(id)s, %(owner_id)s, %(url)s, %(description)s, %(event_types)s::text[],
            %(calls_max)s, %(now)s, %(now)s)
    returning {ENDPOINT_COLUMNS}
"""  # noqa: S608 - the columns are a constant of ours

ENDPOINT = f"""
    select {ENDPOINT_COLUMNS}
      from webhook_endpoint
     where id = %(id)s
       and (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
       and state <> 'removed'
"""  # noqa: S608 - the columns are a constant of ours

# Before any message of it: the order of locks is endpoint, then messages.
LOCK_ENDPOINT = f"""
    select {ENDPOINT_COLUMNS}
      from webhook_endpoint
     where id = %(id)s
       and (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
       and state <> 'removed'
       for no key update
"""  # noqa: S608 - the columns are a constant of ours

# Newest first; ix_webhook_endpoint_owner for one owner, else the primary key.
LIST_ENDPOINTS = f"""
    select {ENDPOINT_COLUMNS}
      from webhook_endpoint
     where (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
       and (%(state)s::text is null or state = %(state)s)
       and state <> 'removed'
       and (%(before)s::uuid is null or id < %(before)s)
     order by id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

# Those nobody switched off: they are few. ix_webhook_endpoint_owner for one owner.
LIST_LOST = f"""
    select {ENDPOINT_COLUMNS}
      from webhook_endpoint
     where (%(owner_id)s::uuid is null or owner_id = %(owner_id)s)
       and state = 'disabled'
       and reason <> 'by_hand'
     order by changed_at desc, id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

# Of a disabled endpoint `changed_at` is since when it is: what it misses is collected from then on.
CHANGE_ENDPOINT = f"""
    update webhook_endpoint
       set url = %(url)s, description = %(description)s, event_types = %(event_types)s::text[],
           calls_max = %(calls_max)s,
           changed_at = case when state = 'disabled' then changed_at else %(now)s end
     where id = %(id)s
    returning {ENDPOINT_COLUMNS}
"""  # noqa: S608 - the columns are a constant of ours

SET_STATE = f"""
    update webhook_endpoint
       set state = %(state)s, reason = %(reason)s, failing_since = null, changed_at = %(now)s
     where id = %(id)s
    returning {ENDPOINT_COLUMNS}
"""  # noqa: S608 - the columns are a constant of ours

# Asked for every batch of events, and most owners have none: pk_webhook_owner.
OWNERS_WITH_ENDPOINTS = """
    select owner_id
      from webhook_owner
     where owner_id = any(%(owner_ids)s::uuid[])
       and endpoints > 0
"""

# Those that get what happens: the active, and for a while the disabled, who may want it replayed.
# Owners have few endpoints: ix_webhook_endpoint_owner gives them, their patterns are read outside.
ENDPOINTS_OF_OWNERS = """
    select id, owner_id, event_types, state
      from webhook_endpoint
     where owner_id = any(%(owner_ids)s::uuid[])
       and (state = 'active' or state = 'disabled' and changed_at > %(collected_after)s)
     order by id
"""

# Deletes what was removed and has no messages left, in short rounds.
FORGET_ENDPOINTS = """
    delete from webhook_endpoint
     where id in (
               select id
                 from webhook_endpoint as endpoint
                where state = 'removed'
                  and not exists (
                          select
                            from webhook_message
                           where endpoint_id = endpoint.id
                      )
                order by id
                limit %(limit)s
           )
"""

ADD_SECRET = """
    insert into webhook_secret (id, endpoint_id, kind, sealed, public_key, created_at)
    values (%(id)s, %(endpoint_id)s, %(kind)s, %(sealed)s, %(public_key)s, %(now)s)
"""

# Those in force sign until then at most. The oldest go at once when there would be too many.
END_SECRETS = """
    update webhook_secret as secret
       set ends_at = case
               when older.place >= %(kept)s then %(now)s
               else least(secret.ends_at, %(ends_at)s)
           end
      from (select id, row_number() over (order by ends_at desc nulls first, id desc) as place
              from webhook_secret
             where endpoint_id = %(endpoint_id)s
               and (ends_at is null or ends_at > %(now)s)) as older
     where secret.id = older.id
"""

SECRETS = """
    select id, endpoint_id, kind, public_key, created_at, ends_at
      from webhook_secret
     where endpoint_id = any(%(endpoint_ids)s::uuid[])
       and (ends_at is null or ends_at > %(now)s)
     order by ends_at desc nulls first, id desc
"""

REMOVE_SECRETS = "delete from webhook_secret where endpoint_id = %(endpoint_id)s"

FORGET_SECRETS = "delete from webhook_secret where ends_at < %(before)s"
