"""SQL of what names members: telephones, cards, partners' own ids, each as a keyed hash."""

# One after the other through the same names: two tills that enrol a telephone at once make one
# member. The names come sorted, so nobody waits in a circle.
LOCK_VALUES = """
    select pg_advisory_xact_lock(lock)
      from (select distinct hashtextextended(key, 20261129) as lock
              from unnest(%(keys)s::text[]) as key
             order by 1) locks
"""

# pk_loyalty_reference.
FIND_OWNERS = """
    select r.kind, r.scope, r.value, r.member_id
      from unnest(%(kinds)s::text[], %(scopes)s::text[], %(values)s::bytea[])
           as wanted (kind, scope, value)
      join loyalty_reference r using (value, kind, scope)
"""

ADD_REFERENCE = """
    insert into loyalty_reference
           (value, kind, scope, bucket, member_id, added_at, added_by, proven_by, proven_at)
    values (%(value)s, %(kind)s, %(scope)s, %(bucket)s, %(member_id)s, %(now)s, %(partner_id)s,
            %(proven_by)s, case when %(proven_by)s::text is not null then %(now)s::timestamptz end)
        on conflict (value, kind, scope) do nothing
    returning member_id
"""

PROVE_REFERENCE = """
    update loyalty_reference
       set proven_by = %(proven_by)s,
           proven_at = %(now)s
     where value = %(value)s
       and kind = %(kind)s
       and scope = %(scope)s
       and member_id = %(member_id)s
"""
