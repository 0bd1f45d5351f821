"""Statements about how much of a drop each person has."""

# Sorted, so that two orders of one person wait for each other and never in a circle. The row's lock
# makes the count exact: the second order sees what the first has taken, or that it took nothing.
TAKE = """
    insert into drops_taken as held (drop_id, person, item, taken)
    select new.drop_id, new.person, new.item, new.quantity
      from unnest(%(drop_ids)s::uuid[], %(persons)s::text[], %(items)s::uuid[],
                  %(quantities)s::numeric[])
        as new (drop_id, person, item, quantity)
     order by new.drop_id, new.person, new.item
        on conflict (drop_id, person, item) do update
       set taken = held.taken + excluded.taken
 returning drop_id, person, item, taken
"""

TAKEN = """
    select drop_id, person, item, taken
      from drops_taken
     where drop_id = any(%(drop_ids)s::uuid[])
       and person = any(%(persons)s::text[])
"""

CLAIM = """
    insert into drops_claim (order_id, drop_id, product_id, quantity, persons, claimed_at)
    select %(order_id)s, new.drop_id, new.product_id, new.quantity, %(persons)s::text[], %(now)s
      from unnest(%(drop_ids)s::uuid[], %(product_ids)s::uuid[], %(quantities)s::numeric[])
        as new (drop_id, product_id, quantity)
"""

LOCK_CLAIMS = """
    select order_id, drop_id, product_id, quantity, persons
      from drops_claim
     where order_id = any(%(order_ids)s::uuid[])
       and released_at is null
     order by order_id, drop_id, product_id
       for update
"""

RELEASE_CLAIMS = """
    update drops_claim
       set released_at = %(now)s
     where order_id = any(%(order_ids)s::uuid[])
       and released_at is null
"""

RELEASE_CLAIM = """
    update drops_claim
       set released_at = %(now)s
     where order_id = %(order_id)s
       and drop_id = %(drop_id)s
       and product_id = %(product_id)s
"""

REDUCE_CLAIM = """
    update drops_claim
       set quantity = drops_claim.quantity - %(quantity)s
     where order_id = %(order_id)s
       and drop_id = %(drop_id)s
       and product_id = %(product_id)s
"""

LOCK_TAKEN = """
    select drop_id, person, item
      from drops_taken
     where (drop_id, person, item) in (
           select *
             from unnest(%(drop_ids)s::uuid[], %(persons)s::text[], %(items)s::uuid[]))
     order by drop_id, person, item
       for update
"""

GIVE_BACK = """
    update drops_taken
       set taken = drops_taken.taken - gone.quantity
      from unnest(%(drop_ids)s::uuid[], %(persons)s::text[], %(items)s::uuid[],
                  %(quantities)s::numeric[])
        as gone (drop_id, person, item, quantity)
     where drops_taken.drop_id = gone.drop_id
       and drops_taken.person = gone.person
       and drops_taken.item = gone.item
"""

SOLD = """
    select product_id, sum(quantity) as pieces, count(distinct order_id) as orders
      from drops_claim
     where drop_id = %(id)s
       and released_at is null
     group by product_id
"""

ORDERS = """
    select count(distinct order_id)
      from drops_claim
     where drop_id = %(id)s
       and released_at is null
"""

# A counter is the sum of what the orders that stand have claimed, per product and for the drop.
COUNTERS_DIFFER = """
      with claimed as (
           select drop_id, person, item, sum(quantity) as taken
             from (select drop_id, unnest(persons) as person, product_id as item, quantity
                     from drops_claim
                    where released_at is null
                    union all
                   select drop_id, unnest(persons), drop_id, quantity
                     from drops_claim
                    where released_at is null) as each
            group by drop_id, person, item)
    select coalesce(held.drop_id, claimed.drop_id) as drop_id,
           coalesce(held.item, claimed.item) as item,
           coalesce(held.taken, 0) as taken, coalesce(claimed.taken, 0) as claimed
      from drops_taken as held
      full join claimed on claimed.drop_id = held.drop_id and claimed.person = held.person
                       and claimed.item = held.item
     where coalesce(held.taken, 0) <> coalesce(claimed.taken, 0)
     order by 1, 2
     limit %(limit)s
"""

TOO_MANY_INSIDE = """
    select line.drop_id, line.allowed, count(*) as inside
      from drops_line as line
      join drops_ticket as ticket on ticket.drop_id = line.drop_id and ticket.state = 'inside'
     where line.allowed is not null
     group by line.drop_id, line.allowed
    having count(*) > line.allowed
     order by line.drop_id
     limit %(limit)s
"""
