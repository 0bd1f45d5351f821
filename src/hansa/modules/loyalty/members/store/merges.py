"""SQL of members made one, and parted again."""

# ix_loyalty_member_merge_keep; those merged into it, and those merged into them.
ABSORBED_BY = """
    with recursive way as (
        select absorb_id as id
          from loyalty_member_merge
         where keep_id = %(id)s
           and undone_at is null
         union
        select m.absorb_id
          from way
          join loyalty_member_merge m on m.keep_id = way.id
         where m.undone_at is null
    )
    select id
      from way
"""

# Who was one with whom and when, also through others, in either direction and of merges that were
# undone: [since, until). The way there narrows the period, so the walk ends. Asked for
# every receipt and hardly ever true: two looks into ix_loyalty_member_merge_keep and
# ix_loyalty_member_merge_absorb for whoever never was merged.
KIN = """
    with recursive way as (
        select wanted.programme_id, wanted.member_id, wanted.member_id as kin_id,
               '-infinity'::timestamptz as since, 'infinity'::timestamptz as until
          from unnest(%(programme_ids)s::uuid[], %(member_ids)s::uuid[])
            as wanted (programme_id, member_id)
         union
        select way.programme_id, way.member_id, edge.kin_id, greatest(way.since, edge.since),
               least(way.until, edge.until)
          from way
          join lateral (
               select m.absorb_id as kin_id, m.made_at as since,
                      coalesce(m.undone_at, 'infinity') as until
                 from loyalty_member_merge m
                where m.keep_id = way.kin_id
                  and m.absorbed -> 'memberships' ->> way.programme_id::text = 'active'
                union all
               select m.keep_id, m.made_at, coalesce(m.undone_at, 'infinity')
                 from loyalty_member_merge m
                where m.absorb_id = way.kin_id
                  and m.absorbed -> 'memberships' ->> way.programme_id::text = 'active'
               ) edge on greatest(way.since, edge.since) < least(way.until, edge.until)
    )
    select programme_id, member_id, kin_id, since, nullif(until, 'infinity') as until
      from way
     where kin_id <> member_id
     order by programme_id, member_id, since, kin_id
"""

ADD_MERGE = """
    insert into loyalty_member_merge
           (id, keep_id, absorb_id, party_merge_id, absorbed, kept, made_at, made_by)
    values (%(id)s, %(keep_id)s, %(absorb_id)s, %(party_merge_id)s, %(absorbed)s::jsonb,
            %(kept)s::jsonb, %(now)s, %(by)s)
"""

GET_MERGE = """
    select id, keep_id, absorb_id, party_merge_id, absorbed, kept, made_at, made_by, undone_at
      from loyalty_member_merge
     where id = %(id)s
"""

# ix_loyalty_member_merge_keep and ix_loyalty_member_merge_absorb.
LIST_MERGES = """
    select id, keep_id, absorb_id, made_at, made_by, undone_at
      from loyalty_member_merge
     where keep_id = %(id)s
        or absorb_id = %(id)s
     order by made_at desc, id
"""

CLOSE_MERGE = """
    update loyalty_member_merge
       set undone_at = %(now)s,
           undone_by = %(by)s
     where id = %(id)s
"""

WIPE_MERGES = """
    update loyalty_member_merge
       set absorbed = '{}',
           kept = '{}'
     where keep_id = %(member_id)s
        or absorb_id = %(member_id)s
"""

MARK_ABSORBED = """
    update loyalty_member
       set state = 'merged',
           merged_into = %(keep_id)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(absorb_id)s
"""

MARK_PARTED = """
    update loyalty_member
       set state = 'active',
           merged_into = null,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(absorb_id)s
"""

MERGE_MEMBERSHIPS = """
    update loyalty_membership
       set state = 'merged',
           merged_into = %(keep_id)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(absorb_id)s
       and programme_id = any(%(programmes)s::uuid[])
"""

PART_MEMBERSHIPS = """
    update loyalty_membership
       set state = 'active',
           merged_into = null,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(absorb_id)s
       and programme_id = any(%(programmes)s::uuid[])
"""
