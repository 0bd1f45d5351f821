"""Statements about offers that were displayed."""

# Sorted, as everything that is locked; what another process has just written is waited for.
ADD_DISPLAYS = """
    with added as (
        insert into loyalty_offer_shown (day, offer_id, member_id)
        select day, offer_id, member_id
          from unnest(%(days)s::date[], %(offer_ids)s::uuid[], %(member_ids)s::uuid[])
            as new (day, offer_id, member_id)
         order by day, offer_id, member_id
            on conflict (day, offer_id, member_id) do nothing
     returning day, offer_id
    )
    select day, offer_id, count(*) as members
      from added
     group by day, offer_id
     order by day, offer_id
"""

# The oldest days first, as the primary key has them.
FORGET_DISPLAYS = """
    delete from loyalty_offer_shown
     where (day, offer_id, member_id) in (select day, offer_id, member_id
                                            from loyalty_offer_shown
                                           where day < %(before)s
                                           order by day, offer_id, member_id
                                           limit %(limit)s)
"""
