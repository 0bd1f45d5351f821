"""Points on their way between accounts, and where those of merged members go."""

# Until the merge is undone.
SAVE_ROUTE = """
    insert into loyalty_route (account_id, bucket, to_account_id, to_bucket, programme_id)
    values (%(account_id)s, %(bucket)s, %(to_account_id)s, %(to_bucket)s, %(programme_id)s)
        on conflict (account_id) do update
       set to_account_id = excluded.to_account_id, to_bucket = excluded.to_bucket
"""

DROP_ROUTE = """
    delete from loyalty_route
     where account_id = %(account_id)s
       and to_account_id = %(to_account_id)s
"""

FIND_ROUTE = """
    select account_id, bucket, to_account_id, to_bucket, programme_id
      from loyalty_route
     where account_id = %(account_id)s
"""

# Is there anything to move? ix_loyalty_lot_open.
HAS_FREE_LOTS = """
    select exists (
           select
             from loyalty_lot
            where bucket = %(bucket)s
              and account_id = %(account_id)s
              and (remaining <> 0 or held <> 0)
              and remaining <> held) as has_some
"""

# Oldest first; ix_loyalty_move_open: few, for moments.
ON_THE_WAY = """
    select id, programme_id, ledger, from_bucket, from_account_id, to_bucket, to_account_id,
           is_back, points, left_at
      from loyalty_move
     where arrived_at is null
       and left_at <= %(left_before)s
       and (%(from_account_id)s::bigint is null or from_account_id = %(from_account_id)s)
     order by left_at, id
     limit %(limit)s
"""

# Oldest first; ix_loyalty_move_open.
LIST_MOVES = """
    select id, programme_id, from_bucket, from_account_id, to_bucket, to_account_id, is_back,
           points, left_at
      from loyalty_move
     where arrived_at is null
     order by left_at, id
     limit %(limit)s
"""

# By primary key, in order, after the accounts.
LOCK_MOVES = """
    select id, programme_id, ledger, from_bucket, from_account_id, to_bucket, to_account_id,
           is_back, lots, left_at, arrived_at
      from loyalty_move
     where id = any(%(ids)b::uuid[])
     order by id
       for update
"""

# What came from one account to another; ix_loyalty_move_from.
CAME = """
    select m.from_bucket, m.from_account_id, m.to_bucket, m.to_account_id, m.lots
      from unnest(%(from_accounts)b::bigint[], %(to_accounts)b::bigint[])
               as asked (from_account_id, to_account_id)
      join loyalty_move m using (from_account_id, to_account_id)
     where m.arrived_at is not null
       and not m.is_back
     order by m.left_at, m.id
"""

ADD_MOVE = """
    insert into loyalty_move
           (id, programme_id, ledger, from_bucket, from_account_id, to_bucket, to_account_id,
            is_back, points, lots, left_at)
    values (%(id)s, %(programme_id)s, %(ledger)s, %(from_bucket)s, %(from_account_id)s,
            %(to_bucket)s, %(to_account_id)s, %(is_back)s, %(points)s, %(lots)s, %(left_at)s)
"""

ARRIVE = """
    update loyalty_move
       set arrived_at = %(arrived_at)s, lots = %(lots)s
     where id = %(id)s
"""

# What is on its way, by ledger, and all ledgers there are.
TRANSIT = """
    select p.number as ledger, coalesce(sum(m.points), 0)::bigint as points
      from loyalty_programme p
      left join loyalty_move m
        on m.ledger = p.number
       and m.arrived_at is null
     group by p.number
     order by p.number
"""
