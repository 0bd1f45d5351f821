"""Statements about the waiting room."""

# Held for one batch of arrivals or one round of admissions, never for a page view.
LOCK_LINE = """
    select line.drop_id, line.drawn_at, line.seed, line.last_place, line.front, line.admitted,
           line.allowed, line.credit, line.rate, line.looked_at, line.revision, held.opens_at,
           held.closes_at, held.capacity, held.admissions_per_second, held.idle_minutes,
           held.is_paused
      from drops_line as line
      join drops_drop as held on held.id = line.drop_id
     where line.drop_id = %(id)s
       for update of line
"""

TRY_LINE = LOCK_LINE + " skip locked"

READ_LINE = """
    select drop_id, drawn_at, seed, last_place, front, admitted, rate, revision
      from drops_line
     where drop_id = %(id)s
"""

SAVE_LINE = """
    update drops_line
       set drawn_at = %(drawn_at)s, seed = %(seed)s, last_place = %(last_place)s,
           front = %(front)s, admitted = %(admitted)s, allowed = %(allowed)s, credit = %(credit)s,
           rate = %(rate)s, looked_at = %(looked_at)s, revision = %(revision)s
     where drop_id = %(drop_id)s
"""

# The order of those who came before the opening: by a digest of their number and a seed nobody
# knew before, kept so that anybody can draw again and get the same.
DRAW = """
    update drops_ticket
       set place = drawn.place
      from (select id,
                   row_number() over (
                       order by sha256(convert_to(%(seed)s || ':' || id, 'UTF8')), id) as place
              from drops_ticket
             where drop_id = %(id)s
               and state = 'waiting'
               and place is null) as drawn
     where drops_ticket.id = drawn.id
"""

TICKETS = """
    select id, session, state, place
      from drops_ticket
     where drop_id = %(id)s
       and session = any(%(sessions)s::text[])
"""

JOIN = """
    insert into drops_ticket as held (drop_id, session, state, place, joined_at, seen_at)
    select %(id)s, new.session, 'waiting', new.place, new.joined_at, new.joined_at
      from unnest(%(sessions)s::text[], %(places)s::bigint[], %(joined_at)s::timestamptz[])
        as new (session, place, joined_at)
     order by new.session
        on conflict (drop_id, session) do update
       set state = 'waiting', joined_at = excluded.joined_at,
           place = case when held.state = 'away' then held.place else excluded.place end,
           seen_at = excluded.seen_at, ended_at = null,
           admitted_at = case when held.state = 'ordered' then null else held.admitted_at end
     where held.state in ('away', 'left', 'lapsed', 'ordered')
"""

# Sorted, as every statement that touches several tickets; those an order is ending are left alone.
LAPSE = """
    update drops_ticket
       set state = 'lapsed', ended_at = %(now)s
     where id in (select id
                    from drops_ticket
                   where drop_id = %(id)s
                     and state = 'inside'
                     and seen_at < %(idle_before)s
                   order by id
                     for update skip locked)
"""

COUNT_INSIDE = """
    select count(*)
      from drops_ticket
     where drop_id = %(id)s
       and state = 'inside'
"""

CANDIDATES = """
    select id, place, seen_at
      from drops_ticket
     where drop_id = %(id)s
       and state = 'waiting'
       and place is not null
     order by place
     limit %(limit)s
"""

ADMIT = """
    update drops_ticket
       set state = 'inside', admitted_at = %(now)s, seen_at = %(now)s
     where id = any(%(ids)s::bigint[])
       and state = 'waiting'
"""

SKIP = """
    update drops_ticket
       set state = 'away'
     where id = any(%(ids)s::bigint[])
       and state = 'waiting'
"""

INSIDE = """
    select session
      from drops_ticket
     where drop_id = %(id)s
       and state = 'inside'
"""

SEEN = """
    update drops_ticket
       set seen_at = greatest(drops_ticket.seen_at, seen.seen_at)
      from (select id, new.seen_at
              from drops_ticket
              join unnest(%(sessions)s::text[], %(seen_at)s::timestamptz[])
                as new (session, seen_at) using (session)
             where drop_id = %(id)s
               and state in ('waiting', 'inside')
             order by id
               for update of drops_ticket skip locked) as seen
     where drops_ticket.id = seen.id
"""

LEAVE = """
    update drops_ticket
       set state = 'left', ended_at = %(now)s
     where drop_id = %(id)s
       and session = %(session)s
       and state in ('waiting', 'inside')
"""

# Whoever was ever let in may finish what they began, even if their place has gone to the next.
ADMITTED = """
    select ticket.drop_id, ticket.state, ticket.place, ticket.admitted_at, line.front, line.rate
      from drops_ticket as ticket
      join drops_line as line on line.drop_id = ticket.drop_id
     where ticket.drop_id = any(%(ids)s::uuid[])
       and ticket.session = %(session)s
"""

END_BY_ORDER = """
    update drops_ticket
       set state = 'ordered', ended_at = %(now)s
     where drop_id = any(%(ids)s::uuid[])
       and session = %(session)s
       and admitted_at is not null
       and state <> 'ordered'
"""

# At sign-in the browser gets another session; the better of the two places stays.
DROP_OTHER_PLACE = """
    delete from drops_ticket as mine
     using drops_ticket as other
     where mine.session = %(after)s
       and other.session = %(before)s
       and other.drop_id = mine.drop_id
       and mine.state <> 'inside'
"""

MOVE_PLACES = """
    update drops_ticket
       set session = %(after)s
     where session = %(before)s
       and not exists (select
                         from drops_ticket as other
                        where other.drop_id = drops_ticket.drop_id
                          and other.session = %(after)s)
"""

PROGRESS = """
    select count(*) filter (where state = 'inside') as inside,
           count(*) filter (where state = 'waiting') as waiting,
           count(*) filter (where state = 'lapsed') as lapsed,
           count(*) filter (where state in ('left', 'away')) as gone,
           count(*) filter (where admitted_at > %(minute_ago)s) as admitted_last_minute
      from drops_ticket
     where drop_id = %(id)s
"""

FORGET = """
    delete from drops_ticket
     where drop_id in (select id
                         from drops_drop
                        where closes_at < %(before)s)
"""
