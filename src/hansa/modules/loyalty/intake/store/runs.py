"""Runs, and what became of each record."""

# A source has one run: whoever brings it again finds the former one.
BEGIN_RUN = """
    insert into loyalty_feed_run
           (id, feed_id, source, file, body, mapping_version, started_at)
    values (%(id)s, %(feed_id)s, %(source)s, %(file)s, %(body)s, %(mapping_version)s, %(now)s)
        on conflict (feed_id, source) do nothing
"""

GET_RUN_OF_SOURCE = """
    select id, feed_id, source, file, body, state, mapping_version, position, read, taken, refused,
           waiting, repeated, skipped, warnings, failure, failure_facts, started_at, finished_at
      from loyalty_feed_run
     where feed_id = %(feed_id)s
       and source = %(source)s
"""

# ix_loyalty_feed_run_open: those broken off, the oldest first.
LIST_OPEN = """
    select id, feed_id, source, file, body, state, mapping_version, position, read, taken, refused,
           waiting, repeated, skipped, warnings, failure, failure_facts, started_at, finished_at
      from loyalty_feed_run
     where feed_id = %(feed_id)s
       and state = 'running'
     order by started_at, id
     limit 100
"""

# ix_loyalty_feed_run_latest.
LIST_RUNS = """
    select id, feed_id, source, file, null::bytea as body, state, mapping_version, position, read,
           taken, refused, waiting, repeated, skipped, warnings, failure, failure_facts, started_at,
           finished_at
      from loyalty_feed_run
     where feed_id = %(feed_id)s
     order by started_at desc, id desc
     limit %(limit)s
"""

ADVANCE = """
    update loyalty_feed_run
       set position = %(position)s, read = read + %(read)s, taken = taken + %(taken)s,
           refused = refused + %(refused)s, waiting = waiting + %(waiting)s,
           repeated = repeated + %(repeated)s, skipped = skipped + %(skipped)s,
           warnings = %(warnings)s::text::jsonb
     where id = %(id)s
       and position = %(from)s
"""

FINISH = """
    update loyalty_feed_run
       set state = %(state)s, failure = %(failure)s, failure_facts = %(facts)s::text::jsonb,
           finished_at = %(now)s, body = null
     where id = %(id)s
       and state = 'running'
"""

# The primary key.
KNOWN_ITEMS = """
    select id, state, attempt, first_at
      from loyalty_feed_item
     where feed_id = %(feed_id)s
       and id = any(%(ids)s::uuid[])
"""

SAVE_ITEMS = """
    insert into loyalty_feed_item as kept
           (feed_id, id, run_id, row_number, key, rule, state, code, message, facts, points, shown,
            sealed, attempt, try_at, first_at, last_at)
    select %(feed_id)s, id, %(run_id)s, row_number, key, rule, state, code, message, facts::jsonb,
           points, shown::jsonb, sealed, attempt, try_at, %(now)s, %(now)s
      from unnest(%(ids)s::uuid[], %(rows)s::bigint[], %(keys)s::text[], %(rules)s::text[],
                  %(states)s::text[], %(codes)s::text[], %(messages)s::text[], %(facts)s::text[],
                  %(points)s::bigint[], %(shown)s::text[], %(sealed)s::bytea[],
                  %(attempts)s::integer[], %(try_ats)s::timestamptz[])
           as told (id, row_number, key, rule, state, code, message, facts, points, shown, sealed,
                    attempt, try_at)
     order by id
        on conflict (feed_id, id) do update
       set run_id = excluded.run_id, row_number = excluded.row_number, rule = excluded.rule,
           state = excluded.state, code = excluded.code, message = excluded.message,
           facts = excluded.facts, points = excluded.points, shown = excluded.shown,
           sealed = excluded.sealed, attempt = excluded.attempt, try_at = excluded.try_at,
           times = kept.times + 1, last_at = excluded.last_at
"""

REPEAT_ITEMS = """
    update loyalty_feed_item
       set times = times + 1, last_at = %(now)s
     where feed_id = %(feed_id)s
       and id = any(%(ids)s::uuid[])
"""

# ix_loyalty_feed_item_refused, or for other states the primary key's feed: pages of fifty.
LIST_REFUSED = """
    select id, feed_id, run_id, row_number, key, rule, state, message, facts, shown, points, times,
           first_at, last_at
      from loyalty_feed_item
     where feed_id = %(feed_id)s
       and state = 'refused'
       and (%(before)s::timestamptz is null
            or (last_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid))
     order by last_at desc, id desc
     limit %(limit)s
"""

# ix_loyalty_feed_item_run.
LIST_OF_RUN = """
    select id, feed_id, run_id, row_number, key, rule, state, message, facts, shown, points, times,
           first_at, last_at
      from loyalty_feed_item
     where run_id = %(run_id)s
       and row_number > %(after)s
     order by row_number
     limit %(limit)s
"""

GET_SEALED = """
    select id, row_number, sealed, attempt, code, rule, state, run_id, first_at
      from loyalty_feed_item
     where feed_id = %(feed_id)s
       and id = %(id)s
"""

# ix_loyalty_feed_item_refused.
LIST_SEALED = """
    select id, row_number, sealed, attempt, code, rule, state, run_id, first_at
      from loyalty_feed_item
     where feed_id = %(feed_id)s
       and state = 'refused'
       and id > %(after)s::uuid
     order by id
     limit %(limit)s
"""

# ix_loyalty_feed_item_try.
LIST_TRY = """
    select feed_id, id, row_number, sealed, attempt, code, rule, state, run_id, first_at
      from loyalty_feed_item
     where state = 'waiting'
       and try_at <= %(now)s
     order by try_at, id
     limit %(limit)s
"""

FORGET_ITEM = """
    delete from loyalty_feed_item
     where feed_id = %(feed_id)s
       and id = %(id)s
"""

# What was taken goes after the feed's days: the door knows its key for ever. Of what was refused
# the record goes, the reason stays. ix_loyalty_feed_item_old.
FORGET_TAKEN = """
    delete from loyalty_feed_item
     where (feed_id, id) in (
           select feed_id, id
             from loyalty_feed_item
            where feed_id = %(feed_id)s
              and last_at < %(before)s
              and state = 'taken'
            limit %(limit)s)
"""

FORGET_RECORDS = """
    update loyalty_feed_item
       set shown = null, sealed = null
     where (feed_id, id) in (
           select feed_id, id
             from loyalty_feed_item
            where feed_id = %(feed_id)s
              and last_at < %(before)s
              and shown is not null
            limit %(limit)s)
"""

COUNT_ITEMS = """
    select count(*) filter (where state = 'refused') as refused,
           count(*) filter (where state = 'waiting') as waiting
      from (select state
              from loyalty_feed_item
             where feed_id = %(feed_id)s
               and state in ('refused', 'waiting')
             limit 10000) as counted
"""

NOT_ADDING_UP = """
    select run.id, feed.code, run.read,
           run.taken + run.refused + run.waiting + run.repeated + run.skipped as known
      from loyalty_feed_run as run
      join loyalty_feed as feed on feed.id = run.feed_id
     where run.read <> run.taken + run.refused + run.waiting + run.repeated + run.skipped
        or (run.state = 'done' and run.position <> run.read)
     order by run.started_at desc
     limit 50
"""

STUCK = """
    select run.id, feed.code, run.started_at
      from loyalty_feed_run as run
      join loyalty_feed as feed on feed.id = run.feed_id
     where run.state = 'running'
       and feed.is_active
       and run.started_at < now() - interval '1 day'
     order by run.started_at
     limit 50
"""

# A record that was tried again leaves its former count for another.
MOVE_COUNT = """
    update loyalty_feed_run
       set refused = refused - (%(from)s = 'refused')::integer + (%(to)s = 'refused')::integer,
           waiting = waiting - (%(from)s = 'waiting')::integer + (%(to)s = 'waiting')::integer,
           taken = taken + (%(to)s = 'taken')::integer,
           skipped = skipped + (%(to)s = 'skipped')::integer
     where id = %(run_id)s
"""

# Runs nobody works on: a process died, or a teller has gone. ix_loyalty_feed_run_open.
FEEDS_WITH_OPEN = """
    select distinct run.feed_id
      from loyalty_feed_run as run
      join loyalty_feed as feed on feed.id = run.feed_id and feed.is_active
     where run.state = 'running'
       and run.started_at < %(before)s
     limit 500
"""
