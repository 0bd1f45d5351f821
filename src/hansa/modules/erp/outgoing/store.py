"""Statements about messages on their way to an ERP."""

SUBJECT_LOCK = 0x48A10101

# What messages need to be made for. A connection without a contract in force makes none.
OUTGOINGS = """
    select outgoing.connection_id, outgoing.transport, outgoing.address, outgoing.sign_in,
           outgoing.user_name, outgoing.secret, outgoing.kinds, outgoing.starts_at,
           outgoing.batch_size, outgoing.concurrency, outgoing.answer_seconds,
           outgoing.refusals_max, outgoing.pause_seconds, outgoing.pause_seconds_max,
           outgoing.is_active,
           coalesce(
               (select array_agg(contract.version order by contract.version)
                  from erp_outgoing_contract as contract
                 where contract.connection_id = outgoing.connection_id), '{}') as versions,
           coalesce(
               (select array_agg(contract.starts_at order by contract.version)
                  from erp_outgoing_contract as contract
                 where contract.connection_id = outgoing.connection_id), '{}') as starts,
           coalesce(
               (select array_agg(contract.ends_at order by contract.version)
                  from erp_outgoing_contract as contract
                 where contract.connection_id = outgoing.connection_id), '{}') as ends
      from erp_outgoing as outgoing
     order by outgoing.connection_id
"""

SAVE_OUTGOING = """
    insert into erp_outgoing
           (connection_id, transport, address, sign_in, user_name, secret, kinds, starts_at,
            batch_size, concurrency, answer_seconds, refusals_max, pause_seconds,
            pause_seconds_max, is_active)
    values (%(connection_id)s, %(transport)s, %(address)s, %(sign_in)s, %(user_name)s, %(secret)s,
            %(kinds)s::text[], %(starts_at)s, %(batch_size)s, %(concurrency)s, %(answer_seconds)s,
            %(refusals_max)s, %(pause_seconds)s, %(pause_seconds_max)s, %(is_active)s)
        on conflict (connection_id) do update
       set (transport, address, sign_in, user_name, secret, kinds, starts_at, batch_size,
            concurrency, answer_seconds, refusals_max, pause_seconds, pause_seconds_max, is_active)
         = (excluded.transport, excluded.address, excluded.sign_in, excluded.user_name,
            excluded.secret, excluded.kinds, excluded.starts_at, excluded.batch_size,
            excluded.concurrency, excluded.answer_seconds, excluded.refusals_max,
            excluded.pause_seconds, excluded.pause_seconds_max, excluded.is_active)
"""

REMOVE_CONTRACTS = "delete from erp_outgoing_contract where connection_id = %(connection_id)s"

ADD_CONTRACT = """
    insert into erp_outgoing_contract (connection_id, version, starts_at, ends_at)
    values (%(connection_id)s, %(version)s, %(starts_at)s, %(ends_at)s)
"""

# Two transactions that write of one subject come one after the other, so the later reads the newer
# state; in sorted order, so that they cannot block each other.
LOCK_SUBJECTS = """
    select pg_advisory_xact_lock(%(space)s, hashtext(subject))
      from unnest(%(subjects)s::text[]) as subject
     order by hashtext(subject), subject
"""

# The newest message of each lane that says anything; erp_message_lane.
LAST_OF_LANES = """
    select wanted.lane, last.change_number, last.digest
      from unnest(%(lanes)s::text[]) as wanted (lane)
     cross join lateral (
               select change_number, digest
                 from erp_message
                where connection_id = %(connection_id)s
                  and lane = wanted.lane
                  and state not in ('replaced', 'discarded')
                order by number desc
                limit 1
           ) as last
"""

# A message that nobody has tried to send takes the newer state in (its id never carried the older
# one); any other stays as it is and the new one comes behind it. The counter is the last row
# locked.
ADD_MESSAGES = """
    with counter as (
             update erp_outgoing
                set last_number = last_number + %(count)s
              where connection_id = %(connection_id)s
             returning last_number - %(count)s as base
         )
    insert into erp_message as known
           (id, connection_id, number, kind, subject_id, subject_number, version, lane,
            change_number, digest, payload, state, created_at, next_at)
    select new.id, %(connection_id)s, counter.base + new.ordinality, new.kind, new.subject_id,
           new.subject_number, new.version, new.lane, new.change_number, new.digest, new.payload,
           'waiting', %(now)s, %(now)s
      from counter
     cross join unnest(
               %(ids)s::uuid[],
               %(kinds)s::text[],
               %(subject_ids)s::uuid[],
               %(subject_numbers)s::text[],
               %(versions)s::smallint[],
               %(lanes)s::text[],
               %(change_numbers)s::bigint[],
               %(digests)s::bytea[],
               %(payloads)s::bytea[]
           ) with ordinality
               as new (id, kind, subject_id, subject_number, version, lane, change_number, digest,
                       payload, ordinality)
     order by new.ordinality
        on conflict (connection_id, lane) where state = 'waiting' and attempts = 0 do update
       set change_number = excluded.change_number,
           digest = excluded.digest,
           payload = excluded.payload
"""

RING = "select pg_notify('hansa_erp', '')"

RING_OF_SETTINGS = "select pg_notify('hansa_erp', 'settings')"

MESSAGE_COLUMNS = """
    id, connection_id, number, kind, subject_id, subject_number, version, lane, change_number,
    payload, state, attempts, refusals, failures, failed_at, created_at, next_at, sent_at, ended_at,
    received_at, error_code, error, note
"""

# The first message of each lane that has its turn now, the oldest first. What is behind another of
# its lane, whatever holds that back, waits; so do lanes with a call under way. A message of a
# version that is over is not begun: it is written anew in one that holds.
CLAIM = f"""
    with head as (
             select message.id
               from erp_message as message
              where message.connection_id = %(connection_id)s
                and message.state in ('waiting', 'refused')
                and message.next_at <= %(now)s
                and message.lane <> all(%(busy)s::text[])
                and (message.failures = 0 or %(with_suspects)s)
                and (message.attempts > 0 or message.version = any(%(versions)s::smallint[]))
                and not exists (
                        select
                          from erp_message as earlier
                         where earlier.connection_id = message.connection_id
                           and earlier.lane = message.lane
                           and earlier.number < message.number
                           and earlier.state in ('waiting', 'refused', 'dead')
                    )
              order by message.number
              limit %(limit)s
                for update skip locked
         )
    update erp_message as message
       set attempts = message.attempts + 1, sent_at = %(now)s
      from head
     where message.id = head.id
    returning {", ".join(f"message.{name.strip()}" for name in MESSAGE_COLUMNS.split(","))}
"""  # noqa: S608 - the columns are a constant of ours

LOCK_MESSAGES = f"""
    select {MESSAGE_COLUMNS}
      from erp_message
     where connection_id = %(connection_id)s
       and id = any(%(ids)s::uuid[])
     order by number
       for update
"""  # noqa: S608 - the columns are a constant of ours

ACKNOWLEDGE = """
    update erp_message
       set state = 'acknowledged', ended_at = %(now)s, received_at = %(received_at)s,
           error_code = '', error = ''
     where id = %(id)s
"""

PUT_OFF = """
    update erp_message
       set state = %(state)s, refusals = %(refusals)s, next_at = %(next_at)s,
           error_code = %(error_code)s, error = %(error)s
     where id = %(id)s
"""

# A failed call of its own is held against a message if the ERP has answered others since the last
# one (`is_blamed`): while nothing is answered, no message is to blame.
NOTE_FAILURE = """
    update erp_message
       set failures = failures + case when %(is_blamed)s then 1 else 0 end,
           failed_at = %(now)s,
           next_at = %(next_at)s,
           error_code = %(error_code)s,
           error = %(error)s,
           state = case
               when %(is_blamed)s and failures > 0 and refusals + failures + 1 >= %(tries_max)s
                   then 'dead'
               else state
           end
     where id = %(id)s
       and state in ('waiting', 'refused')
"""

# Sent together they were not taken: each alone from now on.
SUSPECT = """
    update erp_message
       set failures = greatest(failures, 1), failed_at = %(now)s
     where id = any(%(ids)s::uuid[])
       and state in ('waiting', 'refused')
"""

NOTE_SENT = """
    update erp_message
       set state = 'sent', error_code = '', error = ''
     where id = any(%(ids)s::uuid[])
       and state in ('waiting', 'refused')
"""

END = """
    update erp_message
       set state = %(state)s, ended_at = %(now)s, note = %(note)s
     where id = %(id)s
"""

# Messages nobody tried to send, of versions that are over; erp_message_unsent_version.
OUTDATED = """
    select id, kind, subject_id
      from erp_message
     where connection_id = %(connection_id)s
       and state = 'waiting'
       and attempts = 0
       and version = any(%(versions)s::smallint[])
     order by number
     limit %(limit)s
       for update skip locked
"""

# By a broker a later message of a lane may be there before an earlier one is refused.
IS_OVERTAKEN = """
    select exists (
               select
                 from erp_message
                where connection_id = %(connection_id)s
                  and lane = %(lane)s
                  and number > %(number)s
                  and state in ('sent', 'acknowledged')
           )
"""

OPEN_HEALTH = """
    insert into erp_outgoing_health (connection_id, breaker)
    values (%(connection_id)s, 'closed')
        on conflict do nothing
"""

NOTE_HEALTH = """
    update erp_outgoing_health
       set breaker = %(breaker)s,
           failing_since = case
               when %(breaker)s = 'closed' then null
               else coalesce(failing_since, %(now)s)
           end,
           failure = case when %(failure)s = '' then failure else %(failure)s end,
           failure_at = case when %(failure)s = '' then failure_at else %(now)s end,
           answer_at = case when %(is_answer)s then %(now)s else answer_at end
     where connection_id = %(connection_id)s
"""

HEALTH = """
    select breaker, failing_since, failure, failure_at, answer_at
      from erp_outgoing_health
     where connection_id = %(connection_id)s
"""

MESSAGE = f"""
    select {MESSAGE_COLUMNS}
      from erp_message
     where id = %(id)s
"""  # noqa: S608 - the columns are a constant of ours

# Newest first, by the unique index of numbers or, of a state, by its partial one.
LIST_MESSAGES = f"""
    select {MESSAGE_COLUMNS}
      from erp_message
     where (%(connection_id)s::uuid is null or connection_id = %(connection_id)s)
       and (%(states)s::text[] is null or state = any(%(states)s::text[]))
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(error_code)s::text is null or error_code = %(error_code)s)
       and (%(subject_number)s::text is null or subject_number = %(subject_number)s)
       and (%(before)s::bigint is null or number < %(before)s)
     order by number desc, id
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

DEAD_BY_REASON = """
    select error_code, count(*)::int as messages, min(created_at) as oldest,
           (array_agg(error order by number desc))[1] as error
      from erp_message
     where connection_id = %(connection_id)s
       and state = 'dead'
     group by error_code
     order by messages desc, error_code
"""

# `waiting` counts what is not known to the ERP, whoever has to do with it next.
TALLY = """
    select count(*) filter (where state in ('waiting', 'refused'))::int as waiting,
           count(*) filter (where state = 'sent')::int as sent,
           count(*) filter (where state = 'dead')::int as dead,
           min(created_at) filter (where state in ('waiting', 'refused', 'sent')) as oldest
      from erp_message
     where connection_id = %(connection_id)s
       and state in ('waiting', 'refused', 'sent', 'dead')
"""

RATE = """
    select count(*)::int
      from erp_message
     where connection_id = %(connection_id)s
       and ended_at > %(since)s
       and state = 'acknowledged'
"""

# Whom a dead message holds back.
BEHIND = """
    select count(*)::int
      from erp_message
     where connection_id = %(connection_id)s
       and lane = %(lane)s
       and number > %(number)s
       and state in ('waiting', 'refused', 'dead')
"""

REPLAY = """
    update erp_message
       set state = 'waiting', refusals = 0, failures = 0, failed_at = null, next_at = %(now)s
     where connection_id = %(connection_id)s
       and state in ('dead', 'refused')
       and (%(id)s::uuid is null or id = %(id)s)
       and (%(error_code)s::text is null or error_code = %(error_code)s)
"""

FORGET = """
    delete from erp_message
     where id in (
               select id
                 from erp_message
                where ended_at < %(before)s
                order by ended_at
                limit %(limit)s
           )
"""

# For the check: up to which change an order's messages reach.
COVERED = """
    select max(change_number)
      from erp_message
     where connection_id = %(connection_id)s
       and subject_id = %(subject_id)s
       and kind = 'order'
       and state <> 'replaced'
"""

# For the check: a later message of a lane was acknowledged while an earlier one waits.
OVERTAKEN = """
    select earlier.id, earlier.lane, earlier.number, later.number as overtaken_by
      from erp_message as earlier
      join lateral (
               select number
                 from erp_message
                where connection_id = earlier.connection_id
                  and lane = earlier.lane
                  and number > earlier.number
                  and state in ('acknowledged', 'sent')
                order by number
                limit 1
           ) as later on true
     where earlier.state in ('waiting', 'refused', 'dead')
     order by earlier.number
     limit %(limit)s
"""

# For the check: due for long, though nothing holds it back.
LEFT_BEHIND = """
    select message.id, message.lane, message.number, message.created_at
      from erp_message as message
      join erp_outgoing as outgoing on outgoing.connection_id = message.connection_id
      join erp_outgoing_health as health on health.connection_id = message.connection_id
     where message.state in ('waiting', 'refused')
       and message.next_at < health.answer_at - %(patience)s::interval
       and message.attempts = 0
       and outgoing.is_active
       and health.breaker = 'closed'
       and not exists (
               select
                 from erp_message as earlier
                where earlier.connection_id = message.connection_id
                  and earlier.lane = message.lane
                  and earlier.number < message.number
                  and earlier.state in ('waiting', 'refused', 'dead')
           )
     order by message.number
     limit %(limit)s
"""
