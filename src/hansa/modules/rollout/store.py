"""Statements of rollout."""

# Every process reads all of them every second: there are as many rows as features in the code.
LIST_FEATURES = """
    select code, version, rules, changed_at
      from rollout_feature
     order by code
"""

GET_FEATURE = """
    select code, version, rules, changed_at
      from rollout_feature
     where code = %(code)s
"""

# The first change of a feature has no row to lock: it is made first.
ADD_FEATURE = """
    insert into rollout_feature (code, version, rules, changed_at)
    values (%(code)s, 1, %(rules)s::jsonb, %(now)s)
        on conflict (code) do nothing
"""

LOCK_FEATURE = GET_FEATURE + "       for update\n"

SAVE_FEATURE = """
    update rollout_feature
       set version = %(version)s, rules = %(rules)s::jsonb, changed_at = %(now)s
     where code = %(code)s
"""

ADD_VERSION = """
    insert into rollout_history
           (feature_code, version, rules, restored_version, actor_id, actor_name, changed_at)
    values (%(code)s, %(version)s, %(rules)s::jsonb, %(restored_version)s, %(actor_id)s,
            %(actor_name)s, %(now)s)
"""

# pk_rollout_history gives the order.
LIST_VERSIONS = """
    select version, rules, restored_version, actor_id, actor_name, changed_at
      from rollout_history
     where feature_code = %(code)s
       and (%(before)s::integer is null or version < %(before)s)
     order by version desc
     limit %(limit)s
"""

GET_VERSION = """
    select version, rules, restored_version, actor_id, actor_name, changed_at
      from rollout_history
     where feature_code = %(code)s
       and version = %(version)s
"""

LIST_AUDIENCES = """
    select id, code, name, note, revision, members, changed_at
      from rollout_audience
     where %(after)s::text is null
        or code > %(after)s
     order by code
     limit %(limit)s
"""

# What processes keep: all of them, two million members at most.
KEPT_AUDIENCES = """
    select id, code, revision
      from rollout_audience
     order by id
"""

# Sorted and packed by the server: a million members are one value of 16 MB, not a million rows.
PACKED_MEMBERS = """
    select string_agg(uuid_send(part.subject_id), ''::bytea order by part.subject_id) as packed
      from (select subject_id
              from rollout_member
             where audience_id = %(id)s
               and (%(after)s::uuid is null or subject_id > %(after)s)
             order by subject_id
             limit %(limit)s) as part
"""

GET_AUDIENCE = """
    select id, code, name, note, revision, members, changed_at
      from rollout_audience
     where id = %(id)s
"""

FIND_AUDIENCES = """
    select id, code, name, note, revision, members, changed_at
      from rollout_audience
     where id = any(%(ids)s::uuid[])
        or code = any(%(codes)s::text[])
     order by code
"""

# Alone: whoever adds people must see how many there are in all.
LOCK_AUDIENCES = "select pg_advisory_xact_lock(hashtext('rollout_audience'))"

SAVE_AUDIENCE = """
    insert into rollout_audience (id, code, name, note, created_at, changed_at)
    values (%(id)s, %(code)s, %(name)s, %(note)s, %(now)s, %(now)s)
        on conflict (id) do update
       set code = excluded.code, name = excluded.name, note = excluded.note,
           changed_at = excluded.changed_at
"""

REMOVE_MEMBERS = """
    delete from rollout_member
     where audience_id = %(id)s
"""

REMOVE_AUDIENCE = """
    delete from rollout_audience
     where id = %(id)s
"""

FEATURES_USING = """
    select code
      from rollout_feature
     where rules -> 'audience_ids' ? %(id)s::text
     order by code
"""

COUNT_ALL = """
    select coalesce(sum(members), 0)::bigint, count(*)
      from rollout_audience
"""

ADD_MEMBERS = """
    insert into rollout_member (audience_id, subject_id, added_at)
    select %(id)s, new.subject_id, %(now)s
      from unnest(%(subject_ids)s::uuid[]) as new (subject_id)
     order by new.subject_id
        on conflict (audience_id, subject_id) do nothing
"""

DROP_MEMBERS = """
    delete from rollout_member
     where audience_id = %(id)s
       and subject_id = any(%(subject_ids)s::uuid[])
"""

COUNT_MEMBERS = """
    update rollout_audience
       set members = members + %(change)s, revision = revision + 1, changed_at = %(now)s
     where id = %(id)s
"""

# pk_rollout_member gives the order.
LIST_MEMBERS = """
    select subject_id, added_at
      from rollout_member
     where audience_id = %(id)s
       and (%(after)s::uuid is null or subject_id > %(after)s)
     order by subject_id
     limit %(limit)s
"""

FIND_MEMBERS = """
    select subject_id, added_at
      from rollout_member
     where audience_id = %(id)s
       and subject_id = any(%(subject_ids)s::uuid[])
     order by subject_id
"""

# ix_rollout_member_subject finds where somebody is.
AUDIENCES_OF = """
    select audience_id
      from rollout_member
     where subject_id = %(subject_id)s
     order by audience_id
"""

COUNTERS_DIFFER = """
    select audience.code, audience.members, count(member.subject_id) as counted
      from rollout_audience as audience
      left join rollout_member as member on member.audience_id = audience.id
     group by audience.id
    having audience.members <> count(member.subject_id)
     order by audience.code
     limit %(limit)s
"""

HISTORY_DIFFERS = """
    select feature.code, feature.version
      from rollout_feature as feature
      left join rollout_history as past on past.feature_code = feature.code
                                       and past.version = feature.version
     where past.rules is distinct from feature.rules
     order by feature.code
     limit %(limit)s
"""

AUDIENCES_GONE = """
    select feature.code, asked.audience_id
      from rollout_feature as feature
     cross join lateral jsonb_array_elements_text(feature.rules -> 'audience_ids')
        as asked (audience_id)
     where not exists (select
                         from rollout_audience as audience
                        where audience.id = asked.audience_id::uuid)
     order by feature.code, asked.audience_id
     limit %(limit)s
"""
