"""Statements of the sums by day and of who was active in which month."""

# Sorted by the primary key, so that two consumers wait one way only. The day is the programme's.
ADD_UP = """
    insert into loyalty_daily as held
           (programme_id, day, partner_id, kind, given, taken, postings)
    select new.programme_id, (new.at at time zone programme.time_zone)::date as day,
           new.partner_id, new.kind, sum(new.given), sum(new.taken), sum(new.postings)
      from unnest(%(programme_ids)s::uuid[], %(at)s::timestamptz[], %(partner_ids)s::uuid[],
                  %(kinds)s::text[], %(given)s::bigint[], %(taken)s::bigint[],
                  %(postings)s::bigint[])
        as new (programme_id, at, partner_id, kind, given, taken, postings)
      join loyalty_programme as programme on programme.id = new.programme_id
     group by new.programme_id, day, new.partner_id, new.kind
     order by new.programme_id, day, new.partner_id, new.kind
        on conflict (programme_id, day, partner_id, kind) do update
       set given = held.given + excluded.given, taken = held.taken + excluded.taken,
           postings = held.postings + excluded.postings
"""

# Whoever is new in a month is counted where they first were; pk_loyalty_active finds that.
COUNT_ACTIVE = """
    with fresh as (
        insert into loyalty_active (bucket, programme_id, member_id, month)
        select distinct new.bucket, new.programme_id, new.member_id,
               date_trunc('month', new.at at time zone programme.time_zone)::date as month
          from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                      %(at)s::timestamptz[])
            as new (bucket, programme_id, member_id, at)
          join loyalty_programme as programme on programme.id = new.programme_id
         order by new.bucket, new.programme_id, new.member_id, month
            on conflict do nothing
     returning bucket, programme_id, member_id, month)
    insert into loyalty_cohort as held (programme_id, cohort, month, members)
    select counted.programme_id, counted.cohort, counted.month, count(*)
      from (select fresh.programme_id, fresh.month,
                   least(min(fresh.month) over (
                             partition by fresh.bucket, fresh.programme_id, fresh.member_id),
                         (select min(before.month)
                            from loyalty_active as before
                           where before.bucket = fresh.bucket
                             and before.programme_id = fresh.programme_id
                             and before.member_id = fresh.member_id)) as cohort
              from fresh) as counted
     group by counted.programme_id, counted.cohort, counted.month
     order by counted.programme_id, counted.cohort, counted.month
        on conflict (programme_id, cohort, month) do update
       set members = held.members + excluded.members
"""

# The whole of a programme by day: pk_loyalty_daily. What was before is one number.
BY_DAY = """
    select day, sum(given - taken)::bigint as change,
           coalesce(sum(given) filter (where kind = any(%(earning)s)), 0)::bigint as earned,
           coalesce(sum(taken) filter (where kind = 'spend'), 0)::bigint as spent,
           coalesce(sum(taken) filter (where kind in ('expiry', 'forfeit')), 0)::bigint as expired,
           sum(postings)::bigint as postings
      from loyalty_daily
     where programme_id = %(programme_id)s
       and day >= %(since)s
       and day < %(until)s
     group by day
     order by day
"""

BEFORE = """
    select coalesce(sum(given - taken), 0)::bigint as points
      from loyalty_daily
     where programme_id = %(programme_id)s
       and day < %(before)s
"""

# What left the books in a time, and by which way; pk_loyalty_daily.
LEFT = """
    select coalesce(sum(taken) filter (where kind = 'spend'), 0)::bigint as spent,
           coalesce(sum(taken) filter (where kind in ('expiry', 'forfeit')), 0)::bigint as expired
      from loyalty_daily
     where programme_id = %(programme_id)s
       and day >= %(since)s
       and day < %(until)s
"""

BY_PARTNER = """
    select partner_id,
           coalesce(sum(given) filter (where kind = any(%(earning)s)), 0)::bigint as earned,
           coalesce(sum(taken) filter (where kind = 'spend'), 0)::bigint as spent,
           sum(postings)::bigint as postings
      from loyalty_daily
     where programme_id = %(programme_id)s
       and day >= %(since)s
       and day < %(until)s
     group by partner_id
     order by earned desc, spent desc, partner_id
     limit %(limit)s
"""

COHORTS = """
    select cohort, month, members
      from loyalty_cohort
     where programme_id = %(programme_id)s
       and cohort >= %(since)s
     order by cohort, month
"""

ACTIVE_BY_MONTH = """
    select month, sum(members)::bigint as members
      from loyalty_cohort
     where programme_id = %(programme_id)s
       and month >= %(since)s
     group by month
     order by month
"""

# All that was added up until a day, to be held against the ledger.
TOTALS = """
    select programme_id, partner_id, kind, sum(given)::bigint as given, sum(taken)::bigint as taken,
           sum(postings)::bigint as postings
      from loyalty_daily
     where programme_id = %(programme_id)s
       and day < %(before)s
     group by programme_id, partner_id, kind
     order by partner_id, kind
"""

# The instant at which today began in each programme, an hour ago; a worker has an hour for a day.
PROGRAMME_DAYS = """
    select id, number, ((now() - interval '1 hour') at time zone time_zone)::date as today,
           date_trunc('day', (now() - interval '1 hour') at time zone time_zone)
               at time zone time_zone as began_at
      from loyalty_programme
     order by number
"""

COHORTS_DIFFER = """
    select held.programme_id as programme, held.month, held.members as counted,
           found.members as found
      from (select programme_id, month, sum(members)::bigint as members
              from loyalty_cohort
             group by programme_id, month) as held
      full join (select programme_id, month, count(*) as members
              from loyalty_active
             group by programme_id, month) as found using (programme_id, month)
     where held.members is distinct from found.members
     order by 1, 2
     limit %(limit)s
"""
