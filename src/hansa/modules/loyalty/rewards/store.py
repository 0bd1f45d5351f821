"""Every statement of rewards."""

_REWARD_COLUMNS = """
    select id, programme_id, partner_id, code, kind, name, about, terms, picture, points, amounts,
           stock, per_member, starts_at, ends_at, is_active, position, points_given, orders
      from loyalty_reward
"""
# What members see, by the position staff gave; ix_loyalty_reward_list.
LIST_OPEN = (
    _REWARD_COLUMNS
    + """
     where programme_id = %(programme_id)s
       and is_active
       and (starts_at is null or starts_at <= %(now)s)
       and (ends_at is null or ends_at > %(now)s)
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(after)s::integer is null or (position, id) > (%(after)s, %(after_id)s::uuid))
     order by position, id
     limit %(limit)s
"""
)
# What staff see: closed ones too; a programme has hundreds, so a text is looked for in all of them.
# ix_loyalty_reward_programme.
LIST_ALL = (
    _REWARD_COLUMNS
    + """
     where programme_id = %(programme_id)s
       and (%(search)s::text is null
            or lower(code) like %(search)s
            or lower(name ->> 'ru') like %(search)s
            or lower(name ->> 'en') like %(search)s)
       and (%(after)s::integer is null or (position, id) > (%(after)s, %(after_id)s::uuid))
     order by position, id
     limit %(limit)s
"""
)
GET_REWARDS = (
    _REWARD_COLUMNS
    + """
     where id = any(%(ids)s)
     order by id
"""
)
# Orders of one reward stand in line here: stock and what a member had are read after it.
LOCK_REWARD = (
    _REWARD_COLUMNS
    + """
     where id = %(id)s
       for no key update
"""
)
# The stock of certificates follows their codes, so it is not written here.
SAVE_REWARD = """
    insert into loyalty_reward (id, programme_id, partner_id, code, kind, name, about, terms,
                                picture, points, amounts, stock, per_member, starts_at, ends_at,
                                is_active, position, changed_at)
    values (%(id)s, %(programme_id)s, %(partner_id)s, %(code)s, %(kind)s, %(name)s, %(about)s,
            %(terms)s, %(picture)s, %(points)s, %(amounts)s::bigint[], %(stock)s, %(per_member)s,
            %(starts_at)s, %(ends_at)s, %(is_active)s, %(position)s, %(now)s)
    on conflict (id) do update
       set name = excluded.name,
           about = excluded.about,
           terms = excluded.terms,
           picture = excluded.picture,
           points = excluded.points,
           amounts = excluded.amounts,
           stock = case when loyalty_reward.kind = 'certificate' then loyalty_reward.stock
                        else excluded.stock end,
           per_member = excluded.per_member,
           starts_at = excluded.starts_at,
           ends_at = excluded.ends_at,
           is_active = excluded.is_active,
           position = excluded.position,
           changed_at = excluded.changed_at
"""
ADD_CODES = """
    insert into loyalty_reward_code (id, reward_id, digest, sealed, added_at)
    select given.id, %(reward_id)s, given.digest, given.sealed, %(now)s
      from unnest(%(ids)s::uuid[], %(digests)s::bytea[], %(sealed)s::bytea[])
               as given (id, digest, sealed)
    on conflict on constraint uq_loyalty_reward_code_digest do nothing
"""
# The reward's row is locked by whoever takes, so nobody else looks for a free code meanwhile.
TAKE_CODE = """
    update loyalty_reward_code
       set order_id = %(order_id)s
     where id = (select id
                   from loyalty_reward_code
                  where reward_id = %(reward_id)s
                    and order_id is null
                  order by id
                  limit 1)
"""
FREE_CODE = """
    update loyalty_reward_code
       set order_id = null
     where order_id = %(order_id)s
"""
CODE_OF_ORDER = """
    select sealed
      from loyalty_reward_code
     where order_id = %(order_id)s
"""
COUNT_STOCK = """
    update loyalty_reward
       set stock = stock + %(pieces)s,
           points_given = points_given + %(points)s,
           orders = orders + %(orders)s,
           changed_at = %(now)s
     where id = %(id)s
"""

# Of goods and donations; null is without limit. What is gone meanwhile stays gone.
CHANGE_STOCK = """
    update loyalty_reward
       set stock = coalesce(stock, 0) + %(pieces)s::bigint,
           changed_at = %(now)s
     where id = %(id)s
"""

_ORDER_COLUMNS = """
    select bucket, id, programme_id, member_id, reward_id, partner_id, points, state, ordered_at,
           done_at, shown_at, cancelled_at
      from loyalty_reward_order
"""
GET_ORDER = (
    _ORDER_COLUMNS
    + """
     where bucket = %(bucket)s
       and id = %(id)s
"""
)
LOCK_ORDER = (
    _ORDER_COLUMNS
    + """
     where bucket = %(bucket)s
       and id = %(id)s
       for no key update
"""
)
# Newest first; ix_loyalty_reward_order_member.
LIST_ORDERS = (
    _ORDER_COLUMNS
    + """
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and programme_id = %(programme_id)s
       and state <> 'refused'
       and (%(before)s::timestamptz is null or ordered_at < %(before)s)
     order by ordered_at desc, id
     limit %(limit)s
"""
)
# Of one reward, newest first; ix_loyalty_reward_order_reward.
LIST_ORDERS_OF_REWARD = (
    _ORDER_COLUMNS
    + """
     where reward_id = %(reward_id)s
       and (%(before)s::timestamptz is null
            or (ordered_at, id) < (%(before)s, %(before_id)s::uuid))
     order by ordered_at desc, id desc
     limit %(limit)s
"""
)
# Orders of one member are few; ix_loyalty_reward_order_member finds them.
COUNT_HAD = """
    select count(*)
      from loyalty_reward_order
     where bucket = %(bucket)s
       and member_id = %(member_id)s
       and reward_id = %(reward_id)s
       and state not in ('refused', 'cancelled')
"""
ADD_ORDER = """
    insert into loyalty_reward_order (bucket, id, programme_id, member_id, reward_id, partner_id,
                                      points, state, ordered_at, changed_at)
    values (%(bucket)s, %(id)s, %(programme_id)s, %(member_id)s, %(reward_id)s, %(partner_id)s,
            %(points)s, 'taken', %(now)s, %(now)s)
"""
# A step is made once, by whoever finds the order where it was.
STEP = """
    update loyalty_reward_order
       set state = %(after)s,
           done_at = case when %(after)s = 'done' then %(now)s else done_at end,
           cancelled_at = case when %(after)s = 'cancelling' then %(now)s else cancelled_at end,
           changed_at = %(now)s
     where bucket = %(bucket)s
       and id = %(id)s
       and state = %(before)s
"""
NOTE_SHOWN = """
    update loyalty_reward_order
       set shown_at = coalesce(shown_at, %(now)s)
     where bucket = %(bucket)s
       and id = %(id)s
"""
# Orders whose process died on the way, the longest waiting first; ix_loyalty_reward_order_open.
LIST_STUCK = (
    _ORDER_COLUMNS
    + """
     where state in ('taken', 'held', 'cancelling')
       and changed_at < %(before)s
     order by changed_at, bucket, id
     limit %(limit)s
"""
)

# Certificates whose stock is not the number of their free codes: nothing, ever.
WRONG_STOCK = """
    select r.id, r.code, r.stock, count(c.id) as free
      from loyalty_reward r
      left join loyalty_reward_code c on c.reward_id = r.id and c.order_id is null
     where r.kind = 'certificate'
     group by r.id
    having r.stock is distinct from count(c.id)
     order by r.id
     limit %(limit)s
"""
# Orders of certificates that are to have a code and have none, or the other way round.
WRONG_CODES = """
    select o.id, o.state
      from loyalty_reward_order o
      join loyalty_reward r on r.id = o.reward_id and r.kind = 'certificate'
      left join loyalty_reward_code c on c.order_id = o.id
     where (c.id is not null) <> (o.state not in ('refused', 'cancelled'))
     order by o.id
     limit %(limit)s
"""
