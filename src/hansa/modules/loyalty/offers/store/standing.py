"""Statements about what members have: raises, what is switched on, uses, deeds, completions."""

# One statement for all of a batch of members: three ranges of primary keys per member, and none
# for whoever has nothing but three looks into an index.
LOAD = """
      with wanted as materialized (
           select bucket, programme_id, member_id
             from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[])
               as wanted (bucket, programme_id, member_id))
    select 0 as kind, one.programme_id, one.member_id, one.offer_id, one.starts_at as at, one.key,
           true as is_on, one.code, one.category, one.percent, one.ends_at, one.issuer_id, one.stack
      from wanted
      join loyalty_completion as one using (bucket, programme_id, member_id)
     where one.is_standing
       and one.percent > 0
     union all
    select 1, one.programme_id, one.member_id, one.offer_id, one.at, null, one.is_on, null, null,
           null, null, null, null
      from wanted
      join loyalty_switch as one using (bucket, programme_id, member_id)
     union all
    select 2, one.programme_id, one.member_id, one.offer_id, one.at, one.key, true, null, null,
           null, null, null, null
      from wanted
      join loyalty_use as one using (bucket, programme_id, member_id)
     order by 1, 5, 6
"""

# Sorted, so that two batches with the same members wait for each other and never in a circle.
LOCK = """
    insert into loyalty_standing as standing (bucket, programme_id, member_id)
    select bucket, programme_id, member_id
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[])
        as new (bucket, programme_id, member_id)
     order by bucket, programme_id, member_id
        on conflict (bucket, programme_id, member_id) do update
       set version = standing.version + 1
"""

SAVE_DEEDS = """
    insert into loyalty_deed as deed
           (bucket, programme_id, member_id, offer_id, key, at, amount_minor)
    select bucket, programme_id, member_id, offer_id, key, at, amount_minor
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[],
                  %(amounts)s::bigint[])
        as new (bucket, programme_id, member_id, offer_id, key, at, amount_minor)
        on conflict (bucket, programme_id, member_id, offer_id, key) do update
       set (at, amount_minor) = (excluded.at, excluded.amount_minor)
     where (deed.at, deed.amount_minor) is distinct from (excluded.at, excluded.amount_minor)
 returning programme_id, member_id, offer_id
"""

# All deeds of receipts that were counted again; those that still hold are written anew after it.
REMOVE_DEEDS = """
    delete from loyalty_deed as deed
     using unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(keys)s::text[])
        as gone (bucket, programme_id, member_id, key)
     where deed.bucket = gone.bucket
       and deed.programme_id = gone.programme_id
       and deed.member_id = gone.member_id
       and deed.key = gone.key
       and (deed.offer_id, deed.key) not in (
           select kept.offer_id, kept.key
             from unnest(%(kept_programme_ids)s::uuid[], %(kept_member_ids)s::uuid[],
                         %(kept_offer_ids)s::uuid[], %(kept_keys)s::text[])
               as kept (programme_id, member_id, offer_id, key)
            where kept.programme_id = deed.programme_id
              and kept.member_id = deed.member_id)
 returning deed.programme_id, deed.member_id, deed.offer_id
"""

REFUSE_DEEDS = """
    update loyalty_deed as deed
       set is_refused = true
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[])
        as new (bucket, programme_id, member_id, offer_id, key)
     where deed.bucket = new.bucket
       and deed.programme_id = new.programme_id
       and deed.member_id = new.member_id
       and deed.offer_id = new.offer_id
       and deed.key = new.key
"""

LIST_DEEDS = """
    select deed.programme_id, deed.member_id, deed.offer_id, deed.key, deed.at, deed.amount_minor,
           deed.is_refused
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[])
        as wanted (bucket, programme_id, member_id, offer_id)
      join loyalty_deed as deed using (bucket, programme_id, member_id, offer_id)
     order by deed.at, deed.key
"""

LIST_COMPLETIONS = """
    select done.programme_id, done.member_id, done.offer_id, done.key, done.at, done.code,
           done.category, done.percent, done.starts_at, done.ends_at, done.issuer_id, done.stack,
           done.points, done.version, done.is_standing
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[])
        as wanted (bucket, programme_id, member_id, offer_id)
      join loyalty_completion as done using (bucket, programme_id, member_id, offer_id)
     order by done.at, done.key
"""

SAVE_COMPLETIONS = """
    insert into loyalty_completion
           (bucket, programme_id, member_id, offer_id, key, at, code, category, percent, starts_at,
            ends_at, issuer_id, stack, points, version, is_standing)
    select bucket, programme_id, member_id, offer_id, key, at, code, category, percent, starts_at,
           ends_at, issuer_id, stack, points, version, is_standing
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[],
                  %(codes)s::text[], %(categories)s::text[], %(percents)s::integer[],
                  %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(issuer_ids)s::uuid[],
                  %(stacks)s::text[], %(points)s::bigint[], %(versions)s::integer[],
                  %(standing)s::boolean[])
        as new (bucket, programme_id, member_id, offer_id, key, at, code, category, percent,
                starts_at, ends_at, issuer_id, stack, points, version, is_standing)
        on conflict (bucket, programme_id, member_id, offer_id, key) do update
       set (at, code, category, percent, starts_at, ends_at, issuer_id, stack, points, version,
            is_standing)
         = (excluded.at, excluded.code, excluded.category, excluded.percent, excluded.starts_at,
            excluded.ends_at, excluded.issuer_id, excluded.stack, excluded.points,
            excluded.version, excluded.is_standing)
"""

SAVE_USES = """
    insert into loyalty_use (bucket, programme_id, member_id, offer_id, key, at)
    select bucket, programme_id, member_id, offer_id, key, at
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[])
        as new (bucket, programme_id, member_id, offer_id, key, at)
     order by bucket, programme_id, member_id, offer_id, key
        on conflict (bucket, programme_id, member_id, offer_id, key) do nothing
"""

REMOVE_USES = """
    delete from loyalty_use as used
     using unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[])
        as gone (bucket, programme_id, member_id, offer_id, key)
     where used.bucket = gone.bucket
       and used.programme_id = gone.programme_id
       and used.member_id = gone.member_id
       and used.offer_id = gone.offer_id
       and used.key = gone.key
"""

# A use that came in, or went, before later ones: those may be beyond the limit now, or within.
LIST_DISPLACED = """
    select new.programme_id, new.member_id, min(new.at) as since
      from unnest(%(buckets)s::smallint[], %(programme_ids)s::uuid[], %(member_ids)s::uuid[],
                  %(offer_ids)s::uuid[], %(keys)s::text[], %(ats)s::timestamptz[],
                  %(limits)s::integer[], %(is_gone)s::boolean[])
        as new (bucket, programme_id, member_id, offer_id, key, at, times, is_gone)
     cross join lateral (
           select count(*) as uses,
                  count(*) filter (where (used.at, used.key) > (new.at, new.key)) as later
             from loyalty_use as used
            where used.bucket = new.bucket
              and used.programme_id = new.programme_id
              and used.member_id = new.member_id
              and used.offer_id = new.offer_id) as found
     where new.is_gone
        or (found.later > 0 and found.uses > new.times)
     group by new.programme_id, new.member_id
     order by new.programme_id, new.member_id
"""

SAVE_SWITCH = """
    insert into loyalty_switch (bucket, programme_id, member_id, offer_id, at, is_on)
    values (%(bucket)s, %(programme_id)s, %(member_id)s, %(offer_id)s, %(at)s, %(is_on)s)
        on conflict (bucket, programme_id, member_id, offer_id, at) do update
       set is_on = excluded.is_on
"""

# The range of a member in the primary key; few rows.
LIST_DONE = """
    select offer_id, key, at, ends_at
      from loyalty_completion
     where bucket = %(bucket)s
       and programme_id = %(programme_id)s
       and member_id = %(member_id)s
       and is_standing
     order by at, key
"""

SUM_DEEDS = """
    select offer_id, count(*) as deeds, sum(amount_minor)::bigint as amount_minor
      from loyalty_deed
     where bucket = %(bucket)s
       and programme_id = %(programme_id)s
       and member_id = %(member_id)s
     group by offer_id
"""

LIST_RAISES = """
    select offer_id, code, category, percent, starts_at, ends_at, is_standing
      from loyalty_completion
     where bucket = %(bucket)s
       and programme_id = %(programme_id)s
       and member_id = %(member_id)s
       and percent > 0
       and (%(before)s::timestamptz is null
           or (starts_at, offer_id) < (%(before)s, %(before_id)s::uuid))
     order by starts_at desc, offer_id desc
     limit %(limit)s
"""

COUNT_DONE = """
    select (select count(*)
              from loyalty_completion
             where bucket = %(bucket)s
               and programme_id = %(programme_id)s
               and member_id = %(member_id)s
               and offer_id = %(offer_id)s
               and is_standing)
         + (select count(*)
              from loyalty_use
             where bucket = %(bucket)s
               and programme_id = %(programme_id)s
               and member_id = %(member_id)s
               and offer_id = %(offer_id)s)
"""

WITHOUT_DEED = """
    select done.programme_id, done.member_id, done.offer_id, done.key
      from loyalty_completion as done
      left join loyalty_deed as deed using (bucket, programme_id, member_id, offer_id, key)
     where done.is_standing
       and (deed.key is null or deed.is_refused or deed.at <> done.at)
     order by done.bucket, done.programme_id, done.member_id, done.offer_id, done.key
     limit %(limit)s
"""
