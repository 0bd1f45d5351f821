"""SQL of members and their memberships."""

# A batch of postings asks for up to 500 at once, 5,000 a second. Each name is looked up by itself:
# `pk_loyalty_reference` gives the member of a telephone or card (not asked for when the member is
# named by id; the hash alone decides, as kind and scope are in it), `pk_loyalty_membership` the
# account. Written as lateral joins so that no stale statistics make the planner read a whole table.
# A merged one is followed, however often merged. The lists come as one text or one string of bytes
# each, since sending arrays and reading numbers of members one by one would cost as much as the
# look-up: `programmes` are places in `programme_ids`, `values` 32 bytes for each name.
RESOLVE = """
    select a.n, nullif(f.member_id, a.member_id)::text as member_id, f.account_id, f.state
      from unnest(string_to_array(%(programmes)s, ',')::smallint[],
                  string_to_array(%(members)s, ',', '')::uuid[])
           with ordinality as a (programme, member_id, n)
      left join lateral (
               select r.member_id
                 from loyalty_reference r
                where a.member_id is null
                  and r.value = substring(%(values)s::bytea, (a.n * 32 - 31)::integer, 32)
                limit 1
           ) r on true
      join lateral (
               select coalesce(a.member_id, r.member_id) as member_id,
                      (%(programme_ids)s::uuid[])[a.programme] as programme_id
           ) who on true
      join lateral (
               select m.member_id, m.account_id, m.state, m.merged_into
                 from loyalty_membership m
                where m.bucket = get_byte(uuid_send(who.member_id), 15)
                  and m.member_id = who.member_id
                  and m.programme_id = who.programme_id
                limit 1
           ) m on true
      join lateral (
               select m.member_id, m.account_id, m.state
                where m.merged_into is null
                union all
               select way.member_id, way.account_id, way.state
                 from (with recursive way as (
                           select k.member_id, k.account_id, k.state, k.merged_into
                             from loyalty_membership k
                            where m.merged_into is not null
                              and k.bucket = get_byte(uuid_send(m.merged_into), 15)
                              and k.member_id = m.merged_into
                              and k.programme_id = who.programme_id
                            union all
                           select k.member_id, k.account_id, k.state, k.merged_into
                             from way
                             join loyalty_membership k
                               on k.bucket = get_byte(uuid_send(way.merged_into), 15)
                              and k.member_id = way.merged_into
                              and k.programme_id = who.programme_id
                       )
                       select member_id, account_id, state
                         from way
                        where merged_into is null) way
           ) f on true
"""

ADD_MEMBER = """
    insert into loyalty_member
           (bucket, id, party_id, state, language, time_zone, joined_at, changed_at)
    values (%(bucket)s, %(id)s, %(party_id)s, 'active', %(language)s, %(time_zone)s, %(now)s,
            %(now)s)
        on conflict (party_id) where party_id is not null do nothing
    returning id
"""

# uq_loyalty_member_party.
FIND_BY_PARTY = """
    select id
      from loyalty_member
     where party_id = any(%(party_ids)s::uuid[])
       and state <> 'merged'
     order by id
"""

GET_MEMBERS = """
    select id, party_id, state, language, time_zone, joined_at, merged_into, blocked_reason,
           erased_at
      from loyalty_member m
      join unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) as wanted (wanted_bucket, wanted_id)
        on m.bucket = wanted_bucket and m.id = wanted_id
     order by id
"""

# In the order of ids, so that nobody waits in a circle.
LOCK_MEMBERS = """
    select id, party_id, state, language, time_zone, joined_at, merged_into, blocked_reason,
           erased_at
      from loyalty_member m
     where (m.bucket, m.id) in (
               select * from unnest(%(buckets)s::smallint[], %(ids)s::uuid[]))
     order by id
       for update
"""

# Follows merges to the member that stands for it now.
STANDING = """
    with recursive way as (
        select id, merged_into
          from loyalty_member
         where bucket = %(bucket)s
           and id = %(id)s
         union all
        select m.id, m.merged_into
          from way
          join loyalty_member m
            on m.bucket = get_byte(uuid_send(way.merged_into), 15)
           and m.id = way.merged_into
    )
    select id
      from way
     where merged_into is null
"""

MEMBERSHIPS_OF = """
    select s.member_id, s.programme_id, s.account_id, s.state
      from loyalty_membership s
      join unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) as wanted (bucket, member_id)
     using (bucket, member_id)
     order by s.enrolled_at, s.programme_id
"""

# uq_loyalty_membership_account.
OF_ACCOUNTS = """
    select member_id, programme_id, account_id, state
      from loyalty_membership
     where account_id = any(%(account_ids)s::bigint[])
"""

ADD_MEMBERSHIP = """
    insert into loyalty_membership
           (bucket, member_id, programme_id, account_id, state, enrolled_at, enrolled_by,
            changed_at)
    values (%(bucket)s, %(member_id)s, %(programme_id)s, nextval('loyalty_account_number'),
            'active', %(now)s, %(partner_id)s, %(now)s)
        on conflict (bucket, member_id, programme_id) do nothing
    returning account_id
"""

# Whoever left and comes back has the same account.
RETURN_TO = """
    update loyalty_membership
       set state = 'active',
           changed_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and programme_id = %(programme_id)s
       and state = 'left'
"""

# Of a block of the person all that are active, else the one.
SET_STATES = """
    update loyalty_membership
       set state = %(state)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and state = any(%(from_states)s::text[])
    returning programme_id
"""

SET_MEMBER_STATE = """
    update loyalty_member
       set state = %(state)s,
           blocked_reason = %(reason)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(member_id)s
"""

SAVE_SETTINGS = """
    update loyalty_member
       set language = %(language)s,
           time_zone = %(time_zone)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(member_id)s
"""

ERASE_MEMBER = """
    update loyalty_member
       set party_id = null,
           state = case state when 'merged' then state else 'left' end,
           blocked_reason = '',
           erased_at = %(now)s,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(member_id)s
"""

# ix_loyalty_member_joined, read backwards.
LIST_MEMBERS = """
    select id, joined_at
      from loyalty_member
     where state <> 'merged'
       and (%(after_at)s::timestamptz is null
            or (joined_at, id) < (%(after_at)s, %(after_id)s::uuid))
     order by joined_at desc, id desc
     limit %(limit)s
"""

# uq_loyalty_member_party.
MEMBERS_OF_PARTIES = """
    select party_id, id
      from loyalty_member
     where party_id = any(%(party_ids)s::uuid[])
       and state <> 'merged'
"""
