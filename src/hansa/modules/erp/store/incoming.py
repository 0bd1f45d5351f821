"""Statements about what comes in through /erp/v1: batches, last words, what waits, owners."""

from hansa.modules.erp.store.exchange import CONNECTION_COLUMNS

# One batch of a connection is written at a time, cut into short transactions: what is read of its
# last words and of what waits stays true until the commit.
LOCK_CONNECTION = "select pg_advisory_xact_lock(hashtextextended(%(connection_id)s::text, 51))"

CONNECTION_OF_KEY = f"""
    select {CONNECTION_COLUMNS}
      from erp_connection
     where id = (select connection_id from erp_api_key where key_id = %(key_id)s)
"""  # noqa: S608 - the columns are a constant of ours

BIND_KEY = """
    insert into erp_api_key (key_id, connection_id, made_at)
    values (%(key_id)s, %(connection_id)s, %(now)s)
        on conflict (key_id) do update
       set connection_id = excluded.connection_id
"""

KEYS_OF_CONNECTION = """
    select key_id, made_at
      from erp_api_key
     where connection_id = %(connection_id)s
     order by made_at, key_id
"""

OWNED_WAREHOUSES = """
    select warehouse_id, connection_id
      from erp_owned_warehouse
     order by warehouse_id
"""

DISOWN_WAREHOUSES = """
    delete from erp_owned_warehouse
     where connection_id = %(connection_id)s
       and warehouse_id <> all(%(warehouse_ids)b::uuid[])
"""

OWN_WAREHOUSES = """
    insert into erp_owned_warehouse (warehouse_id, connection_id)
    select warehouse_id, %(connection_id)s
      from unnest(%(warehouse_ids)b::uuid[]) as owned (warehouse_id)
     order by warehouse_id
        on conflict (warehouse_id) do update
       set connection_id = excluded.connection_id
"""

SET_OWNED_FIELDS = """
    update erp_connection
       set owned_fields = %(fields)s
     where id = %(connection_id)s
"""

# References of another connection, called by their new names.
COPY_REFERENCES = """
    insert into erp_reference as r
           (connection_id, kind, external_id, internal_id, details)
    select %(to_id)s, o.kind, named.new_id, o.internal_id, o.details
      from unnest(%(old_ids)s::text[], %(new_ids)s::text[]) as named (old_id, new_id)
      join erp_reference o
        on o.connection_id = %(from_id)s
       and o.kind = %(kind)s
       and o.external_id = named.old_id
     order by named.new_id
        on conflict (connection_id, kind, external_id) do update
       set internal_id = excluded.internal_id,
           details = excluded.details,
           digest = null,
           is_gone = false
"""

# Lean, since every row of stock and prices asks it; what else is known of a thing is REFERENCES.
IDS_OF = """
    select external_id, internal_id
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and external_id = any(%(external_ids)s)
"""

IDS_OF_KIND = """
    select external_id, internal_id
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
"""

# The last words about things, with the parts their newest rows named.
HEARD = """
    select r.key, r.sequence, r.digest, r.parts as parts_digest, s.parts, r.older::text as older
      from erp_received r
      join erp_part_set s on s.digest = r.parts
     where r.connection_id = %(connection_id)s
       and r.kind = %(kind)s
       and r.key = any(%(keys)s)
"""

ADD_PART_SETS = """
    insert into erp_part_set (digest, parts)
    select digest, array(select jsonb_array_elements_text(parts::jsonb))
      from unnest(%(digests)b::bytea[], %(parts)s::text[]) as given (digest, parts)
        on conflict (digest) do nothing
"""

HEAR = """
    insert into erp_received as r
           (connection_id, kind, key, sequence, digest, parts, older, as_of, received_at)
    select %(connection_id)s, %(kind)s, key, sequence, digest, parts, older::jsonb, as_of, %(now)s
      from unnest(%(keys)s::text[], %(sequences)b::bigint[], %(digests)b::bytea[],
                  %(parts)b::bytea[], %(older)s::text[], %(instants)b::timestamptz[])
           as given (key, sequence, digest, parts, older, as_of)
     order by key
        on conflict (connection_id, kind, key) do update
       set sequence = excluded.sequence,
           digest = excluded.digest,
           parts = excluded.parts,
           older = excluded.older,
           as_of = excluded.as_of,
           received_at = excluded.received_at
"""

RECEIVED = """
    select key, sequence, digest is not null as is_whole, as_of, received_at
      from erp_received
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and (%(after)s::text is null or key > %(after)s)
       and (%(since)s::timestamptz is null or received_at >= %(since)s)
       and (%(until)s::timestamptz is null or received_at < %(until)s)
     order by key
     limit %(limit)s
"""

FORGET_SEQUENCES = """
    delete from erp_received
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and (%(keys)s::text[] is null or key = any(%(keys)s))
"""

WAIT = """
    insert into erp_waiting
           (connection_id, kind, key, sequence, waits_for, takes, as_of, row, batch_id, received_at)
    select %(connection_id)s, %(kind)s, key, sequence, waits_for,
           array(select jsonb_array_elements_text(takes::jsonb)), as_of, row::jsonb, %(batch_id)s,
           %(now)s
      from unnest(%(keys)s::text[], %(sequences)b::bigint[], %(waits_for)s::text[],
                  %(takes)s::text[], %(instants)b::timestamptz[], %(rows)s::text[])
           as given (key, sequence, waits_for, takes, as_of, row)
     order by key, sequence
        on conflict (connection_id, kind, key, sequence) do update
       set waits_for = excluded.waits_for,
           takes = excluded.takes,
           as_of = excluded.as_of,
           row = excluded.row
"""

# What a later row says anew need not wait any longer.
STOP_WAITING = """
    delete from erp_waiting w
     using erp_waiting later
     where w.connection_id = %(connection_id)s
       and w.kind = %(kind)s
       and w.key = any(%(keys)s)
       and later.connection_id = w.connection_id
       and later.kind = w.kind
       and later.key = w.key
       and later.sequence > w.sequence
       and later.takes @> w.takes
"""

TAKE_WAITING = """
    delete from erp_waiting
     where connection_id = %(connection_id)s
       and waits_for = any(%(arrived)s)
    returning kind, key, sequence, takes, as_of, row::text as row
"""

COUNT_WAITING = """
    select kind, count(*) as count
      from erp_waiting
     where connection_id = %(connection_id)s
     group by kind
     order by kind
"""

# Of two with the same key the second waits for the commit of the first.
OPEN_BATCH = """
    insert into erp_batch
           (id, connection_id, kind, key_id, idempotency_key, digest, address, is_dry_run, state,
            size_bytes, received_at)
    values (%(id)s, %(connection_id)s, %(kind)s, %(key_id)s, %(idempotency_key)s, %(digest)s,
            %(address)s, %(is_dry_run)s, 'running', %(size_bytes)s, %(now)s)
        on conflict (connection_id, idempotency_key) where idempotency_key is not null do nothing
"""

BATCH_OF_KEY = """
    select id, digest, state, received_at, answer
      from erp_batch
     where connection_id = %(connection_id)s
       and idempotency_key = %(idempotency_key)s
"""

REOPEN_BATCH = """
    update erp_batch
       set received_at = %(now)s
     where id = %(id)s
       and state = 'running'
       and received_at < %(before)s
"""

CLOSE_BATCH = """
    update erp_batch
       set state = 'done', counts = %(counts)s::jsonb, finished_at = %(now)s, answer = %(answer)s
     where id = %(id)s
"""

BATCH_COLUMNS = """
    id, connection_id, kind, key_id, address, is_dry_run, state, size_bytes, counts, received_at,
    finished_at
"""

# The newest first; erp_batch_recent covers it.
BATCHES = f"""
    select {BATCH_COLUMNS}
      from erp_batch
     where connection_id = %(connection_id)s
       and (%(kind)s::text is null or kind = %(kind)s)
       and (not %(only_refused)s::boolean or (counts ? 'refused') or state = 'running')
       and (%(before_at)s::timestamptz is null
            or (received_at, id) < (%(before_at)s, %(before_id)s::uuid))
     order by received_at desc, id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

BATCH = f"""
    select {BATCH_COLUMNS}
      from erp_batch
     where id = %(id)s
"""  # noqa: S608 - the columns are a constant of ours

FORGET_BATCHES = """
    delete from erp_batch
     where id in (
           select id
             from erp_batch
            where received_at < %(before)s
            order by id
            limit 20000)
"""

# Waiting rows whose items are known: linked by a person, or taken over from another connection.
COULD_BE_TAKEN = """
    select w.connection_id, array_agg(distinct w.waits_for) as arrived
      from erp_waiting w
     where exists (
           select
             from erp_reference r
            where r.connection_id = w.connection_id
              and r.kind = case when w.kind = 'items' then 'product' else 'variant' end
              and r.external_id = w.waits_for)
     group by w.connection_id
     order by w.connection_id
     limit 20
"""

FORGET_WAITING = """
    delete from erp_waiting
     where received_at < %(before)s
"""
