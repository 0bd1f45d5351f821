"""SQL of the checks of members: each gives what contradicts an invariant."""

# In slices by primary key; whether the accounts exist the ledger is asked.
MEMBERSHIPS_AFTER = """
    select bucket, member_id, programme_id, account_id
      from loyalty_membership
     where (bucket, member_id, programme_id)
         > (%(bucket)s, %(member_id)s::uuid, %(programme_id)s::uuid)
     order by bucket, member_id, programme_id
     limit %(limit)s
"""

ALIKE = """
    select encode(value, 'hex') as name, count(*) as members
      from loyalty_reference
     group by value
    having count(*) > 1
     limit %(limit)s
"""

OF_NOBODY = """
    select r.member_id as member, r.kind
      from loyalty_reference r
      join loyalty_member m on m.bucket = r.bucket and m.id = r.member_id
     where m.state in ('merged', 'left')
        or m.erased_at is not null
     limit %(limit)s
"""

# A member: the chain of merges has no end in somebody who stands. A membership: nobody who stands
# takes part in its programme.
MERGED_INTO_NOBODY = """
    with recursive way as (
        select id as member, merged_into, 1 as steps
          from loyalty_member
         where state = 'merged'
         union all
        select way.member, m.merged_into, way.steps + 1
          from way
          join loyalty_member m
            on m.bucket = get_byte(uuid_send(way.merged_into), 15)
           and m.id = way.merged_into
         where way.steps < 100
    )
    select member
      from way
     group by member
    having not bool_or(merged_into is null)
     limit %(limit)s
"""

MERGED_MEMBERSHIPS = """
    select s.member_id as member, s.programme_id as programme
      from loyalty_membership s
     where s.state = 'merged'
       and (not exists (
                select
                  from loyalty_membership k
                 where k.bucket = get_byte(uuid_send(s.merged_into), 15)
                   and k.member_id = s.merged_into
                   and k.programme_id = s.programme_id)
            or not exists (
                select
                  from loyalty_member m
                 where m.bucket = s.bucket
                   and m.id = s.member_id
                   and m.state = 'merged'))
     limit %(limit)s
"""

BLOCKED_IN_PART = """
    select s.member_id as member, s.programme_id as programme
      from loyalty_membership s
      join loyalty_member m on m.bucket = s.bucket and m.id = s.member_id
     where s.state = 'active'
       and m.state <> 'active'
     limit %(limit)s
"""

# A card in use is a name of its owner, and a name of the kind card is a card in use.
CARDS_WITHOUT_NAME = """
    select coalesce(c.member_id, r.member_id) as member, c.id as card
      from (select * from loyalty_card where state = 'active') c
      full join (select * from loyalty_reference where kind = 'card') r
        on r.value = c.value
       and r.member_id = c.member_id
     where c.id is null
        or r.value is null
     limit %(limit)s
"""

KNOWN_THOUGH_ERASED = """
    select m.id as member
      from loyalty_member m
     where m.erased_at is not null
       and (exists (
                select
                  from loyalty_reference_past p
                 where p.bucket = m.bucket
                   and p.member_id = m.id
                   and p.value is not null)
            or exists (
                select
                  from loyalty_card c
                 where c.bucket = m.bucket
                   and c.member_id = m.id
                   and c.value is not null))
     limit %(limit)s
"""
