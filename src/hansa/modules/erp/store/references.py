"""Statements about outside identifiers, deferred offers, and what a full export left out."""

REFERENCES = """
    select external_id, internal_id, digest, details, is_gone
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and external_id = any(%(external_ids)s)
"""

ALL_OF_KIND = """
    select external_id, internal_id, digest, details, is_gone
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
"""

# The order of the rows is that of the locks. What is as it was is not written, unless a full
# exchange wants to know that it was named.
SAVE_REFERENCES = """
    insert into erp_reference as r
           (connection_id, kind, external_id, internal_id, digest, scope, details, is_gone, seen_in)
    select %(connection_id)s, %(kind)s, external_id, internal_id, digest, %(scope)s,
           details::jsonb, is_gone,
           %(seen_in)s::uuid
      from unnest(%(external_ids)s::text[], %(internal_ids)b::uuid[], %(digests)b::bytea[],
                  %(details)s::text[],
                  %(gone)b::boolean[])
           as row (external_id, internal_id, digest, details, is_gone)
     order by external_id
        on conflict (connection_id, kind, external_id) do update
       set internal_id = excluded.internal_id,
           digest = coalesce(excluded.digest, r.digest),
           scope = case when excluded.scope = '' then r.scope else excluded.scope end,
           details = case when excluded.details = '{}' then r.details else excluded.details end,
           is_gone = excluded.is_gone,
           seen_in = greatest(r.seen_in, excluded.seen_in)
"""

SEE_REFERENCES = """
    update erp_reference r
       set seen_in = %(seen_in)s,
           scope = case when %(scope)s = '' then r.scope else %(scope)s end
      from (select unnest(%(external_ids)s::text[]) as external_id order by 1) as named
     where r.connection_id = %(connection_id)s
       and r.kind = %(kind)s
       and r.external_id = named.external_id
       and (r.seen_in is null or r.seen_in < %(seen_in)s)
"""

EXTERNAL_OF = """
    select distinct on (internal_id) internal_id, external_id
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and internal_id = any(%(internal_ids)b::uuid[])
     order by internal_id, external_id
"""

DEFER = """
    insert into erp_deferred as d
           (connection_id, waits_for, external_id, aspects, file_id, as_of, payload)
    select %(connection_id)s, waits_for, external_id, aspects, %(file_id)s, %(as_of)s,
           payload::jsonb
      from unnest(%(waits_for)s::text[], %(external_ids)s::text[], %(aspects)s::text[],
                  %(payloads)s::text[])
           as row (waits_for, external_id, aspects, payload)
     order by waits_for, external_id, aspects
        on conflict (connection_id, waits_for, external_id, aspects) do update
       set file_id = excluded.file_id, as_of = excluded.as_of, payload = excluded.payload
     where d.as_of <= excluded.as_of
"""

TAKE_DEFERRED = """
    delete from erp_deferred
     where connection_id = %(connection_id)s
       and waits_for = any(%(arrived)s)
    returning external_id, aspects, as_of, payload::text as payload
"""

# Exchange ids grow with time: what a later exchange named is not absent, however late this one is
# finished.
COUNT_OF_SCOPE = """
    select count(*) as total,
           count(*) filter (where seen_in is null or seen_in < %(exchange_id)s) as absent
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and scope = %(scope)s
       and not is_gone
"""

COUNT_OF_KIND = """
    select count(*) as total
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and not is_gone
"""

# A page of what the exchange did not name; marked as gone, so that the next page begins behind it.
TAKE_ABSENT = """
    with absent as (
        select external_id
          from erp_reference
         where connection_id = %(connection_id)s
           and kind = %(kind)s
           and scope = %(scope)s
           and not is_gone
           and (seen_in is null or seen_in < %(exchange_id)s)
         order by external_id
         limit %(limit)s
           for update
    )
    update erp_reference r
       set is_gone = true, digest = null
      from absent
     where r.connection_id = %(connection_id)s
       and r.kind = %(kind)s
       and r.external_id = absent.external_id
    returning r.external_id, r.internal_id
"""

SCOPES_SEEN = """
    select distinct scope
      from erp_reference
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and seen_in = %(exchange_id)s
       and scope <> ''
"""

ADD_REMOVAL = """
    insert into erp_removal
           (id, connection_id, exchange_id, kind, scope, warehouse_ids, as_of, total, absent,
            state, made_at)
    values (%(id)s, %(connection_id)s, %(exchange_id)s, %(kind)s, %(scope)s, %(warehouse_ids)s,
            %(as_of)s, %(total)s,
            %(absent)s, %(state)s, %(now)s)
"""

REMOVAL_COLUMNS = """
    id, connection_id, exchange_id, kind, scope, warehouse_ids, as_of, total, absent, state,
    made_at, decided_by,
    decided_at
"""

LOCK_REMOVAL = f"""
    select {REMOVAL_COLUMNS}
      from erp_removal
     where id = %(id)s
       for update
"""  # noqa: S608 - the columns are a constant of ours

REMOVAL = f"""
    select {REMOVAL_COLUMNS}
      from erp_removal
     where id = %(id)s
"""  # noqa: S608 - the columns are a constant of ours

REMOVALS = f"""
    select {REMOVAL_COLUMNS}
      from erp_removal
     where connection_id = %(connection_id)s
       and (%(only_held)s::boolean is false or state = 'held')
     order by made_at desc, id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

DECIDE_REMOVAL = """
    update erp_removal
       set state = %(state)s, decided_by = %(by)s, decided_at = %(now)s
     where id = %(id)s
"""

REMOVAL_OF = """
    select id
      from erp_removal
     where exchange_id = %(exchange_id)s
       and kind = %(kind)s
       and scope = %(scope)s
"""
