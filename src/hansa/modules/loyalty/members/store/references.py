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
"""

# ix_loyalty_reference_member.
REFERENCES_OF = """
    select kind, scope, value, added_at, added_by, proven_by, proven_at
      from loyalty_reference
     where bucket = %(bucket)s
       and member_id = %(member_id)s
     order by added_at, kind, scope, value
"""

# ix_loyalty_reference_member, once per member.
LINKED_PARTNERS = """
    select distinct wanted.member_id, r.scope
      from unnest(%(buckets)s::smallint[], %(member_ids)s::uuid[]) as wanted (bucket, member_id)
      join loyalty_reference r using (bucket, member_id)
     where r.kind = 'partner'
"""

# pk_loyalty_reference_past.
PAST_OF = """
    select kind, scope, added_at, ended_at, reason
      from loyalty_reference_past
     where bucket = %(bucket)s
       and member_id = %(member_id)s
     order by ended_at desc, id
     limit %(limit)s
"""

END_REFERENCES = """
    with wanted as (
        select value, id
          from unnest(%(values)s::bytea[], %(ids)s::uuid[]) as ended (value, id)
    ),
    gone as (
        delete from loyalty_reference r
         using wanted
         where r.value = wanted.value
           and r.bucket = %(bucket)s
           and r.member_id = %(member_id)s
        returning wanted.id, r.kind, r.scope, r.value, r.added_at
    )
    insert into loyalty_reference_past
           (bucket, member_id, id, kind, scope, value, added_at, ended_at, reason)
    select %(bucket)s, %(member_id)s, id, kind, scope, value, added_at, %(now)s, %(reason)s
      from gone
    returning kind, scope, value
"""

WIPE_PAST = """
    update loyalty_reference_past
       set value = null
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and value is not null
"""

# What an absorbed member has becomes the kept one's, and back; what was ended or given to somebody
# else meanwhile stays where it is.
MOVE_REFERENCES = """
    update loyalty_reference r
       set bucket = %(to_bucket)s,
           member_id = %(to_id)s
      from unnest(%(values)s::bytea[]) as moved (value)
     where r.value = moved.value
       and r.bucket = %(from_bucket)s
       and r.member_id = %(from_id)s
"""
