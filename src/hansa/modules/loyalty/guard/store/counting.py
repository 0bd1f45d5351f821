"""Statements that run within a batch of postings: a fixed number, whatever the batch holds."""

LIST_RULES = """
    select programme_id, rules
      from loyalty_guard_rules
     order by programme_id
"""

# What several members count together has no row to lock the first time, so the lock is one of
# memory. Sorted by the caller.
LOCK_KEYS = """
    select pg_advisory_xact_lock(asked.key)
      from unnest(%(keys)b::bigint[]) as asked (key)
"""

# pk_loyalty_guard_count gives the slots of each key that reach into its window: 61 at most. Keys
# come and go as bytes: five hundred UUIDs are dear to make in Python.
LOAD_COUNTS = """
    select held.bucket, uuid_send(held.key) as key, held.slot_seconds, held.slot, held.number,
           held.points
      from unnest(%(buckets)b::smallint[], %(keys)b::bytea[], %(slot_seconds)b::integer[],
                  %(first_slots)b::bigint[])
        as asked (bucket, key, slot_seconds, first_slot)
      join loyalty_guard_count as held
        on held.bucket = asked.bucket
       and held.key = encode(asked.key, 'hex')::uuid
       and held.slot_seconds = asked.slot_seconds
       and held.slot >= asked.first_slot
"""

LOAD_MEMBERS = """
    select held.programme_id, held.member_id, held.moved_at, held.blocked_by
      from unnest(%(buckets)b::smallint[], %(programme_ids)b::uuid[], %(member_ids)b::uuid[])
        as asked (bucket, programme_id, member_id)
      join loyalty_guard_member as held using (bucket, programme_id, member_id)
"""

LOAD_DEVICES = """
    select held.member_id, held.device, held.first_seen_at, held.trusted_at
      from unnest(%(buckets)b::smallint[], %(member_ids)b::uuid[], %(devices)b::uuid[])
        as asked (bucket, member_id, device)
      join loyalty_guard_device as held using (bucket, member_id, device)
"""

# Held until the end of the batch: a token pays for one spend, whoever else has it too.
LOCK_TOKENS = """
    select token, programme_id, member_id
      from loyalty_guard_challenge
     where token = any(%(tokens)s::bytea[])
       and used_at is null
       and expires_at > %(now)s
     order by id
       for update
"""

# Sorted, so that two batches never wait for each other.
SAVE_COUNTS = """
    insert into loyalty_guard_count as held
           (bucket, key, slot_seconds, slot, number, points, gone_at)
    select new.bucket, encode(new.key, 'hex')::uuid, new.slot_seconds, new.slot, new.number,
           new.points, new.gone_at
      from unnest(%(buckets)b::smallint[], %(keys)b::bytea[], %(slot_seconds)b::integer[],
                  %(slots)b::bigint[], %(numbers)b::integer[], %(points)b::bigint[],
                  %(gone_at)b::timestamptz[])
        as new (bucket, key, slot_seconds, slot, number, points, gone_at)
     order by new.bucket, new.key, new.slot_seconds, new.slot
        on conflict (bucket, key, slot_seconds, slot) do update
       set number = held.number + excluded.number, points = held.points + excluded.points,
           gone_at = greatest(held.gone_at, excluded.gone_at)
"""

# Once a day a member: who moved points a moment ago is not written again.
SAVE_MOVES = """
    insert into loyalty_guard_member as held (bucket, programme_id, member_id, moved_at)
    select new.bucket, new.programme_id, new.member_id, new.moved_at
      from unnest(%(buckets)b::smallint[], %(programme_ids)b::uuid[], %(member_ids)b::uuid[],
                  %(moved_at)b::timestamptz[])
        as new (bucket, programme_id, member_id, moved_at)
     where not exists (select
                         from loyalty_guard_member as known
                        where known.bucket = new.bucket
                          and known.member_id = new.member_id
                          and known.programme_id = new.programme_id
                          and known.moved_at > new.moved_at - interval '1 day')
     order by new.bucket, new.member_id, new.programme_id
        on conflict (bucket, member_id, programme_id) do update
       set moved_at = greatest(held.moved_at, excluded.moved_at)
"""

SAVE_DEVICES = """
    insert into loyalty_guard_device as held
           (bucket, member_id, device, first_seen_at, seen_at)
    select new.bucket, new.member_id, new.device, new.seen_at, new.seen_at
      from unnest(%(buckets)b::smallint[], %(member_ids)b::uuid[], %(devices)b::uuid[],
                  %(seen_at)b::timestamptz[])
        as new (bucket, member_id, device, seen_at)
     order by new.bucket, new.member_id, new.device
        on conflict (bucket, member_id, device) do update
       set seen_at = excluded.seen_at
     where held.seen_at < excluded.seen_at - interval '1 day'
"""

USE_TOKENS = """
    update loyalty_guard_challenge
       set used_at = %(now)s
     where token = any(%(tokens)s::bytea[])
       and used_at is null
"""

# What goes on is counted in the alert that is open; uq_loyalty_guard_alert_open is the referee.
OPEN_ALERTS = """
    insert into loyalty_guard_alert as held
           (id, programme_id, member_id, partner_id, kind, facts, number, opened_at, last_at)
    select new.id, new.programme_id, new.member_id, new.partner_id, new.kind, new.facts,
           new.number, %(now)s, %(now)s
      from unnest(%(ids)s::uuid[], %(programme_ids)b::uuid[], %(member_ids)b::uuid[],
                  %(partner_ids)b::uuid[], %(kinds)s::text[], %(facts)s::jsonb[],
                  %(numbers)b::integer[])
        as new (id, programme_id, member_id, partner_id, kind, facts, number)
     order by new.programme_id, new.member_id, new.kind
        on conflict (programme_id, member_id, kind) where state in ('new', 'looked_at')
        do update
       set number = held.number + excluded.number, last_at = excluded.last_at,
           facts = excluded.facts, partner_id = excluded.partner_id
 returning id, programme_id, member_id, partner_id, kind, opened_at, (xmax = 0) as is_new
"""

# Some at a time, so that nobody waits for it; the BRIN index finds the old blocks of the table.
FORGET_COUNTS = """
    delete from loyalty_guard_count
     where ctid in (select ctid
                      from loyalty_guard_count
                     where gone_at < %(now)s
                     limit %(limit)s)
"""

FORGET_CHALLENGES = """
    delete from loyalty_guard_challenge
     where id in (select id
                    from loyalty_guard_challenge
                   where expires_at < %(before)s
                   order by expires_at
                   limit %(limit)s)
"""

FORGET_DEVICES = """
    delete from loyalty_guard_device
     where ctid in (select ctid
                      from loyalty_guard_device
                     where seen_at < %(before)s
                     limit %(limit)s)
"""

# ix_loyalty_guard_alert_state.
FORGET_ALERTS = """
    delete from loyalty_guard_alert
     where id in (select id
                    from loyalty_guard_alert
                   where state = 'dismissed'
                     and opened_at < %(before)s
                   order by opened_at
                   limit %(limit)s)
"""
