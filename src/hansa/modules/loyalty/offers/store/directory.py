"""Statements about rules and offers: what is written, what is in force, how it goes."""

REVISION = """
    select revision
      from loyalty_rulebook
"""

# Whoever changes rules or offers holds this row: a revision is seen with all that belongs to it.
CHANGE = """
    update loyalty_rulebook
       set revision = revision + 1
"""

LIST_RULES = """
    select id, version, programme_id, partner_id, code, content, in_force_from, in_force_until
      from loyalty_rule
     order by id, version
"""

LIST_VERSIONS = """
    select version.offer_id, version.version, offer.programme_id, offer.partner_id, offer.code,
           version.content, version.in_force_from, version.in_force_until
      from loyalty_offer_version as version
      join loyalty_offer as offer on offer.id = version.offer_id
     order by version.offer_id, version.version
"""

LIST_VERSIONS_OF = """
    select version.offer_id, version.version, offer.programme_id, offer.partner_id, offer.code,
           version.content, version.in_force_from, version.in_force_until
      from loyalty_offer_version as version
      join loyalty_offer as offer on offer.id = version.offer_id
     where version.offer_id = any(%(offer_ids)s::uuid[])
     order by version.offer_id, version.version
"""

LIST_BUDGETS = """
    select campaign_id
      from loyalty_budget
     order by campaign_id
"""

# Of offers limited in all or by day; sorted, as everything that is locked.
LOCK_TAKEN = """
    insert into loyalty_offer_taken as held (offer_id, day)
    select offer_id, day
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[]) as new (offer_id, day)
     order by offer_id, day
        on conflict (offer_id, day) do update
       set taken = held.taken
 returning offer_id, day, taken
"""

TAKE = """
    update loyalty_offer_taken as held
       set taken = greatest(held.taken + new.places, 0)
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[], %(places)s::bigint[])
        as new (offer_id, day, places)
     where held.offer_id = new.offer_id
       and held.day = new.day
"""

# Rows of a slot belong to one process: nobody waits.
COUNT = """
    insert into loyalty_offer_day as counted
           (offer_id, day, slot, shown, switched_on, completed, uses, points, amount_minor)
    select offer_id, day, %(slot)s, sum(shown), sum(switched_on), sum(completed), sum(uses),
           sum(points), sum(amount_minor)
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[], %(shown)s::bigint[],
                  %(switched_on)s::bigint[], %(completed)s::bigint[], %(uses)s::bigint[],
                  %(points)s::bigint[], %(amounts)s::bigint[])
        as new (offer_id, day, shown, switched_on, completed, uses, points, amount_minor)
     group by offer_id, day
     order by offer_id, day
        on conflict (offer_id, day, slot) do update
       set (shown, switched_on, completed, uses, points, amount_minor)
         = (counted.shown + excluded.shown, counted.switched_on + excluded.switched_on,
            counted.completed + excluded.completed, counted.uses + excluded.uses,
            counted.points + excluded.points, counted.amount_minor + excluded.amount_minor)
"""
